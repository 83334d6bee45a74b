/**
 * Sessions in a table that Django reads and writes too, through Kysely: SQLite, PostgreSQL, MySQL,
 * MariaDB. Equals `django.contrib.sessions.backends.db`. Needs a Kysely instance of version 0.28 or
 * 0.29; its tables need not be declared, and its plugins are left out.
 *
 * Connections are the caller's, with all that belongs to them: `statement_timeout` or
 * `max_statement_time`, by which a statement that nobody waits for any more ends on the server too,
 * and SQLite's `busy_timeout`. A file that another process holds is waited for in any case, until
 * the call's time is over: by asking again, which leaves the event loop free. During `busy_timeout`
 * a driver that answers at once, as most do, stops it, so keep that short.
 *
 * @module
 */
import { ImproperlyConfiguredError, invalidArgument } from '../errors.ts'
import { toWall } from '../formats/datetime.ts'
import type {
  ClearOptions,
  ClearProgress,
  NewSession,
  SessionStore,
  SessionStoreFactory,
  StoreContext,
  StoreSettings,
} from '../session/store.ts'
import type { KyselyDatabase, SqlDialect } from './_kysely.ts'
import { mysqlRows } from './_kysely-mysql.ts'
import { postgresRows } from './_kysely-postgres.ts'
import { type SessionRows, storedNow } from './_kysely-rows.ts'
import { sqliteRows } from './_kysely-sqlite.ts'
import {
  type SessionColumnNames,
  type SessionTable,
  sessionTable,
  type SessionTableOptions,
} from './_kysely-table.ts'
import { platform } from '#platform'

export { createSessionTable } from './_kysely-create-table.ts'
export type { KyselyDatabase, SessionColumnNames, SessionTableOptions, SqlDialect }

/** Options of `kyselyStore`. */
export interface KyselyStoreOptions extends SessionTableOptions {
  /**
   * `TIME_ZONE` of the entry in Django's `DATABASES`, where it has one: the zone of dates in SQLite
   * and MySQL while `USE_TZ` is true. Default `UTC`, as in Django.
   */
  readonly databaseTimeZone?: string
}

/**
 * Keeps sessions in Django's own table, in any database that Kysely has a dialect for.
 *
 * @throws ImproperlyConfiguredError, here or in `createDjango`.
 * @example
 * ```ts
 * const db = new Kysely({ dialect: new PostgresDialect({ pool }) })
 * const django = createDjango({ settings, store: kyselyStore(db) })
 * ```
 */
export function kyselyStore(
  db: KyselyDatabase,
  options: KyselyStoreOptions = {},
): SessionStoreFactory {
  const table = sessionTable(db, options)
  return (context) => {
    const timeZone = tableTimeZone(context.settings, options.databaseTimeZone)
    return makeStore(tableRows(db, table, timeZone), table, context)
  }
}

function tableRows(db: KyselyDatabase, { dialect, names, table }: SessionTable, timeZone: string) {
  if (dialect === 'postgres') return postgresRows(db, names, table)
  if (dialect === 'mysql') return mysqlRows(db, names, table, timeZone)
  return sqliteRows(db, names, timeZone)
}

/** Mirrors `BaseDatabaseWrapper.timezone_name` and `check_settings`. */
function tableTimeZone({ useTz, timeZone }: StoreSettings, given: string | undefined): string {
  if (given === undefined) return useTz ? 'UTC' : timeZone
  if (!useTz) {
    throw new ImproperlyConfiguredError('databaseTimeZone', 'cannot be set while useTz is false.')
  }
  try {
    toWall(new Date(0), given)
  } catch {
    throw new ImproperlyConfiguredError(
      'databaseTimeZone',
      `"${given}" is not a time zone of this runtime.`,
    )
  }
  return given
}

function makeStore(
  rows: SessionRows,
  table: SessionTable,
  { codecs, now }: StoreContext,
): SessionStore {
  return {
    name: 'kyselyStore',
    codec: codecs.signed(),
    can: { compareAndSwap: true, revoke: true, touch: true, clear: true, columns: true },
    load: async (key, call) => (isStorable(key) ? rows.load(key, now(), call) : null),
    exists: async (key, call) => isStorable(key) && rows.exists(key, call),
    async create(key, next, call) {
      if (!isStorable(key)) throw invalidArgument('A session key is text without NUL.')
      checkColumns(next, table)
      return (await rows.create(key, next, call)) ? { key, stored: storedNow(next) } : null
    },
    update: async (key, next, previous, call) =>
      isStorable(key) ? rows.update(key, next, previous, call) : { outcome: 'missing' },
    touch: async (key, expireDate, call) => isStorable(key) && rows.touch(key, expireDate, call),
    async delete(key, previous, call) {
      if (!isStorable(key)) return 'missing'
      if (previous) return rows.deleteUnchanged(key, previous, call)
      return (await rows.delete(key, call)) ? 'deleted' : 'missing'
    },
    clearExpired: (options) => clearExpired(rows, now, options),
    newest: (count, call) => rows.newest(count, now(), call),
    serverTime: (call) => rows.serverTime(call),
  }
}

/** PostgreSQL refuses NUL, and drivers send every lone surrogate as the same replacement. */
const unstorable = /[\u0000\p{Cs}]/u

function isStorable(key: string): boolean {
  return !unstorable.test(key)
}

function checkColumns({ columns = {} }: NewSession, table: SessionTable): void {
  const own = Object.values(table.columns)
  const taken = Object.keys(columns).find((column) => own.includes(column))
  if (taken === undefined) return
  throw invalidArgument(`sessionColumns gives a value for "${taken}", which holds the session.`)
}

async function* clearExpired(
  rows: SessionRows,
  now: () => Date,
  { batchSize = 1000, maxMs = Number.POSITIVE_INFINITY }: ClearOptions,
): AsyncGenerator<ClearProgress> {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw invalidArgument('batchSize must be a whole number above 0.')
  }
  const startedAt = performance.now()
  for (;;) {
    const { deleted, isLast } = await rows.clearBatch(now(), batchSize)
    yield { deleted, done: isLast }
    if (isLast || performance.now() - startedAt >= maxMs) return
    await turn()
  }
}

/** Lets other work in: a driver that answers at once would hold the event loop from batch to batch. */
function turn(): Promise<void> {
  return new Promise((resolve) => platform.afterTurn(resolve))
}
