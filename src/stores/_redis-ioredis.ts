/**
 * Commands over `ioredis`.
 *
 * @module
 */
import type { Carrier, RedisArgument } from './_redis-run.ts'

/** What is needed of a `Redis` of `ioredis`. */
export interface Ioredis {
  readonly status: string
  readonly isCluster: boolean
  callBuffer(command: string, ...args: RedisArgument[]): Promise<unknown>
  on(event: 'close' | 'ready', listener: () => void): unknown
}

/** What is needed of a `Cluster` of `ioredis`. */
export interface IoredisCluster extends Ioredis {
  nodes(): ReadonlyArray<Pick<Ioredis, 'on'>>
  on(event: 'close' | 'ready', listener: () => void): unknown
  on(event: '+node', listener: (node: Pick<Ioredis, 'on'>) => void): unknown
}

/**
 * By itself, a client sends again what was under way when a connection is lost, and keeps for later
 * what is asked while there is none. A write that happened would be told as a conflict with itself.
 */
export function ioredisCarrier(client: Ioredis | IoredisCluster): Carrier {
  let isLost = client.status === 'reconnecting' || client.status === 'close'
  client.on('close', () => {
    isLost = true
  })
  client.on('ready', () => {
    isLost = false
  })
  return {
    isCluster: client.isCluster,
    isDown: () => isLost && client.status !== 'ready',
    send({ args: [name, ...args] }) {
      return client.callBuffer(String(name), ...args)
    },
    onLoss(listener) {
      if (!('nodes' in client)) {
        client.on('close', listener)
        return
      }
      // While it begins, it leaves nodes that it finds under another name, and has sent nothing yet.
      const watch = (node: Pick<Ioredis, 'on'>): unknown =>
        node.on('close', () => {
          if (client.status === 'ready') listener()
        })
      for (const node of client.nodes()) watch(node)
      client.on('+node', watch)
    },
  }
}
