/**
 * Sessions in a PostgreSQL table that Django reads and writes too. Equals
 * `django.contrib.sessions.backends.db`. Needs a Pool or a Client of `pg` 8, or the `sql` of
 * postgres.js 3. Fastest is `new Pool({ pipeline: true })` of `pg` 8.23 and later.
 *
 * A Pool throws what happens to a client that is idle, as when the server goes, where nobody listens:
 * `pool.on('error', …)`.
 *
 * A statement whose call's time is over is ended on the server: through another client of the Pool,
 * or by postgres.js. A Client alone has no other one, and a pooler does not tell which process works
 * for whom, so there give the role limits of its own: `ALTER ROLE … SET statement_timeout = '10s'`,
 * and, from PostgreSQL 14 on, `SET client_connection_check_interval = '1s'`, by which the server
 * notices that a client has gone. postgres.js waits up to 20 seconds before it connects again to a
 * server that was away; its option `backoff` makes that shorter.
 *
 * @module
 */
import { invalidArgument, StoreError } from '../errors.ts'
import type {
  Deleted,
  KeyedSession,
  KeyedUpdate,
  NewSession,
  SessionStore,
  SessionStoreFactory,
  StoreContext,
  StoredSession,
  Updated,
} from '../session/store.ts'
import { clearInBatches } from './_clear-expired.ts'
import { clientCarrier, type PgClient } from './_postgres-client.ts'
import { type PostgresJs, postgresJsCarrier } from './_postgres-js.ts'
import { type PgPool, poolCarrier } from './_postgres-pool.ts'
import { type Answer, type Carrier, isRefusal, PostgresRunner } from './_postgres-run.ts'
import { type PostgresStatements, postgresStatements } from './_postgres-statements.ts'
import {
  checkInsert,
  isStorableKey,
  namedTable,
  type SessionColumnNames,
  type SessionTable,
  type SessionTableNames,
  storedNow,
} from './_session-table.ts'
import { momentDates } from './_sql-dates.ts'

export type { PgClient, PgPool, PostgresJs, SessionColumnNames }

/** Options of `postgresStore`. */
export interface PostgresStoreOptions extends SessionTableNames {
  /**
   * Whether connections keep statements prepared, under names of ours. Default true. Set it to false
   * behind a pooler that lends connections by transaction, such as PgBouncer.
   */
  readonly prepare?: boolean
}

/**
 * Keeps sessions in Django's own table, straight through a driver of PostgreSQL.
 *
 * @throws ImproperlyConfiguredError for a name that cannot be; TypeError for what is no client.
 * @example
 * ```ts
 * const pool = new Pool({ connectionString, pipeline: true })
 * const django = createDjango({ settings, store: postgresStore(pool) })
 * ```
 */
export function postgresStore(
  client: PgPool | PgClient | PostgresJs,
  options: PostgresStoreOptions = {},
): SessionStoreFactory {
  const { prepare = true } = options
  const table = namedTable(options)
  const runner = new PostgresRunner(carrierOf(client))
  const statements = postgresStatements(table, prepare)
  return (context) => makeStore(runner, statements, table, context)
}

function carrierOf(client: PgPool | PgClient | PostgresJs): Carrier {
  if ('unsafe' in client) return postgresJsCarrier(client)
  if ('waitingCount' in client) return poolCarrier(client)
  if ('query' in client) return clientCarrier(client)
  throw invalidArgument(
    'postgresStore() takes a Pool or a Client of pg, or the sql of postgres.js.',
  )
}

function makeStore(
  runner: PostgresRunner,
  statements: PostgresStatements,
  table: SessionTable,
  { codecs, now }: StoreContext,
): SessionStore {
  return {
    name: 'postgresStore',
    codec: codecs.signed(),
    can: { compareAndSwap: true, revoke: true, touch: true, clear: true, columns: true },
    load(key, call) {
      if (!isStorableKey(key)) return Promise.resolve(null)
      return runner.run(statements.load, [key, seconds(now())], firstSession, call)
    },
    loadMany(keys, call) {
      const asked = arrayText(keys.filter(isStorableKey))
      return runner.run(statements.loadMany, [asked, seconds(now())], sessionsByKey, call)
    },
    async exists(key, call) {
      return isStorableKey(key) && runner.run(statements.exists, [key], isAny, call)
    },
    async create(key, next, call) {
      checkInsert(key, next, table)
      const { columns = {}, payload, expireDate } = next
      const values = [key, payload, momentDates.write(expireDate), ...Object.values(columns)]
      const isMade = await runner.run(statements.insert(Object.keys(columns)), values, isAny, call)
      return isMade ? { key, stored: storedNow(next) } : null
    },
    async update(key, next, previous, call) {
      if (!isStorableKey(key)) return { outcome: 'missing' }
      const { payload, expireDate } = next
      const values = [key, payload, momentDates.write(expireDate), previous.payload]
      const read = (answer: Answer): Updated => updated(key, next, valueOf(answer))
      return runner.run(statements.update, values, read, call)
    },
    async updateMany(updates, call) {
      const storable = updates.filter(({ key }) => isStorableKey(key))
      const values = [
        arrayText(storable.map(({ key }) => key)),
        arrayText(storable.map(({ next }) => next.payload)),
        arrayText(storable.map(({ next }) => momentDates.write(next.expireDate))),
        arrayText(storable.map(({ previous }) => previous.payload)),
      ]
      const read = (answer: Answer): Outcomes => outcomesByKey(storable, answer)
      try {
        return await runner.run(statements.updateMany, values, read, call)
      } catch (error) {
        // It was one of them, and the others have nothing to do with it.
        if (isRefusal(error)) return new Map()
        throw error
      }
    },
    async touch(key, expireDate, call) {
      const values = [key, momentDates.write(expireDate)]
      return isStorableKey(key) && runner.run(statements.touch, values, isAny, call)
    },
    async delete(key, previous, call) {
      if (!isStorableKey(key)) return 'missing'
      if (previous) {
        return runner.run(statements.deleteUnchanged, [key, previous.payload], deleted, call)
      }
      return (await runner.run(statements.delete, [key], isAny, call)) ? 'deleted' : 'missing'
    },
    clearExpired: (options) =>
      clearInBatches(async (size) => {
        const values = [seconds(now()), size]
        const count = Number(await runner.run(statements.clear, values, valueOf))
        return { deleted: Math.max(count, 0), isLast: count < size }
      }, options),
    newest: (count, call) =>
      runner.run(statements.newest, [seconds(now()), count], keyedSessions, call),
    async serverTime(call) {
      const date = momentDates.read(await runner.run(statements.serverTime, [], valueOf, call))
      if (date === null) throw new StoreError({ store: 'postgresStore', operation: 'serverTime' })
      return date
    },
  }
}

function seconds(moment: Date): number {
  return moment.getTime() / 1000
}

/** An array as PostgreSQL writes it: not every driver knows what an array of texts is. */
function arrayText(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}

/** A row as it was read. Most readers never ask for its date. */
class StoredRow implements StoredSession {
  readonly payload: string
  readonly #date: unknown

  constructor(payload: unknown, date: unknown) {
    this.payload = String(payload)
    this.#date = date
  }

  get expireDate(): Date | null {
    return momentDates.read(this.#date)
  }
}

function firstSession({ rows: [row] }: Answer): StoredSession | null {
  return row ? new StoredRow(row[0], row[1]) : null
}

function sessionsByKey({ rows }: Answer): ReadonlyMap<string, StoredSession> {
  return new Map(rows.map(([key, payload, date]) => [String(key), new StoredRow(payload, date)]))
}

function keyedSessions({ rows }: Answer): readonly KeyedSession[] {
  return rows.map(([key, payload, date]) => ({
    key: String(key),
    stored: new StoredRow(payload, date),
  }))
}

function isAny({ rowCount }: Answer): boolean {
  return rowCount !== null && rowCount > 0
}

/** The one value, a text or a number, of a statement that answers one. */
function valueOf({ rows: [row] }: Answer): string | null {
  const [value] = row ?? []
  return value === null || value === undefined ? null : `${value as string | number}`
}

type Outcomes = ReadonlyMap<string, Updated>

function outcomesByKey(updates: readonly KeyedUpdate[], { rows }: Answer): Outcomes {
  const values = new Map(rows.map(([key, value]) => [key, value]))
  const outcomes = new Map<string, Updated>()
  for (const { key, next } of updates) {
    const value = values.get(key)
    if (typeof value === 'string') outcomes.set(key, updated(key, next, value))
  }
  return outcomes
}

function updated(key: string, next: NewSession, value: string | null): Updated {
  if (value === '') return { outcome: 'saved', key, stored: storedNow(next) }
  if (value === null) return { outcome: 'missing' }
  const at = value.indexOf(' ')
  const current = new StoredRow(value.slice(at + 1), value.slice(0, at))
  return { outcome: 'conflict', current }
}

function deleted(answer: Answer): Deleted {
  const value = valueOf(answer)
  if (value === null) return 'missing'
  return value === '' ? 'deleted' : 'conflict'
}
