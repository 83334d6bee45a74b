/**
 * Stores over Redis, opened by a URL that says all, so that another process can open the same:
 * `redis://host:port?client=ioredis&prefix=…`, and with `cluster=true` a cluster.
 *
 * @module
 */
import { Buffer } from 'node:buffer'

import type { SessionStoreFactory } from 'async-django'
import { redisStore, type RedisStoreOptions } from 'async-django/stores/redis'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'

/** A client that `redisStore` takes. */
export type RedisClientName = 'ioredis' | 'node-redis'

/** All of them. */
export const redisClientNames: readonly RedisClientName[] = ['ioredis', 'node-redis']

/** A store, and how it ends. */
export interface OpenedRedisStore {
  readonly store: SessionStoreFactory
  close(): Promise<void>
}

/** The URL of a store. */
export function redisAddress(
  url: string,
  client: RedisClientName,
  options: { readonly isCluster?: boolean; readonly prefix?: string } = {},
): string {
  const address = new URL(url)
  address.searchParams.set('client', client)
  address.searchParams.set('prefix', options.prefix ?? '')
  address.searchParams.set('cluster', String(options.isCluster ?? false))
  return address.href
}

/** The sessions of a store, past it. */
export interface RedisDoor {
  /** Writes as a stranger does, blind. */
  write(sessionKey: string, payload: string, expireDate: Date): Promise<void>
  /** Removes all keys with the prefix. */
  empty(): Promise<void>
  close(): void
}

/** Opens a door past the store at such a URL. */
export function openRedisDoor(address: string): RedisDoor {
  const url = new URL(address)
  const { prefix = '', cluster } = Object.fromEntries(url.searchParams)
  url.search = ''
  const client = cluster === 'true' ? new Cluster([url.href]) : new Redis(url.href)
  return {
    async write(sessionKey, payload, expireDate) {
      const key = `${prefix}:1:django.contrib.sessions.cache${sessionKey}`
      await client.set(key, Buffer.from(payload, 'latin1'), 'PX', expireDate.getTime() - Date.now())
    },
    async empty() {
      for (const node of client instanceof Cluster ? client.nodes('master') : [client]) {
        for await (const keys of node.scanStream({ match: `${prefix}:*`, count: 1000 })) {
          await Promise.all((keys as string[]).map((key) => client.unlink(key)))
        }
      }
    },
    close: () => client.disconnect(),
  }
}

/** Whether a Redis answers there. */
export async function answersRedis(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    client.disconnect()
  }
}

/** Opens the store at such a URL. */
export async function openRedisStore(
  address: string,
  options: RedisStoreOptions = {},
): Promise<OpenedRedisStore> {
  const url = new URL(address)
  const { client, prefix, cluster } = Object.fromEntries(url.searchParams)
  url.search = ''
  const all = { keyPrefix: prefix ?? '', ...options }
  const way = `${String(client)}${cluster === 'true' ? ' cluster' : ''}` as keyof typeof ways
  return ways[way](url.href, all)
}

const ways = {
  async ioredis(url: string, options: RedisStoreOptions): Promise<OpenedRedisStore> {
    const client = new Redis(url, { retryStrategy: () => 50 })
    client.on('error', () => {})
    return { store: redisStore(client, options), close: async () => client.disconnect() }
  },

  async 'ioredis cluster'(url: string, options: RedisStoreOptions): Promise<OpenedRedisStore> {
    const client = new Cluster([url])
    client.on('error', () => {})
    return { store: redisStore(client, options), close: async () => client.disconnect() }
  },

  async 'node-redis'(url: string, options: RedisStoreOptions): Promise<OpenedRedisStore> {
    const client = createClient({ url, socket: { reconnectStrategy: () => 50 } })
    client.on('error', () => {})
    await client.connect()
    return { store: redisStore(client, options), close: async () => client.destroy() }
  },

  async 'node-redis cluster'(url: string, options: RedisStoreOptions): Promise<OpenedRedisStore> {
    const client = createCluster({ rootNodes: [{ url }] })
    client.on('error', () => {})
    await client.connect()
    return { store: redisStore(client, options), close: async () => client.destroy() }
  },
} as const
