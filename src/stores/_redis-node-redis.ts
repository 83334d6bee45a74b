/**
 * Commands over `redis`, which is also called node-redis.
 *
 * @module
 */
import { Buffer } from 'node:buffer'

import type { Call } from '../session/store.ts'
import type { Carrier, RedisArgument } from './_redis-run.ts'

/** How replies are wanted, and until when: in the words of version 4 and of later ones. */
export interface NodeRedisOptions {
  readonly returnBuffers: true
  readonly typeMapping: { readonly 36: typeof Buffer }
  readonly signal?: AbortSignal
  readonly abortSignal?: AbortSignal
}

/** What is needed of a client of `redis`. */
export interface NodeRedis {
  readonly isReady: boolean
  sendCommand(args: RedisArgument[], options: NodeRedisOptions): Promise<unknown>
  on(event: 'reconnecting' | 'ready', listener: () => void): unknown
}

/** What is needed of a cluster of `redis`. */
export interface NodeRedisCluster {
  readonly masters: readonly unknown[]
  sendCommand(
    firstKey: string,
    isReadonly: boolean,
    args: RedisArgument[],
    options: NodeRedisOptions,
  ): Promise<unknown>
}

/** 36 is the `$` before texts in the protocol. */
const asBytes: NodeRedisOptions = { returnBuffers: true, typeMapping: { 36: Buffer } }

/** One client. What was under way when the connection is lost fails, and is not sent again. */
export function nodeRedisCarrier(client: NodeRedis): Carrier {
  let isLost = false
  client.on('reconnecting', () => {
    isLost = true
  })
  client.on('ready', () => {
    isLost = false
  })
  return {
    isCluster: false,
    isDown: () => isLost && !client.isReady,
    send: ({ args }) => client.sendCommand(args, asBytes),
    onLoss: null,
  }
}

/**
 * A cluster. It does not tell how its connections are, so that commands for one that is lost wait; a
 * signal takes those back that nobody waits for any more. All reads go to masters: what replicas
 * hold is older.
 */
export function nodeRedisClusterCarrier(cluster: NodeRedisCluster): Carrier {
  return {
    isCluster: true,
    isDown: () => false,
    send: ({ key, args }, call) => cluster.sendCommand(key, false, args, withSignal(call)),
    onLoss: null,
  }
}

function withSignal(call: Call | undefined): NodeRedisOptions {
  const signal = call?.signal
  return signal ? { ...asBytes, signal, abortSignal: signal } : asBytes
}
