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
import { ImproperlyConfiguredError } from '../errors.ts'
import { toWall } from '../formats/datetime.ts'
import type {
  SessionStore,
  SessionStoreFactory,
  StoreContext,
  StoreSettings,
} from '../session/store.ts'
import { clearInBatches } from './_clear-expired.ts'
import type { KyselyDatabase, SqlDialect } from './_kysely.ts'
import { mysqlRows } from './_kysely-mysql.ts'
import { postgresRows } from './_kysely-postgres.ts'
import type { SessionRows } from './_kysely-rows.ts'
import { sqliteRows } from './_kysely-sqlite.ts'
import { type KyselySessionTable, sessionTable, type SessionTableOptions } from './_kysely-table.ts'
import {
  checkInsert,
  isStorableKey,
  type SessionColumnNames,
  type SessionTable,
  storedNow,
} from './_session-table.ts'

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

function tableRows(
  db: KyselyDatabase,
  { dialect, names, table }: KyselySessionTable,
  timeZone: string,
): SessionRows {
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
    load: async (key, call) => (isStorableKey(key) ? rows.load(key, now(), call) : null),
    async loadMany(keys, call) {
      const storable = keys.filter(isStorableKey)
      return storable.length > 0 ? rows.loadMany(storable, now(), call) : new Map()
    },
    exists: async (key, call) => isStorableKey(key) && rows.exists(key, call),
    async create(key, next, call) {
      checkInsert(key, next, table)
      return (await rows.create(key, next, call)) ? { key, stored: storedNow(next) } : null
    },
    update: async (key, next, previous, call) =>
      isStorableKey(key) ? rows.update(key, next, previous, call) : { outcome: 'missing' },
    touch: async (key, expireDate, call) => isStorableKey(key) && rows.touch(key, expireDate, call),
    async delete(key, previous, call) {
      if (!isStorableKey(key)) return 'missing'
      if (previous) return rows.deleteUnchanged(key, previous, call)
      return (await rows.delete(key, call)) ? 'deleted' : 'missing'
    },
    clearExpired: (options) => clearInBatches((size) => rows.clearBatch(now(), size), options),
    newest: (count, call) => rows.newest(count, now(), call),
    serverTime: (call) => rows.serverTime(call),
  }
}
