/**
 * Which table holds the sessions, and how it is made where Django did not make it.
 *
 * @module
 */
import { ImproperlyConfiguredError } from '../errors.ts'
import { inferDialect, type KyselyDatabase, sql, type SqlDialect } from './_kysely.ts'
import type { SessionNames } from './_kysely-rows.ts'
import { namedTable, type SessionTable, type SessionTableNames } from './_session-table.ts'

/** Where the sessions are, if not where Django keeps them. */
export interface SessionTableOptions extends SessionTableNames {
  /** The SQL that the engine speaks. Default: told from the Kysely instance. */
  readonly dialect?: SqlDialect
}

/** A session table, as Kysely goes to it. */
export interface KyselySessionTable extends SessionTable {
  readonly dialect: SqlDialect
  /** The names, quoted. */
  readonly names: SessionNames
}

const dialects: readonly unknown[] = ['sqlite', 'postgres', 'mysql']

/**
 * Finds the table.
 *
 * @throws ImproperlyConfiguredError for a dialect or a name that cannot be.
 */
export function sessionTable(db: KyselyDatabase, options: SessionTableOptions): KyselySessionTable {
  const { dialect = inferDialect(db) } = options
  if (!dialects.includes(dialect)) {
    throw new ImproperlyConfiguredError('dialect', "must be 'sqlite', 'postgres' or 'mysql'.")
  }
  const { table, columns } = namedTable(options)
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
