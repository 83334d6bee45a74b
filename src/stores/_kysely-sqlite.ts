/**
 * A session table in SQLite.
 *
 * @module
 */
import { codeOf, type KyselyDatabase, slot, sql, SqlDatabase, type Statement } from './_kysely.ts'
import {
  type Grammar,
  Inserts,
  preparedClock,
  type SessionNames,
  type SessionRows,
  sharedRows,
} from './_kysely-rows.ts'
import { wallDates } from './_sql-dates.ts'

const busy = 5
const locked = 6

/** Another connection holds the file. `node:sqlite` has SQLite's own number, the others its name. */
export function isBusy(error: unknown): boolean {
  const number = Number(codeOf(error, 'errcode')) & 0xff
  return number === busy || number === locked || /^SQLITE_(?:BUSY|LOCKED)/.test(codeOf(error))
}

/** The rows of a session table in SQLite. */
export function sqliteRows(db: KyselyDatabase, names: SessionNames, timeZone: string): SessionRows {
  const dates = wallDates(timeZone)
  const grammar: Grammar = {
    db: new SqlDatabase(db, { isTransient: isBusy, isDisconnected: () => false }),
    names,
    dates,
    keyIs: sql`${names.key} = ${slot('key')}`,
    payloadIs: sql`${names.payload} = ${slot('previous')}`,
    dateIn: slot,
    dateOut: names.expireDate,
    committed: sql``,
  }
  const { table, key, expireDate } = names
  const inserts = new Inserts(grammar, sql`ON CONFLICT (${key}) DO NOTHING`)
  const clear = (batchSize: number): Statement<'now', unknown> =>
    grammar.db.prepare(
      sql`DELETE FROM ${table} WHERE ${key} IN (
        SELECT ${key} FROM ${table} WHERE ${expireDate} < ${slot('now')}
        ORDER BY ${expireDate} LIMIT ${sql.lit(batchSize)}
      )`,
    )
  return {
    ...sharedRows(grammar),
    create: (given, next, call) => inserts.run(given, next, call),
    async clearBatch(now, batchSize) {
      const { affected } = await clear(batchSize).run({ now: dates.write(now) })
      return { deleted: affected, isLast: affected < batchSize }
    },
    serverTime: preparedClock(grammar, sql`strftime('%Y-%m-%d %H:%M:%f', 'now')`, wallDates('UTC')),
  }
}
