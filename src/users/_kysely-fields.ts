/**
 * Values of the user table's columns, as each engine has them: in and out as what every driver
 * leaves alone.
 *
 * @module
 */
import type { FieldType, UserKeyType } from '../auth/user-model.ts'
import { narrow, withHyphens } from '../auth/user-key.ts'
import type { FieldValue } from '../auth/user-store.ts'
import { type RawBuilder, slot, sql, type SqlDialect } from '../stores/_kysely.ts'
import { momentDates, type SqlDates, wallDates } from '../stores/_sql-dates.ts'

/** What drivers answer for a column that was read as `FieldGrammar.read` says. */
export type RawValue = string | number | bigint | boolean | null | undefined

/** Reads and writes columns. */
export interface FieldGrammar {
  /** The column in a SELECT. */
  read(column: RawBuilder<unknown>, type: FieldType): RawBuilder<unknown>
  /** What a SELECT answered, as a value. */
  decode(value: RawValue, type: FieldType): FieldValue
  /** The place of a value. */
  write(slotName: string, type: FieldType): RawBuilder<unknown>
  /** The value for that place. */
  encode(value: FieldValue, type: FieldType): unknown
}

/** The columns that hold a key of this type. */
export function keyFieldType(keyType: UserKeyType): FieldType {
  if (keyType === 'uuid' || keyType === 'text') return keyType
  return 'integer'
}

/** @param timeZone - Of dates in SQLite and MySQL. */
export function fieldGrammar(dialect: SqlDialect, timeZone: string): FieldGrammar {
  const dates = dialect === 'postgres' ? momentDates : wallDates(timeZone)
  return {
    read: (column, type) => readers[dialect](column, type),
    decode: (value, type) => decode(value, type, dates),
    write: (name, type) => (dialect === 'postgres' ? postgresValue(name, type) : slot(name)),
    encode: (value, type) => encode(value, type, dialect, dates),
  }
}

type Reader = (column: RawBuilder<unknown>, type: FieldType) => RawBuilder<unknown>

/** What drivers have their own idea of: integers past 2^53, dates, UUIDs. */
const asText: readonly FieldType[] = ['integer', 'date', 'uuid']

const readers: Readonly<Record<SqlDialect, Reader>> = {
  sqlite: (column, type) => (type === 'integer' ? sql`CAST(${column} AS text)` : column),
  postgres(column, type) {
    if (type === 'datetime') return sql`CAST(EXTRACT(EPOCH FROM ${column}) AS text)`
    return asText.includes(type) ? sql`CAST(${column} AS text)` : column
  },
  mysql: (column, type) =>
    asText.includes(type) || type === 'datetime' ? sql`CAST(${column} AS char)` : column,
}

/** Drivers turn what they take for a date into their own idea of one; text they leave alone. */
function postgresValue(name: string, type: FieldType): RawBuilder<unknown> {
  if (type === 'datetime') return sql`CAST(CAST(${slot(name)} AS text) AS timestamp with time zone)`
  if (type === 'date') return sql`CAST(CAST(${slot(name)} AS text) AS date)`
  return slot(name)
}

function decode(value: RawValue, type: FieldType, dates: SqlDates): FieldValue {
  if (value === null || value === undefined) return null
  const text = String(value)
  switch (type) {
    case 'datetime':
      return dates.read(value)
    case 'boolean':
      return text === 'true' || text === '1'
    case 'integer':
      return narrow(BigInt(text))
    case 'float':
      return Number(text)
    case 'uuid':
      return withHyphens(text.replaceAll('-', '').toLowerCase())
    default:
      return text
  }
}

function encode(value: FieldValue, type: FieldType, dialect: SqlDialect, dates: SqlDates): unknown {
  if (value instanceof Date) return dates.write(value)
  if (typeof value === 'boolean' && dialect !== 'postgres') return value ? 1 : 0
  // Django keeps UUIDs as text of 32 digits where the engine has no type for them.
  const isHex = type === 'uuid' && dialect !== 'postgres' && typeof value === 'string'
  return isHex ? value.replaceAll('-', '').toLowerCase() : value
}
