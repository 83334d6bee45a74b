/**
 * The rows of a session table, in the SQL that all engines share.
 *
 * @module
 */
import { StoreError } from '../errors.ts'
import type {
  Call,
  Deleted,
  KeyedSession,
  NewSession,
  StoredSession,
  Updated,
} from '../session/store.ts'
import type { ClearedBatch } from './_clear-expired.ts'
import { type RawBuilder, slot, sql, type SqlDatabase, type Statement } from './_kysely.ts'
import { storedNow } from './_session-table.ts'
import type { SqlDates } from './_sql-dates.ts'

/** The table and its columns, quoted. */
export interface SessionNames {
  readonly table: RawBuilder<unknown>
  readonly key: RawBuilder<unknown>
  readonly payload: RawBuilder<unknown>
  readonly expireDate: RawBuilder<unknown>
}

/** One engine's session table. Keys hold neither NUL nor lone surrogates. */
export interface SessionRows {
  load(key: string, now: Date, call?: Call): Promise<StoredSession | null>
  loadMany(
    keys: readonly string[],
    now: Date,
    call?: Call,
  ): Promise<ReadonlyMap<string, StoredSession>>
  exists(key: string, call?: Call): Promise<boolean>
  /** False: the key is taken. */
  create(key: string, next: NewSession, call?: Call): Promise<boolean>
  update(key: string, next: NewSession, previous: StoredSession, call?: Call): Promise<Updated>
  touch(key: string, expireDate: Date, call?: Call): Promise<boolean>
  delete(key: string, call?: Call): Promise<boolean>
  deleteUnchanged(key: string, previous: StoredSession, call?: Call): Promise<Deleted>
  clearBatch(now: Date, batchSize: number): Promise<ClearedBatch>
  newest(count: number, now: Date, call?: Call): Promise<readonly KeyedSession[]>
  serverTime(call?: Call): Promise<Date>
}

/** How an engine writes what they all have. */
export interface Grammar {
  readonly db: SqlDatabase
  readonly names: SessionNames
  readonly dates: SqlDates
  /** True for the row whose key is the slot `key`, byte for byte. */
  readonly keyIs: RawBuilder<unknown>
  /** True for a row whose payload is the slot `previous`, byte for byte. */
  readonly payloadIs: RawBuilder<unknown>
  /** The slot as a value that compares with dates. */
  dateIn(name: string): RawBuilder<unknown>
  /** The row's date as text. */
  readonly dateOut: RawBuilder<unknown>
  /** Ends a query that must see what is committed now. */
  readonly committed: RawBuilder<unknown>
}

/** A row as statements answer it. */
export interface PayloadRow {
  readonly payload: string
  readonly expire_date: unknown
}

interface KeyedRow extends PayloadRow {
  readonly session_key: string
}

function keySlot(at: number): string {
  return `key ${at}`
}

/** A row as a stored session. */
export function storedRow(row: PayloadRow, dates: SqlDates): StoredSession {
  return { payload: row.payload, expireDate: dates.read(row.expire_date) }
}

/** What differs in grammar alone. */
export function sharedRows(
  grammar: Grammar,
): Omit<SessionRows, 'create' | 'clearBatch' | 'serverTime'> {
  return { ...reading(grammar), ...comparing(grammar), ...blind(grammar) }
}

function reading({
  db,
  names,
  dates,
  keyIs,
  dateIn,
  dateOut,
}: Grammar): Pick<SessionRows, 'load' | 'loadMany' | 'exists' | 'newest'> {
  const { table, key, payload, expireDate } = names
  const isLive = sql`${expireDate} > ${dateIn('now')}`
  const load = db.prepare<'key' | 'now', PayloadRow>(
    sql`SELECT ${payload} AS payload, ${dateOut} AS expire_date FROM ${table}
      WHERE ${keyIs} AND ${isLive}`,
  )
  const many = new Map<number, Statement<string, KeyedRow>>()
  const loadMany = (count: number): Statement<string, KeyedRow> => {
    const slots = Array.from({ length: count }, (_, at) => slot(keySlot(at)))
    return db.prepare(
      sql`SELECT ${key} AS session_key, ${payload} AS payload, ${dateOut} AS expire_date
        FROM ${table} WHERE ${key} IN (${sql.join(slots)}) AND ${isLive}`,
    )
  }
  const exists = db.prepare<'key'>(sql`SELECT 1 AS found FROM ${table} WHERE ${keyIs}`)
  const newest = (count: number): Statement<'now', KeyedRow> =>
    db.prepare(
      sql`SELECT ${key} AS session_key, ${payload} AS payload, ${dateOut} AS expire_date
        FROM ${table} WHERE ${isLive} ORDER BY ${expireDate} DESC LIMIT ${sql.lit(count)}`,
    )
  return {
    async load(given, now, call) {
      const { rows } = await load.run({ key: given, now: dates.write(now) }, call)
      return rows[0] ? storedRow(rows[0], dates) : null
    },
    async loadMany(given, now, call) {
      // Few statements for all counts: what is left of one's slots is the last key again.
      const count = 2 ** Math.ceil(Math.log2(given.length))
      const statement = many.get(count) ?? loadMany(count)
      many.set(count, statement)
      const values: Record<string, unknown> = { now: dates.write(now) }
      for (let at = 0; at < count; at++) values[keySlot(at)] = given[at] ?? given.at(-1)
      const { rows } = await statement.run(values, call)
      const found = new Map(rows.map((row) => [row.session_key, storedRow(row, dates)]))
      // Collations match other cases, accents and trailing spaces, too.
      const asked = new Set(given)
      for (const name of found.keys()) if (!asked.has(name)) found.delete(name)
      return found
    },
    async exists(given, call) {
      return (await exists.run({ key: given }, call)).rows.length > 0
    },
    async newest(count, now, call) {
      const { rows } = await newest(count).run({ now: dates.write(now) }, call)
      return rows.map((row) => ({ key: row.session_key, stored: storedRow(row, dates) }))
    },
  }
}

/**
 * Compare-and-swap by what matches: one statement, and only where nothing matched a look at what
 * stands there. Between the two somebody may write, yet each answer is true when it is given. A
 * payload that is the new one already counts as written by others: two writers who both count from
 * 5 to 6 in the same second make the same payload, and one of them must count on.
 */
function comparing({
  db,
  names,
  dates,
  ...grammar
}: Grammar): Pick<SessionRows, 'update' | 'deleteUnchanged'> {
  const { table, payload, expireDate } = names
  const update = db.prepare<'key' | 'payload' | 'expireDate' | 'previous'>(
    sql`UPDATE ${table}
      SET ${payload} = ${slot('payload')}, ${expireDate} = ${grammar.dateIn('expireDate')}
      WHERE ${grammar.keyIs} AND ${grammar.payloadIs}`,
  )
  const remove = db.prepare<'key' | 'previous'>(
    sql`DELETE FROM ${table} WHERE ${grammar.keyIs} AND ${grammar.payloadIs}`,
  )
  const look = db.prepare<'key', PayloadRow>(
    sql`SELECT ${payload} AS payload, ${grammar.dateOut} AS expire_date FROM ${table}
      WHERE ${grammar.keyIs} ${grammar.committed}`,
  )
  const lookAt = async (key: string, call?: Call): Promise<StoredSession | null> => {
    const { rows } = await look.run({ key }, call)
    return rows[0] ? storedRow(rows[0], dates) : null
  }
  return {
    async update(key, next, previous, call) {
      const { affected } = await update.run(
        {
          key,
          payload: next.payload,
          expireDate: dates.write(next.expireDate),
          previous: previous.payload,
        },
        call,
      )
      if (affected > 0) return { outcome: 'saved', key, stored: storedNow(next) }
      const current = await lookAt(key, call)
      if (current === null) return { outcome: 'missing' }
      // Drivers that count changed rows say 0 where all of it stood there before.
      const isSame = next.payload === previous.payload && current.payload === next.payload
      return isSame ? { outcome: 'saved', key, stored: current } : { outcome: 'conflict', current }
    },
    async deleteUnchanged(key, previous, call) {
      const { affected } = await remove.run({ key, previous: previous.payload }, call)
      if (affected > 0) return 'deleted'
      return (await lookAt(key, call)) === null ? 'missing' : 'conflict'
    },
  }
}

function blind({
  db,
  names,
  dates,
  keyIs,
  ...grammar
}: Grammar): Pick<SessionRows, 'touch' | 'delete'> {
  const { table, expireDate } = names
  const touch = db.prepare<'key' | 'expireDate'>(
    sql`UPDATE ${table} SET ${expireDate} = ${grammar.dateIn('expireDate')} WHERE ${keyIs}`,
  )
  const isThere = db.prepare<'key'>(
    sql`SELECT 1 AS found FROM ${table} WHERE ${keyIs} ${grammar.committed}`,
  )
  const remove = db.prepare<'key'>(sql`DELETE FROM ${table} WHERE ${keyIs}`)
  return {
    async touch(key, end, call) {
      const { affected } = await touch.run({ key, expireDate: dates.write(end) }, call)
      // Drivers that count changed rows say 0 where the date stood there before.
      return affected > 0 || (await isThere.run({ key }, call)).rows.length > 0
    },
    async delete(key, call) {
      return (await remove.run({ key }, call)).affected > 0
    },
  }
}

/** Inserts rows, with whatever extra columns they bring. */
export class Inserts {
  readonly #grammar: Grammar
  readonly #onTaken: RawBuilder<unknown>
  readonly #statements = new Map<string, ReturnType<typeof prepareInsert>>()

  /** @param onTaken - Ends the statement: what to do where the key is taken. */
  constructor(grammar: Grammar, onTaken: RawBuilder<unknown>) {
    this.#grammar = grammar
    this.#onTaken = onTaken
  }

  /** Answers whether a row was inserted. */
  async run(key: string, next: NewSession, call?: Call): Promise<boolean> {
    const columns = Object.keys(next.columns ?? {})
    const name = JSON.stringify(columns)
    const statement =
      this.#statements.get(name) ?? prepareInsert(this.#grammar, columns, this.#onTaken)
    this.#statements.set(name, statement)
    const values: Record<string, unknown> = {
      key,
      payload: next.payload,
      expireDate: this.#grammar.dates.write(next.expireDate),
    }
    for (const column of columns) values[columnSlot(column)] = next.columns?.[column]
    return (await statement.run(values, call)).affected > 0
  }
}

function columnSlot(column: string): string {
  return `column ${column}`
}

function prepareInsert(
  { db, names, dateIn }: Grammar,
  columns: readonly string[],
  onTaken: RawBuilder<unknown>,
): ReturnType<SqlDatabase['prepare']> {
  const { table, key, payload, expireDate } = names
  const extra = columns.map((column) => sql`, ${sql.id(column)}`)
  const given = columns.map((column) => sql`, ${slot(columnSlot(column))}`)
  return db.prepare(
    sql`INSERT INTO ${table} (${key}, ${payload}, ${expireDate}${sql.join(extra, sql``)})
      VALUES (${slot('key')}, ${slot('payload')}, ${dateIn('expireDate')}${sql.join(given, sql``)})
      ${onTaken}`,
  )
}

/** Asks an engine for its clock. */
export function preparedClock(
  { db }: Grammar,
  now: RawBuilder<unknown>,
  dates: SqlDates,
): SessionRows['serverTime'] {
  const statement = db.prepare<never, { readonly now: unknown }>(sql`SELECT ${now} AS now`)
  return async (call) => {
    const { rows } = await statement.run({}, call)
    const read = dates.read(rows[0]?.now)
    if (read === null) throw new StoreError({ store: 'kyselyStore', operation: 'serverTime' })
    return read
  }
}
