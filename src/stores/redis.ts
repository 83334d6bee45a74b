/**
 * Sessions in Redis, or Valkey, as Django keeps them there: `django.contrib.sessions.backends.cache`
 * over `django.core.cache.backends.redis.RedisCache`, or over django-redis. Needs a client of
 * `ioredis` 5 or later, or of `redis` 4.6 or later; of both also a cluster.
 *
 * While the connection is lost, calls fail at once. What was under way then may have happened: a
 * session that is saved again reads first. All goes to the master, as replicas trail behind: a
 * session that was just made is not there yet. Of several `LOCATION`s give the first. A replica is for
 * a `createDjango` that is `readOnly`.
 *
 * @module
 */
import { Buffer } from 'node:buffer'

import { invalidArgument } from '../errors.ts'
import type { Codec } from '../session/codec.ts'
import type {
  Call,
  NewSession,
  SessionStore,
  SessionStoreFactory,
  StoreContext,
  StoredSession,
} from '../session/store.ts'
import { type CacheKeyFunction, type CacheKeyOptions, cacheKeys } from './_cache-key.ts'
import { millisecondsUntil } from './_cache-timeout.ts'
import { redisCodec, type RedisValueOptions } from './_redis-codec.ts'
import type { RedisCompressor, RedisCompressorName } from './_redis-compressors.ts'
import { type Ioredis, ioredisCarrier, type IoredisCluster } from './_redis-ioredis.ts'
import {
  type NodeRedis,
  nodeRedisCarrier,
  type NodeRedisCluster,
  nodeRedisClusterCarrier,
} from './_redis-node-redis.ts'
import { type Carrier, RedisRunner } from './_redis-run.ts'
import { compareAndDelete, compareAndSet } from './_redis-scripts.ts'
import { platform } from '#platform'

export type {
  CacheKeyFunction,
  Ioredis,
  IoredisCluster,
  NodeRedis,
  NodeRedisCluster,
  RedisCompressor,
  RedisCompressorName,
}

/** Options of `redisStore`: what Django's `CACHES` says of the cache. */
export interface RedisStoreOptions extends CacheKeyOptions, RedisValueOptions {}

/**
 * Keeps sessions where Django's cache in Redis has them. Redis ends expired sessions by itself.
 *
 * @throws ImproperlyConfiguredError for an option that cannot be; TypeError for what is no client.
 * @example
 * ```ts
 * const client = await createClient({ url: 'redis://localhost:6379/1' }).connect()
 * const django = createDjango({ settings, store: redisStore(client, { keyPrefix: 'shop' }) })
 * ```
 */
export function redisStore(
  client: Ioredis | IoredisCluster | NodeRedis | NodeRedisCluster,
  options: RedisStoreOptions = {},
): SessionStoreFactory {
  // What is wrong with them is told at once.
  cacheKeys('cache', options)
  const makeCodec = redisCodec(options)
  const runner = runnerOf(client)
  return (context) => {
    const makeKey = cacheKeys(context.cacheEngine ?? 'cache', options)
    return makeStore(runner, makeKey, makeCodec(context), context)
  }
}

/** One for each client, however many stores go through it: it listens to the connection. */
const runners = new WeakMap<object, RedisRunner>()

function runnerOf(client: Ioredis | IoredisCluster | NodeRedis | NodeRedisCluster): RedisRunner {
  const known = runners.get(client)
  if (known) return known
  const runner = new RedisRunner(carrierOf(client))
  runners.set(client, runner)
  return runner
}

function carrierOf(client: Ioredis | IoredisCluster | NodeRedis | NodeRedisCluster): Carrier {
  const isObject = typeof client === 'object' && client !== null
  if (isObject && 'callBuffer' in client) return ioredisCarrier(client)
  if (isObject && 'masters' in client) return nodeRedisClusterCarrier(client)
  if (isObject && 'sendCommand' in client) return nodeRedisCarrier(client)
  throw invalidArgument('redisStore() takes a client, or a cluster, of ioredis or of redis.')
}

function makeStore(
  runner: RedisRunner,
  makeKey: (sessionKey: string) => string,
  codec: Codec,
  { now }: StoreContext,
): SessionStore {
  const timeLeft = (expireDate: Date): string => String(millisecondsUntil(expireDate, now()))
  return {
    name: 'redisStore',
    codec,
    can: { compareAndSwap: true, revoke: true, touch: true, clear: false, columns: false },
    async load(sessionKey, call) {
      if (!isKey(sessionKey)) return null
      const key = makeKey(sessionKey)
      return storedOrNull(await runner.run({ key, args: ['GET', key], isRead: true }, call))
    },
    // In a cluster, the keys of one command must all be on one server.
    ...(!runner.isCluster && { loadMany: manyLoader(runner, makeKey) }),
    async exists(sessionKey, call) {
      if (!isKey(sessionKey)) return false
      const key = makeKey(sessionKey)
      return (await runner.run({ key, args: ['EXISTS', key], isRead: true }, call)) === 1
    },
    async create(sessionKey, next, call) {
      if (!isKey(sessionKey)) throw invalidArgument('A session key has no lone surrogates.')
      const key = makeKey(sessionKey)
      const isMade = await add(runner, key, next, timeLeft(next.expireDate), call)
      return isMade ? { key: sessionKey, stored: stored(next.payload) } : null
    },
    async update(sessionKey, next, previous, call) {
      if (!isKey(sessionKey)) return { outcome: 'missing' }
      const args = [asBytes(previous.payload), asBytes(next.payload), timeLeft(next.expireDate)]
      const answer = await runner.runScript(compareAndSet, makeKey(sessionKey), args, call)
      if (answer === 1) return { outcome: 'saved', key: sessionKey, stored: stored(next.payload) }
      const current = storedOrNull(answer)
      return current ? { outcome: 'conflict', current } : { outcome: 'missing' }
    },
    // A time of 0 ends it, as in Django.
    async touch(sessionKey, expireDate, call) {
      if (!isKey(sessionKey)) return false
      const key = makeKey(sessionKey)
      const args = ['PEXPIRE', key, timeLeft(expireDate)]
      return (await runner.run({ key, args, isRead: false }, call)) === 1
    },
    async delete(sessionKey, previous, call) {
      if (!isKey(sessionKey)) return 'missing'
      const key = makeKey(sessionKey)
      const answer = previous
        ? await runner.runScript(compareAndDelete, key, [asBytes(previous.payload)], call)
        : await runner.run({ key, args: ['DEL', key], isRead: false }, call)
      if (answer === 1) return 'deleted'
      return answer === 0 && previous ? 'conflict' : 'missing'
    },
    async *clearExpired() {
      yield { deleted: 0, done: true }
    },
    async serverTime(call) {
      const reply = await runner.run({ key: '', args: ['TIME'], isRead: true }, call)
      const [seconds, micros] = (reply as readonly unknown[]).map(Number)
      return new Date(Number(seconds) * 1000 + Math.floor(Number(micros) / 1000))
    },
  }
}

type Many = ReadonlyMap<string, StoredSession>

function manyLoader(
  runner: RedisRunner,
  makeKey: (sessionKey: string) => string,
): (sessionKeys: readonly string[], call?: Call) => Promise<Many> {
  return async (sessionKeys, call) => {
    const asked = sessionKeys.filter(isKey)
    const keys = asked.map(makeKey)
    const [key] = keys
    if (key === undefined) return new Map()
    const replies = await runner.run({ key, args: ['MGET', ...keys], isRead: true }, call)
    return new Map(
      asked.flatMap((sessionKey, at) => {
        const found = storedOrNull((replies as readonly unknown[])[at])
        return found ? [[sessionKey, found]] : []
      }),
    )
  }
}

/** Whether the key was free. As in Django, what has no time left takes a free key, and is not kept. */
async function add(
  runner: RedisRunner,
  key: string,
  { payload }: NewSession,
  timeLeft: string,
  call?: Call,
): Promise<boolean> {
  if (timeLeft === '0') {
    return (await runner.run({ key, args: ['EXISTS', key], isRead: true }, call)) === 0
  }
  const args = ['SET', key, asBytes(payload), 'PX', timeLeft, 'NX']
  return (await runner.run({ key, args, isRead: false }, call)) !== null
}

/** Python has no UTF-8 for lone surrogates, so that no session has such a key. */
function isKey(sessionKey: string): boolean {
  return !/\p{Cs}/u.test(sessionKey)
}

/** One character a byte. */
function asBytes(payload: string): Buffer {
  return Buffer.from(payload, 'latin1')
}

/** `GET` does not tell the date. */
function stored(payload: string): StoredSession {
  return { payload, expireDate: null }
}

function storedOrNull(reply: unknown): StoredSession | null {
  return reply instanceof Uint8Array ? stored(platform.decodeLatin1(reply)) : null
}
