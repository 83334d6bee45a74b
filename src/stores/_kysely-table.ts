/**
 * Which table holds the sessions, and how it is made where Django did not make it.
 *
 * @module
 */
import { ImproperlyConfiguredError } from '../errors.ts'
import { inferDialect, type KyselyDatabase, sql, type SqlDialect } from './_kysely.ts'
import type { SessionNames } from './_kysely-rows.ts'

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
export interface SessionTableOptions {
  /** The SQL that the engine speaks. Default: told from the Kysely instance. */
  readonly dialect?: SqlDialect
  /** The table, with its schema where it needs one: `app.django_session`. Default `django_session`. */
  readonly table?: string
  /** Names of columns, where they are not Django's. */
  readonly columns?: Partial<SessionColumnNames>
}

/** A session table, found in its options. */
export interface SessionTable {
  readonly dialect: SqlDialect
  /** As given, for names that are made from it. */
  readonly table: string
  readonly columns: SessionColumnNames
  /** The same, quoted. */
  readonly names: SessionNames
}

const djangoColumns: SessionColumnNames = {
  sessionKey: 'session_key',
  sessionData: 'session_data',
  expireDate: 'expire_date',
}

const dialects: readonly unknown[] = ['sqlite', 'postgres', 'mysql']

/**
 * Finds the table.
 *
 * @throws ImproperlyConfiguredError for a dialect or a name that cannot be.
 */
export function sessionTable(db: KyselyDatabase, options: SessionTableOptions): SessionTable {
  const { dialect = inferDialect(db), table = 'django_session' } = options
  const columns = { ...djangoColumns, ...options.columns }
  if (!dialects.includes(dialect)) {
    throw new ImproperlyConfiguredError('dialect', "must be 'sqlite', 'postgres' or 'mysql'.")
  }
  checkName('table', table)
  for (const [name, value] of Object.entries(columns)) checkName(`columns.${name}`, value)
  return {
    dialect,
    table,
    columns,
    names: {
      table: sql.id(...table.split('.')),
      key: sql.id(columns.sessionKey),
      payload: sql.id(columns.sessionData),
      expireDate: sql.id(columns.expireDate),
    },
  }
}

function checkName(option: string, value: unknown): void {
  const isName = typeof value === 'string' && value.split('.').every((part) => part !== '')
  if (!isName) throw new ImproperlyConfiguredError(option, 'must be a name.')
}
