/**
 * Databases by their URLs, so that another process can open the same one.
 *
 * @module
 */
import { createPool as createMariadbPool, type Pool as MariadbPool } from 'mariadb/callback'
import {
  type Dialect,
  Kysely,
  MysqlDialect,
  type MysqlPool,
  type MysqlPoolConnection,
  PostgresDialect,
  SqliteDialect,
} from 'kysely'
import { createPool } from 'mysql2'
import { createConnection } from 'mysql2/promise'
import { Client, Pool } from 'pg'

import { openSqlite } from '../examples/sqlite.ts'

/** The table that tests look into past the store. */
export interface SessionTables {
  readonly django_session: {
    readonly session_key: string
    readonly session_data: string
    readonly expire_date: string
  }
}

/** The drivers by their URLs' schemes. `mysql` is mysql2, and `mariadb` is the driver of that name. */
export type Scheme = 'sqlite' | 'postgres' | 'mysql' | 'mariadb'

/** @throws TypeError for a scheme without a driver. */
export function schemeOf(url: string): Scheme {
  const scheme = new URL(url).protocol.slice(0, -1)
  switch (scheme) {
    case 'sqlite':
    case 'postgres':
    case 'mysql':
    case 'mariadb':
      return scheme
    default:
      throw new TypeError(`There is no driver for ${scheme}: URLs.`)
  }
}

/** Opens a database with as many connections as 20 writers want. */
export function openDatabase(url: string): Kysely<SessionTables> {
  return new Kysely<SessionTables>({ dialect: dialectOf(url) })
}

const connections = 10

function dialectOf(url: string): Dialect {
  switch (schemeOf(url)) {
    case 'sqlite':
      return new SqliteDialect({ database: openSqlite(new URL(url).pathname) })
    case 'postgres':
      return new PostgresDialect({ pool: postgresPool(url) })
    case 'mysql':
      return new MysqlDialect({ pool: createPool({ uri: url, connectionLimit: connections }) })
    default:
      return new MysqlDialect({ pool: mariadbPool(url) })
  }
}

/** A server that ends while the pool does tells its idle connections, and nobody else has to know. */
function postgresPool(url: string): Pool {
  const pool = new Pool({ connectionString: url, max: connections })
  pool.on('error', () => {})
  return pool
}

/** The mariadb driver's pool does what Kysely asks for, streams apart; only its types differ. */
function mariadbPool(url: string): MysqlPool {
  const { hostname: host, port, username: user, password, pathname } = new URL(url)
  const pool: MariadbPool = createMariadbPool({
    host,
    port: Number(port || 3306),
    user,
    password,
    database: pathname.slice(1),
    connectionLimit: connections,
  })
  return {
    getConnection: (callback) =>
      pool.getConnection((error, connection) =>
        callback(error, connection as unknown as MysqlPoolConnection),
      ),
    end: (callback) => pool.end(callback),
  }
}

/** Runs a statement at a server, on a connection of its own. @throws The driver's error. */
export async function administer(url: string, statement: string): Promise<void> {
  if (schemeOf(url) === 'postgres') {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 })
    await client.connect()
    return ask(client, statement)
  }
  const uri = url.replace(/^mariadb:/, 'mysql:')
  return ask(await createConnection({ uri, connectTimeout: 5000 }), statement)
}

interface Connected {
  query(statement: string): Promise<unknown>
  end(): Promise<void>
}

async function ask(connection: Connected, statement: string): Promise<void> {
  try {
    await connection.query(statement)
  } finally {
    await connection.end()
  }
}
