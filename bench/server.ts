/**
 * One server that is measured, in a process of its own: `servers.ts` starts it with the name of a
 * framework, a side (`bare` or `ours`) and the URL of the database.
 *
 * @module
 */
import type { AddressInfo } from 'node:net'

import { bareRoutes, benchDjango, frameworks, ourRoutes } from './_sites.ts'

const [name, side, url = ''] = process.argv.slice(2)
const framework = frameworks.find((each) => each.name === name)
if (!framework) throw new TypeError(`There is no framework ${String(name)}.`)
const server = await (side === 'bare'
  ? framework.bare(await bareRoutes(url))
  : framework.ours(ourRoutes, benchDjango(url)))

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.({ port })
})
// Asked for nothing in particular: what the processor has done so far, in µs.
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: user + system })
})
process.on('disconnect', () => process.exit(0))
