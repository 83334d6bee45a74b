/**
 * Ports that nobody listens on.
 *
 * @module
 */
import { createServer, type Server } from 'node:net'

/** The host of every server: cookies belong to a host, whatever the port. */
export const host = '127.0.0.1'

/** So many free ports: the wanted ones and those after them, where they are free; else any. */
export async function freePorts(count: number, first: number | null): Promise<number[]> {
  const held: Server[] = []
  try {
    for (let at = 0; at < count; at++) held.push(await hold(first === null ? 0 : first + at))
    return held.map(portOf)
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}

async function hold(wanted: number): Promise<Server> {
  return (await tryToHold(wanted)) ?? (await tryToHold(0)) ?? noPort()
}

/** Listens on a port; null where that is not possible. */
function tryToHold(port: number): Promise<Server | null> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(null))
    server.listen(port, host, () => resolve(server))
  })
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : noPort()
}

function noPort(): never {
  throw new Error(`No port can be had on ${host}.`)
}
