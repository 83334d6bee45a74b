/**
 * A session table in PostgreSQL, and in engines that speak its SQL.
 *
 * @module
 */
import {
  codeOf,
  isCodeless,
  type KyselyDatabase,
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
import { sweeperLock } from './_session-table.ts'
import { momentDates } from './_sql-dates.ts'

/** Serialization failures and deadlocks. */
const transientCodes: readonly string[] = ['40001', '40P01']

const failures: SqlFailures = {
  isTransient: (error) => transientCodes.includes(codeOf(error)),
  isDisconnected: isCodeless,
}

/** The rows of a session table in PostgreSQL. */
export function postgresRows(
  db: KyselyDatabase,
  names: SessionNames,
  tableName: string,
): SessionRows {
  const grammar: Grammar = {
    db: new SqlDatabase(db, failures),
    names,
    dates: momentDates,
    keyIs: sql`${names.key} = ${slot('key')}`,
    payloadIs: sql`${names.payload} = ${slot('previous')}`,
    // Drivers turn what they take for a date into their own idea of one; text they leave alone.
    dateIn: (name) => sql`CAST(CAST(${slot(name)} AS text) AS timestamp with time zone)`,
    dateOut: sql`CAST(EXTRACT(EPOCH FROM ${names.expireDate}) AS text)`,
    committed: sql``,
  }
  const inserts = new Inserts(grammar, sql`ON CONFLICT (${names.key}) DO NOTHING`)
  return {
    ...sharedRows(grammar),
    create: (key, next, call) => inserts.run(key, next, call),
    clearBatch: preparedClear(grammar, tableName),
    serverTime: preparedClock(
      grammar,
      sql`CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS text)`,
      momentDates,
    ),
  }
}

/**
 * A batch is one statement and one transaction, so that it may go through a pooler that lends
 * connections by transaction. Rows that somebody holds are being saved, and are passed over.
 */
function preparedClear(
  { db, names, dates, dateIn }: Grammar,
  tableName: string,
): SessionRows['clearBatch'] {
  const { table, key, expireDate } = names
  const lock = sql.join(sweeperLock({ table: tableName }).map((number) => sql.lit(number)))
  const clear = (batchSize: number): Statement<'now', ClearRow> =>
    db.prepare(
      sql`WITH worker AS (
          SELECT pg_try_advisory_xact_lock(${lock}) AS is_ours
        ), gone AS (
          DELETE FROM ${table} WHERE ${key} IN (
            SELECT ${key} FROM ${table}
            WHERE ${expireDate} < ${dateIn('now')} AND (SELECT is_ours FROM worker)
            ORDER BY ${expireDate} LIMIT ${sql.lit(batchSize)} FOR UPDATE SKIP LOCKED
          ) RETURNING 1
        ) SELECT is_ours, (SELECT count(*) FROM gone) AS deleted FROM worker`,
    )
  return async (now, batchSize) => {
    const { rows } = await clear(batchSize).run({ now: dates.write(now) })
    const deleted = Number(rows[0]?.deleted ?? 0)
    return { deleted, isLast: !rows[0]?.is_ours || deleted < batchSize }
  }
}

interface ClearRow {
  readonly is_ours: boolean
  readonly deleted: unknown
}
