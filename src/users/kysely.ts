/**
 * Users in the tables that Django's admin edits, through Kysely: SQLite, PostgreSQL, MySQL, MariaDB.
 * Equals `django.contrib.auth.models.User` and any model of your own that has a password. Needs a
 * Kysely instance of version 0.28 or 0.29; its tables need not be declared, and its plugins are left
 * out.
 *
 * @module
 */
import { userModel, type UserModelOptions } from '../auth/user-model.ts'
import type { UserStoreContext } from '../auth/user-store.ts'
import { type UserStoreFactory, userStoreFactory } from '../auth/user-store-factory.ts'
import { ImproperlyConfiguredError } from '../errors.ts'
import {
  codeOf,
  inferDialect,
  isCodeless,
  type KyselyDatabase,
  SqlDatabase,
  type SqlDialect,
  type SqlFailures,
} from '../stores/_kysely.ts'
import { isBusy } from '../stores/_kysely-sqlite.ts'
import { fieldGrammar } from './_kysely-fields.ts'
import {
  readingPermissions,
  readingUsers,
  withoutPermissions,
  writingUsers,
} from './_kysely-rows.ts'
import { type UserTableNames, userTables } from './_kysely-tables.ts'

export { createUserTables, type CreateUserTablesOptions } from './_kysely-create-tables.ts'
export type { KyselyDatabase, SqlDialect, UserModelOptions }

/** Options of `kyselyUserStore`. */
export interface KyselyUserStoreOptions extends UserModelOptions, UserTableNames {
  /** The SQL that the engine speaks. Default: told from the Kysely instance. */
  readonly dialect?: SqlDialect
  /**
   * `TIME_ZONE` of the entry in Django's `DATABASES`, where it has one: the zone of dates in SQLite
   * and MySQL while `USE_TZ` is true. Default `UTC`, as in Django.
   */
  readonly databaseTimeZone?: string
}

/**
 * Keeps users in Django's own tables, in any database that Kysely has a dialect for.
 *
 * @throws ImproperlyConfiguredError, here or in `createDjango`.
 * @example
 * ```ts
 * const django = createDjango({
 *   settings,
 *   djangoVersion: '5.2',
 *   store: kyselyStore(db),
 *   users: kyselyUserStore(db, { table: 'acc_customuser', keyType: 'uuid' }),
 * })
 * ```
 */
export function kyselyUserStore(
  db: KyselyDatabase,
  options: KyselyUserStoreOptions = {},
): UserStoreFactory {
  const { dialect = inferDialect(db), hasPermissions = true } = options
  const model = userModel(options)
  const tables = userTables(options)
  if (!Object.hasOwn(failures, dialect)) {
    throw new ImproperlyConfiguredError('dialect', "must be 'sqlite', 'postgres' or 'mysql'.")
  }
  return userStoreFactory((context) => {
    const timeZone = tableTimeZone(context, options.databaseTimeZone)
    const database = new SqlDatabase(db, failures[dialect])
    const fields = fieldGrammar(dialect, timeZone)
    const grammar = { db: database, dialect, tables, model, fields }
    return {
      name: 'kyselyUserStore',
      model,
      ...readingUsers(grammar),
      ...writingUsers(grammar),
      ...(hasPermissions ? readingPermissions(grammar) : withoutPermissions),
    }
  })
}

/** Deadlocks and serialization failures are worth another try. */
const failures: Readonly<Record<SqlDialect, SqlFailures>> = {
  sqlite: { isTransient: isBusy, isDisconnected: () => false },
  postgres: {
    isTransient: (error) => ['40001', '40P01'].includes(codeOf(error)),
    isDisconnected: isCodeless,
  },
  mysql: {
    isTransient: (error) => ['1213', '1020'].includes(codeOf(error, 'errno')),
    isDisconnected: isCodeless,
  },
}

/** Mirrors `BaseDatabaseWrapper.timezone_name` and `check_settings`. */
function tableTimeZone({ settings }: UserStoreContext, given: string | undefined): string {
  const { useTz, timeZone } = settings
  if (given === undefined) return useTz ? 'UTC' : timeZone
  if (useTz) return given
  throw new ImproperlyConfiguredError('databaseTimeZone', 'cannot be set while useTz is false.')
}
