/**
 * What goes over a connection: a proxy before a server that counts bytes and round trips.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What went over the connections of a proxy. */
export interface Traffic {
  /** Bytes to the server. */
  sent: number
  /** Bytes from it. */
  received: number
  /** Times that the server was asked after it had answered: with one request at a time, round trips. */
  turns: number
}

/** A proxy on a port of its own. */
export interface Wire {
  readonly port: number
  readonly traffic: Traffic
  close(): Promise<void>
}

/** Stands before the server at an address. */
export async function startWire(host: string, port: number): Promise<Wire> {
  const traffic: Traffic = { sent: 0, received: 0, turns: 0 }
  const open = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port, noDelay: true })
    let isAsking = false
    client.on('data', (data) => {
      traffic.sent += data.length
      if (!isAsking) traffic.turns += 1
      isAsking = true
      upstream.write(data)
    })
    upstream.on('data', (data) => {
      traffic.received += data.length
      isAsking = false
      client.write(data)
    })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    traffic,
    async close() {
      const closed = once(server.close(), 'close')
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
