/**
 * Sessions in Django's own table, with a cache before it that Django reads and writes too. Equals
 * `django.contrib.sessions.backends.cached_db`. Made of two stores: one of a database, and `redisStore`
 * or `memcachedStore` for the cache.
 *
 * What counts is the row: a write compares and swaps there, and then brings the cache up to date, or
 * removes the entry where somebody else wrote it meanwhile. As Django sets what it has just read
 * without a look at what is there, each write is followed by another look, a moment later, at whether
 * row and cache still agree. While the cache is away, sessions come from the table; what the cache had
 * kept until then is old when it comes back, unless it comes back empty.
 *
 * @module
 */
import { isAsyncDjangoError } from '../errors.ts'
import { canonicalize } from '../formats/json-source.ts'
import type {
  Call,
  Deleted,
  NewSession,
  SessionStore,
  SessionStoreFactory,
  StoredSession,
  Updated,
} from '../session/store.ts'
import { platform } from '#platform'

/** Options of `cachedDbStore`. */
export interface CachedDbStoreOptions {
  /** How long a call waits for the cache before it does without. Default 250. */
  readonly cacheTimeoutMs?: number
}

/** After this time, a Django that read the row before a write has set in the cache what it read. */
const secondLookMs = 200
/** What stands for the id of a session that came from the cache: which row it is of is not known. */
const fromCache = 'cache'

/**
 * Keeps sessions in a database, and reads them from a cache.
 *
 * @param rows - The store of the table: `kyselyStore(db)`, `postgresStore(pool)`.
 * @param cache - The store of the cache, as Django's `SESSION_CACHE_ALIAS` names it.
 * @example
 * ```ts
 * const store = cachedDbStore(postgresStore(pool), redisStore(client, { keyPrefix: 'shop' }))
 * ```
 */
export function cachedDbStore(
  rows: SessionStoreFactory,
  cache: SessionStoreFactory,
  options: CachedDbStoreOptions = {},
): SessionStoreFactory {
  const { cacheTimeoutMs = 250 } = options
  return (context) => {
    const table = rows(context)
    const entries = cache({ ...context, cacheEngine: 'cached_db' })
    return makeStore(table, new CacheOfRows(table, entries, cacheTimeoutMs))
  }
}

function makeStore(table: SessionStore, cache: CacheOfRows): SessionStore {
  const { newest, serverTime } = table
  return {
    name: 'cachedDbStore',
    // What comes from the cache was signed by nobody else.
    codec: { ...table.codec, isSigned: false },
    can: table.can,
    async load(key, call) {
      call?.signal?.throwIfAborted()
      const cached = await cache.load(key)
      if (cached) return cached
      const row = await table.load(key, call)
      if (row) await cache.add(key, row)
      return row
    },
    exists: (key, call) => table.exists(key, call),
    async create(key, next, call) {
      const created = await table.create(key, next, call)
      if (created) await cache.add(key, next)
      return created
    },
    async update(key, next, previous, call) {
      const entry = await cache.look(key)
      const updated = await updateRow(table, key, next, previous, call)
      if (updated.outcome === 'saved') await cache.replace(key, next, entry)
      else await cache.remove(key)
      return updated
    },
    async touch(key, expireDate, call) {
      const isThere = await table.touch(key, expireDate, call)
      if (isThere) await cache.touch(key, expireDate)
      else await cache.remove(key)
      return isThere
    },
    async delete(key, previous, call) {
      const deleted = await deleteRow(table, key, previous, call)
      await cache.remove(key)
      return deleted
    },
    clearExpired: (options) => table.clearExpired(options),
    ...(newest && { newest: (count, call) => newest.call(table, count, call) }),
    ...(serverTime && { serverTime: (call) => serverTime.call(table, call) }),
  }
}

async function updateRow(
  table: SessionStore,
  key: string,
  next: NewSession,
  previous: StoredSession,
  call?: Call,
): Promise<Updated> {
  if (previous.version !== fromCache) return table.update(key, next, withoutId(previous), call)
  const row = await table.load(key, call)
  if (row === null) return { outcome: 'missing' }
  if (!isSame(table, row.payload, previous.payload)) return { outcome: 'conflict', current: row }
  return table.update(key, next, row, call)
}

async function deleteRow(
  table: SessionStore,
  key: string,
  previous: StoredSession | undefined,
  call?: Call,
): Promise<Deleted> {
  if (previous?.version !== fromCache) {
    return table.delete(key, previous && withoutId(previous), call)
  }
  const row = await table.load(key, call)
  if (row === null) return 'missing'
  if (!isSame(table, row.payload, previous.payload)) return 'conflict'
  return table.delete(key, row, call)
}

function withoutId({ payload, expireDate }: StoredSession): StoredSession {
  return { payload, expireDate }
}

/** Whether two payloads hold the same data, though they were signed at different times. */
function isSame({ codec }: SessionStore, one: string, other: string): boolean {
  if (one === other) return true
  const text = textOf(codec, one)
  return text !== null && text === textOf(codec, other)
}

function textOf(codec: SessionStore['codec'], payload: string): string | null {
  try {
    return canonicalize(codec.decode(payload))
  } catch (error) {
    if (isAsyncDjangoError(error)) return null
    throw error
  }
}

/** The cache, which may fail or hang: then it is done without. */
class CacheOfRows {
  readonly #table: SessionStore
  readonly #cache: SessionStore
  readonly #timeoutMs: number

  constructor(table: SessionStore, cache: SessionStore, timeoutMs: number) {
    this.#table = table
    this.#cache = cache
    this.#timeoutMs = timeoutMs
  }

  /** What the cache holds, as a payload of the table. */
  async load(key: string): Promise<StoredSession | null> {
    const entry = await this.look(key)
    const payload = entry && this.#converted(entry.payload, this.#cache, this.#table)
    return payload === null ? null : { payload, expireDate: null, version: fromCache }
  }

  /** What the cache holds, as it stands there. */
  look(key: string): Promise<StoredSession | null> {
    return this.#attempt((call) => this.#cache.load(key, call))
  }

  /** Fills an entry where there is none. */
  async add(key: string, row: StoredSession | NewSession): Promise<void> {
    const next = this.#entry(row)
    if (next) await this.#attempt((call) => this.#cache.create(key, next, call))
  }

  /** Writes over the entry that was seen before the row was written; one that others wrote goes. */
  async replace(key: string, row: NewSession, entry: StoredSession | null): Promise<void> {
    const next = this.#entry(row)
    const isWritten = next && (await this.#attempt((call) => this.#put(key, next, entry, call)))
    if (!isWritten) await this.remove(key)
    else this.#lookAgain(key)
  }

  async #put(
    key: string,
    next: NewSession,
    entry: StoredSession | null,
    call: Call,
  ): Promise<boolean> {
    if (entry === null) return (await this.#cache.create(key, next, call)) !== null
    if (!this.#cache.can.compareAndSwap) return false
    return (await this.#cache.update(key, next, entry, call)).outcome === 'saved'
  }

  async touch(key: string, expireDate: Date): Promise<void> {
    await this.#attempt((call) => this.#cache.touch(key, expireDate, call))
  }

  async remove(key: string): Promise<void> {
    await this.#attempt((call) => this.#cache.delete(key, undefined, call))
    this.#lookAgain(key)
  }

  #lookAgain(key: string): void {
    platform.delay(() => void this.#compare(key).catch(() => {}), secondLookMs)
  }

  async #compare(key: string): Promise<void> {
    const cached = await this.load(key)
    if (cached === null) return
    const row = await this.#table.load(key)
    if (row && isSame(this.#table, row.payload, cached.payload)) return
    await this.#attempt((call) => this.#cache.delete(key, undefined, call))
  }

  #entry({ payload, expireDate }: StoredSession | NewSession): NewSession | null {
    const converted = this.#converted(payload, this.#table, this.#cache)
    return converted === null || expireDate === null ? null : { payload: converted, expireDate }
  }

  /** Null for what cannot be read there, or cannot be written here. */
  #converted(payload: string, from: SessionStore, to: SessionStore): string | null {
    try {
      return to.codec.encode(from.codec.decode(payload))
    } catch (error) {
      if (isAsyncDjangoError(error)) return null
      throw error
    }
  }

  async #attempt<T>(work: (call: Call) => Promise<T>): Promise<T | null> {
    const controller = new AbortController()
    let endTimer = (): void => {}
    const timeout = new Promise<null>((resolve) => {
      endTimer = platform.delay(() => {
        controller.abort()
        resolve(null)
      }, this.#timeoutMs)
    })
    try {
      return await Promise.race([work({ signal: controller.signal }), timeout])
    } catch {
      platform.warn(
        'cachedDbStore',
        'The cache before the session table fails; it is done without.',
      )
      return null
    } finally {
      endTimer()
    }
  }
}
