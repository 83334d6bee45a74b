/**
 * Sessions in this process's memory, for tests and development: gone when it ends, and unknown to
 * every other process. Keeps payloads, not objects, so that code which passes on it passes on a
 * database. Like `django.contrib.sessions.backends.cache` over `LocMemCache`. Needs no client.
 *
 * @module
 */
import { ImproperlyConfiguredError, invalidArgument } from '../errors.ts'
import { PreciseDate } from '../formats/datetime.ts'
import type {
  ClearOptions,
  ClearProgress,
  KeyedSession,
  SessionStore,
  SessionStoreFactory,
  StoreContext,
  StoredSession,
} from '../session/store.ts'
import { platform } from '#platform'

/** How much is kept. */
export interface MemoryStoreOptions {
  /** Sessions at most; the one unused for longest goes first. Default 10,000. */
  readonly maxSessions?: number
  /** Whether to be silent in production. Default false: it warns once. */
  readonly allowProduction?: boolean
}

/**
 * Keeps sessions in memory: all that are given one and the same `memoryStore()` share them.
 *
 * @throws ImproperlyConfiguredError for a bound that is no whole number above 0.
 */
export function memoryStore(options: MemoryStoreOptions = {}): SessionStoreFactory {
  const { maxSessions = 10_000, allowProduction = false } = options
  if (!Number.isSafeInteger(maxSessions) || maxSessions < 1) {
    throw new ImproperlyConfiguredError('maxSessions', 'must be a whole number above 0.')
  }
  if (!allowProduction && platform.isProduction()) warnOfProduction()
  const rows = new Rows(maxSessions)
  return (context) => makeStore(rows, context)
}

function warnOfProduction(): void {
  platform.warn(
    'memoryStore',
    'memoryStore() keeps sessions in one process: they end with it, and no other process knows ' +
      'them. Use a database in production.',
  )
}

function makeStore(rows: Rows, { codecs, now }: StoreContext): SessionStore {
  return {
    name: 'memoryStore',
    codec: codecs.signed(),
    can: { compareAndSwap: true, revoke: true, touch: true, clear: true, columns: false },
    async load(key, call) {
      call?.signal?.throwIfAborted()
      const row = rows.get(key)
      return row && row.expireDate > now() ? copy(row) : null
    },
    async exists(key, call) {
      call?.signal?.throwIfAborted()
      return rows.get(key) !== undefined
    },
    async create(key, { payload, expireDate }, call) {
      call?.signal?.throwIfAborted()
      if (rows.get(key)) return null
      return { key, stored: rows.set(key, { payload, expireDate }) }
    },
    async update(key, { payload, expireDate }, previous, call) {
      call?.signal?.throwIfAborted()
      const row = rows.get(key)
      if (!row) return { outcome: 'missing' }
      if (row.payload !== previous.payload) return { outcome: 'conflict', current: copy(row) }
      return { outcome: 'saved', key, stored: rows.set(key, { payload, expireDate }) }
    },
    async touch(key, expireDate, call) {
      call?.signal?.throwIfAborted()
      const row = rows.get(key)
      if (row) rows.set(key, { payload: row.payload, expireDate })
      return row !== undefined
    },
    async delete(key, previous, call) {
      call?.signal?.throwIfAborted()
      const row = rows.get(key)
      if (!row) return 'missing'
      if (previous && row.payload !== previous.payload) return 'conflict'
      rows.delete(key)
      return 'deleted'
    },
    clearExpired: (options) => clearExpired(rows, now, options),
    async newest(count, call) {
      call?.signal?.throwIfAborted()
      return rows.newest(count, now())
    },
  }
}

async function* clearExpired(
  rows: Rows,
  now: () => Date,
  { batchSize = 1000, maxMs = Number.POSITIVE_INFINITY }: ClearOptions,
): AsyncGenerator<ClearProgress> {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw invalidArgument('batchSize must be a whole number above 0.')
  }
  const startedAt = performance.now()
  for (;;) {
    const expired = rows.expired(batchSize, now())
    for (const key of expired) rows.delete(key)
    const done = expired.length < batchSize
    yield { deleted: expired.length, done }
    if (done || performance.now() - startedAt >= maxMs) return
  }
}

type Row = StoredSession & { readonly expireDate: Date }

/** Whoever sets the date of an answer does not set that of the session. */
function copy({ payload, expireDate }: Row): Row {
  const { microsecond } = PreciseDate.from(expireDate)
  return { payload, expireDate: new PreciseDate(expireDate.getTime(), microsecond) }
}

/** A bounded map: the row unused for longest comes first. */
class Rows {
  readonly #rows = new Map<string, Row>()
  readonly #maxRows: number

  constructor(maxRows: number) {
    this.#maxRows = maxRows
  }

  get(key: string): Row | undefined {
    const row = this.#rows.get(key)
    if (row) {
      this.#rows.delete(key)
      this.#rows.set(key, row)
    }
    return row
  }

  /** Answers a copy of what is kept. */
  set(key: string, row: Row): Row {
    this.#rows.delete(key)
    this.#rows.set(key, copy(row))
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= this.#maxRows) break
      this.#rows.delete(oldest)
    }
    return copy(row)
  }

  delete(key: string): void {
    this.#rows.delete(key)
  }

  expired(most: number, now: Date): string[] {
    const keys: string[] = []
    for (const [key, row] of this.#rows) {
      if (keys.length === most) break
      if (row.expireDate < now) keys.push(key)
    }
    return keys
  }

  newest(count: number, now: Date): KeyedSession[] {
    return [...this.#rows]
      .filter(([, row]) => row.expireDate > now)
      .sort(([, a], [, b]) => b.expireDate.getTime() - a.expireDate.getTime())
      .slice(0, count)
      .map(([key, row]) => ({ key, stored: copy(row) }))
  }
}
