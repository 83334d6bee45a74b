/**
 * Sessions in memcached, as Django keeps them there: `django.contrib.sessions.backends.cache` over
 * `django.core.cache.backends.memcached.PyMemcacheCache`. Needs no package: its client, `memcachedClient`,
 * speaks the text protocol, as those that there are lose bytes or cannot compare and swap.
 *
 * Of several servers, a key is on the one on which pymemcache looks for it. While that one is away,
 * calls fail at once; after some tries Django goes to another one, where it finds no session.
 * Memcached keeps nothing over a restart, and drops what it has no room for.
 *
 * @module
 */
import { ImproperlyConfiguredError, invalidArgument } from '../errors.ts'
import { pickleCodec, type PickleOptions } from '../session/codecs/pickle.ts'
import type {
  Call,
  NewSession,
  SessionStore,
  SessionStoreFactory,
  StoreContext,
  StoredSession,
} from '../session/store.ts'
import { type CacheKeyFunction, type CacheKeyOptions, cacheKeys } from './_cache-key.ts'
import { secondsUntil } from './_cache-timeout.ts'
import { MemcachedClient, type MemcachedEntry } from './_memcached-client.ts'
import type { MemcachedValue } from './_memcached-reply.ts'

export type { CacheKeyFunction, MemcachedClient }

/** Options of `memcachedStore`: what Django's `CACHES` says of the cache. */
export interface MemcachedStoreOptions extends CacheKeyOptions, PickleOptions {}

/** What pymemcache marks pickles with. */
const pickleFlag = 1
/** Past 30 days, memcached takes a number for a time since 1970. */
const longestRelative = 2_592_000
/** Memcached takes 32 bits for a time; what ends later is kept until there is no room for it. */
const lastEnd = 2 ** 31 - 1
const forever = 0
const longestKey = 250

/**
 * A client of memcached, for `memcachedStore`. It connects when it is needed; `close()` ends it.
 *
 * @param servers - Django's `LOCATION`, in its order and its words: `127.0.0.1:11211`, `unix:/path`.
 * @throws ImproperlyConfiguredError for what is no address.
 */
export function memcachedClient(servers: string | readonly string[]): MemcachedClient {
  const named = typeof servers === 'string' ? servers.split(/[;,]/) : servers
  if (named.length === 0) throw new ImproperlyConfiguredError('servers', 'must name one at least.')
  return new MemcachedClient(named)
}

/**
 * Keeps sessions where Django's cache in memcached has them, which ends expired ones by itself.
 *
 * @throws ImproperlyConfiguredError for an option that cannot be; TypeError for what is no client.
 * @example
 * ```ts
 * const client = memcachedClient('127.0.0.1:11211')
 * const django = createDjango({ settings, store: memcachedStore(client, { keyPrefix: 'shop' }) })
 * ```
 */
export function memcachedStore(
  client: MemcachedClient,
  options: MemcachedStoreOptions = {},
): SessionStoreFactory {
  if (!(client instanceof MemcachedClient)) {
    throw invalidArgument('memcachedStore() takes what memcachedClient() answers.')
  }
  const { keyPrefix: _prefix, version: _version, keyFunction: _function, ...pickles } = options
  // What is wrong with them is told at once.
  cacheKeys('cache', options)
  return (context) =>
    makeStore(client, cacheKeys(context.cacheEngine ?? 'cache', options), pickles, context)
}

function makeStore(
  client: MemcachedClient,
  makeKey: (sessionKey: string) => string,
  pickles: PickleOptions,
  { limits, now }: StoreContext,
): SessionStore {
  const entry = ({ payload, expireDate }: NewSession): MemcachedEntry => ({
    flags: pickleFlag,
    exptime: exptimeOf(expireDate, now()),
    bytes: payload,
  })
  const keyOf = (sessionKey: string): string | null => validKey(makeKey(sessionKey))
  return {
    name: 'memcachedStore',
    codec: pickleCodec({ limits, ...pickles }),
    can: { compareAndSwap: true, revoke: true, touch: true, clear: false, columns: false },
    async load(sessionKey, call) {
      const key = keyOf(sessionKey)
      return key === null ? null : storedOrNull(await client.get(key, call))
    },
    async loadMany(sessionKeys, call) {
      const asked = new Map(sessionKeys.map((sessionKey) => [keyOf(sessionKey), sessionKey]))
      asked.delete(null)
      const values = await client.getMany([...asked.keys()] as string[], call)
      return new Map(values.map((value) => [asked.get(value.key) ?? '', stored(value)]))
    },
    async exists(sessionKey, call) {
      const key = keyOf(sessionKey)
      return key !== null && (await client.get(key, call)) !== null
    },
    async create(sessionKey, next, call) {
      const key = keyOf(sessionKey)
      if (key === null) throw invalidArgument('This is no key for memcached: too long, or odd.')
      const { isStored, current } = await client.add(key, entry(next), call)
      return isStored ? { key: sessionKey, stored: written(next, current) } : null
    },
    async update(sessionKey, next, previous, call) {
      const key = keyOf(sessionKey)
      const id = key === null ? null : await casOf(client, key, previous, call)
      if (key === null || id === null) return { outcome: 'missing' }
      const { isStored, current } = await client.cas(key, entry(next), id, call)
      if (isStored) return { outcome: 'saved', key: sessionKey, stored: written(next, current) }
      return current ? { outcome: 'conflict', current: stored(current) } : { outcome: 'missing' }
    },
    async touch(sessionKey, expireDate, call) {
      const key = keyOf(sessionKey)
      return key !== null && client.touch(key, exptimeOf(expireDate, now()), call)
    },
    async delete(sessionKey, previous, call) {
      const key = keyOf(sessionKey)
      if (key === null) return 'missing'
      if (!previous) return (await client.delete(key, call)) ? 'deleted' : 'missing'
      const id = await casOf(client, key, previous, call)
      if (id === null) return 'missing'
      // What is over as soon as it is written is a deletion that compares.
      const gone = { flags: pickleFlag, exptime: -1, bytes: '' }
      const { isStored, current } = await client.cas(key, gone, id, call)
      if (isStored) return 'deleted'
      return current ? 'conflict' : 'missing'
    },
    async *clearExpired() {
      yield { deleted: 0, done: true }
    },
  }
}

/** Mirrors `BaseMemcachedCache.get_backend_timeout`. */
function exptimeOf(expireDate: Date, now: Date): number {
  const seconds = secondsUntil(expireDate, now)
  if (seconds === 0) return -1
  if (seconds <= longestRelative) return seconds
  const end = seconds + Math.floor(now.getTime() / 1000)
  return end > lastEnd ? forever : end
}

/** Mirrors `memcache_key_warnings`: a key that Django would not ask for is one of no session. */
function validKey(key: string): string | null {
  const isValid = !/[\0- \u007f\p{Cs}]/u.test(key)
  const bytes = isValid ? new TextEncoder().encode(key) : null
  if (bytes === null || bytes.length > longestKey) return null
  return key
}

/** The id of what is to be written over; null where there is nothing. No write has the id 0. */
async function casOf(
  client: MemcachedClient,
  key: string,
  { payload, version }: StoredSession,
  call?: Call,
): Promise<string | null> {
  if (version !== undefined) return /^\d{1,20}$/.test(version) ? version : '0'
  const current = await client.get(key, call)
  if (current === null) return null
  return current.bytes === payload ? current.cas : '0'
}

function stored({ bytes, cas }: MemcachedValue): StoredSession {
  return { payload: bytes, expireDate: null, version: cas }
}

function storedOrNull(value: MemcachedValue | null): StoredSession | null {
  return value && stored(value)
}

/** What was just written: where somebody wrote since, its id is not known. */
function written({ payload }: NewSession, current: MemcachedValue | null): StoredSession {
  return current?.bytes === payload ? stored(current) : { payload, expireDate: null }
}
