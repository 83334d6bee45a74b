/**
 * One server that is measured, in a process of its own: `servers.ts` and `peers.ts` start it with the name
 * of a framework, a side (`bare`, `ours`, `ours over Redis` or a peer's name), and the URLs of
 * PostgreSQL and Redis.
 *
 * @module
 */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { peers } from './_peers.ts'
import {
  bareRoutes,
  benchDjango,
  type Framework,
  frameworks,
  ourRoutes,
  redisDjango,
} from './_sites.ts'

const [name, side, url = '', redisUrl = ''] = process.argv.slice(2)
const framework = frameworks.find((each) => each.name === name)
if (!framework) throw new TypeError(`There is no framework ${String(name)}.`)
const server = await makeServer(framework)

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ port })
})
async function makeServer({ bare, ours }: Framework): Promise<Server> {
  if (side === 'bare') return bare(await bareRoutes(url))
  if (side === 'ours') return ours(ourRoutes, benchDjango(url))
  if (side === 'ours over Redis') return ours(ourRoutes, await redisDjango(redisUrl))
  const peer = peers.find((each) => each.framework === name && each.name === side)
  if (!peer) throw new TypeError(`There is no side ${String(side)}.`)
  return peer.serve({ url, redisUrl })
}

// Asked for nothing in particular: what the processor has done so far, in µs.
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: user + system })
})
process.on('disconnect', () => process.exit(0))
