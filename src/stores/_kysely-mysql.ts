/**
 * A session table in MySQL and MariaDB.
 *
 * @module
 */
import type { ClearedBatch } from './_clear-expired.ts'
import {
  codeOf,
  type DatabaseConnection,
  isCodeless,
  type KyselyDatabase,
  type RawBuilder,
  slot,
  sql,
  SqlDatabase,
  type SqlFailures,
  type Statement,
} from './_kysely.ts'
import {
  type Grammar,
  Inserts,
  preparedClock,
  type SessionNames,
  type SessionRows,
  sharedRows,
} from './_kysely-rows.ts'
import { wallDates } from './_sql-dates.ts'

/** Deadlock, and MariaDB's "record has changed since last read". */
const transientNumbers: readonly string[] = ['1213', '1020']
const duplicateEntry = '1062'

const failures: SqlFailures = {
  isTransient: (error) => transientNumbers.includes(codeOf(error, 'errno')),
  isDisconnected: isCodeless,
}

/** Collations match other cases, accents and trailing spaces; bytes do not. */
function bytes(value: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CAST(${value} AS BINARY)`
}

/** The rows of a session table in MySQL or MariaDB. */
export function mysqlRows(
  db: KyselyDatabase,
  names: SessionNames,
  tableName: string,
  timeZone: string,
): SessionRows {
  const grammar: Grammar = {
    db: new SqlDatabase(db, failures),
    names,
    dates: wallDates(timeZone),
    // The first half finds the row by its index.
    keyIs: sql`${names.key} = ${slot('key')} AND ${bytes(names.key)} = ${bytes(slot('key'))}`,
    payloadIs: sql`${bytes(names.payload)} = ${bytes(slot('previous'))}`,
    dateIn: slot,
    dateOut: sql`CAST(${names.expireDate} AS CHAR)`,
    // Also inside a transaction, and on the primary behind a proxy.
    committed: sql`LOCK IN SHARE MODE`,
  }
  return {
    ...sharedRows(grammar),
    create: preparedCreate(grammar),
    clearBatch: preparedClear(grammar, tableName),
    serverTime: preparedClock(grammar, sql`CAST(UTC_TIMESTAMP(6) AS CHAR)`, wallDates('UTC')),
  }
}

/** A duplicate in another unique column is a failure like any other. */
function preparedCreate(grammar: Grammar): SessionRows['create'] {
  const { table, key } = grammar.names
  const inserts = new Inserts(grammar, sql``)
  const isTaken = grammar.db.prepare<'key'>(
    sql`SELECT 1 AS found FROM ${table} WHERE ${key} = ${slot('key')} LOCK IN SHARE MODE`,
  )
  return async (given, next, call) => {
    try {
      return await inserts.run(given, next, call)
    } catch (error) {
      if (codeOf(error, 'errno') !== duplicateEntry) throw error
      if ((await isTaken.run({ key: given }, call)).rows.length > 0) return false
      throw error
    }
  }
}

/**
 * Finds a batch without locks and deletes it by key, in the order in which writers lock: deleting
 * along the index of dates meets them the other way round, and one of the two would be a deadlock's
 * victim.
 */
function preparedClear(grammar: Grammar, tableName: string): SessionRows['clearBatch'] {
  const { db, names, dates, dateIn } = grammar
  const { table, key, expireDate } = names
  const isExpired = sql`${expireDate} < ${dateIn('now')}`
  const lockName = sql`CONCAT('async-django.', MD5(CONCAT(COALESCE(DATABASE(), ''), ${slot('table')})))`
  const lock = db.prepare<'table', { readonly is_ours: unknown }>(
    sql`SELECT GET_LOCK(${lockName}, 0) AS is_ours`,
  )
  const unlock = db.prepare<'table'>(sql`DO RELEASE_LOCK(${lockName})`)
  const find = (batchSize: number): Statement<'now', { readonly session_key: string }> =>
    db.prepare(
      sql`SELECT ${key} AS session_key FROM ${table} WHERE ${isExpired}
        ORDER BY ${expireDate} LIMIT ${sql.lit(batchSize)}`,
    )
  const remove = (found: readonly RawBuilder<unknown>[]): Statement<string, unknown> =>
    db.prepare(sql`DELETE FROM ${table} WHERE ${key} IN (${sql.join(found)}) AND ${isExpired}`)
  const clear = async (
    connection: DatabaseConnection,
    now: string,
    batchSize: number,
  ): Promise<ClearedBatch> => {
    const { rows } = await find(batchSize).runOn(connection, { now })
    if (rows.length === 0) return { deleted: 0, isLast: true }
    const keys = Object.fromEntries(rows.map((row, at) => [`key ${at}`, row.session_key]))
    const statement = remove(Object.keys(keys).map(slot))
    const { affected } = await statement.runOn(connection, { ...keys, now })
    return { deleted: affected, isLast: rows.length < batchSize }
  }
  return (now, batchSize) =>
    db.withConnection(async (connection) => {
      const locked = await lock.runOn(connection, { table: tableName })
      if (Number(locked.rows[0]?.is_ours) !== 1) return { deleted: 0, isLast: true }
      try {
        return await clear(connection, dates.write(now), batchSize)
      } finally {
        await unlock.runOn(connection, { table: tableName })
      }
    })
}
