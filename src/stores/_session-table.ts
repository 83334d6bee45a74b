/**
 * The table that holds sessions, whichever store goes there.
 *
 * @module
 */
import { ImproperlyConfiguredError, invalidArgument } from '../errors.ts'
import { PreciseDate } from '../formats/datetime.ts'
import type { NewSession, StoredSession } from '../session/store.ts'
import { platform } from '#platform'

/** What the columns of the session table are called. */
export interface SessionColumnNames {
  /** Default `session_key`. */
  readonly sessionKey: string
  /** Default `session_data`. */
  readonly sessionData: string
  /** Default `expire_date`. */
  readonly expireDate: string
}

/** Where the sessions are, if not where Django keeps them. */
export interface SessionTableNames {
  /** The table, with its schema where it needs one: `app.django_session`. Default `django_session`. */
  readonly table?: string
  /** Names of columns, where they are not Django's. */
  readonly columns?: Partial<SessionColumnNames>
}

/** A session table. */
export interface SessionTable {
  /** As given: schemas end with a dot. */
  readonly table: string
  readonly columns: SessionColumnNames
}

const djangoColumns: SessionColumnNames = {
  sessionKey: 'session_key',
  sessionData: 'session_data',
  expireDate: 'expire_date',
}

/**
 * The table that is meant.
 *
 * @throws ImproperlyConfiguredError for a name that cannot be.
 */
export function namedTable(names: SessionTableNames): SessionTable {
  const { table = 'django_session' } = names
  const columns = { ...djangoColumns, ...names.columns }
  checkName('table', table)
  for (const [name, value] of Object.entries(columns)) checkName(`columns.${name}`, value)
  return { table, columns }
}

function checkName(option: string, value: unknown): void {
  const isName = typeof value === 'string' && value.split('.').every((part) => part !== '')
  if (!isName) throw new ImproperlyConfiguredError(option, 'must be a name.')
}

/** PostgreSQL refuses NUL, and drivers send every lone surrogate as the same replacement. */
const unstorable = /[\u0000\p{Cs}]/u

/** Whether a key can stand in a table; no other key is one of a session. */
export function isStorableKey(key: string): boolean {
  return !unstorable.test(key)
}

/**
 * Looks at what is to be inserted.
 *
 * @throws TypeError where the key, or an extra column, cannot be.
 */
export function checkInsert(key: string, { columns = {} }: NewSession, table: SessionTable): void {
  if (!isStorableKey(key)) throw invalidArgument('A session key is text without NUL.')
  const own = Object.values(table.columns)
  const taken = Object.keys(columns).find((column) => own.includes(column))
  if (taken === undefined) return
  throw invalidArgument(`sessionColumns gives a value for "${taken}", which holds the session.`)
}

/** A session as it was just written, sharing nothing with its writer. */
export function storedNow({ payload, expireDate }: NewSession): StoredSession {
  const { microsecond } = PreciseDate.from(expireDate)
  return { payload, expireDate: new PreciseDate(expireDate.getTime(), microsecond) }
}

/** Two integers of 32 bits that name the advisory lock of a table's sweeper in PostgreSQL. */
export function sweeperLock({ table }: Pick<SessionTable, 'table'>): readonly [number, number] {
  const name = platform.encodeUtf8(`async-django.clearExpired:${table}`)
  const { buffer, byteOffset } = platform.hash('sha256', name)
  const view = new DataView(buffer, byteOffset)
  return [view.getInt32(0), view.getInt32(4)]
}
