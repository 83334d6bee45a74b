/**
 * The database that Django uses, through Kysely.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'

import { type Dialect, Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely'
import { createPool } from 'mysql2'
import { Pool } from 'pg'

import { openSqlite } from '../sqlite.ts'

/** Opens a database. @param url - `sqlite:///…`, `postgres://…` or `mysql://…`. */
export function openDatabase(url: string): Kysely<unknown> {
  return new Kysely({ dialect: dialectOf(url) })
}

function dialectOf(url: string): Dialect {
  if (url.startsWith('sqlite:')) {
    const file = fileURLToPath(url.replace(/^sqlite:/, 'file:'))
    return new SqliteDialect({ database: openSqlite(file, { busyTimeoutMs: 200 }) })
  }
  if (url.startsWith('postgres')) {
    return new PostgresDialect({ pool: new Pool({ connectionString: url }) })
  }
  return new MysqlDialect({ pool: createPool(url.replace(/^mariadb:/, 'mysql:')) })
}
