/**
 * The stores that are measured, each in a place of its own.
 *
 * @module
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

import type { SessionStoreFactory } from 'async-django'
import { createSessionService } from 'async-django/service'
import { serveSessions } from 'async-django/service/node'
import { fileStore } from 'async-django/stores/file'
import { httpStore } from 'async-django/stores/http'
import { createSessionTable, kyselyStore } from 'async-django/stores/kysely'
import { memcachedClient, memcachedStore } from 'async-django/stores/memcached'
import { postgresStore } from 'async-django/stores/postgres'
import { redisStore } from 'async-django/stores/redis'
import { Redis } from 'ioredis'
import { type Kysely, sql } from 'kysely'
import { Pool } from 'pg'

import { administer, openDatabase, type SessionTables } from '../test/_databases.ts'
import { startMemcached } from '../test/_own-memcached.ts'
import { startRedis } from '../test/_own-redis.ts'
import { startWire, type Traffic } from './_wire.ts'

/** A store to measure. */
export interface Place {
  readonly name: string
  open(): Promise<OpenPlace>
}

/** A store, opened, with nothing in it. */
export interface OpenPlace {
  readonly store: SessionStoreFactory
  /** What goes to and from its server; null where there is none. */
  readonly traffic: Traffic | null
  /** What all sessions take; absent where it cannot be told. */
  keptBytes?(): Promise<number>
  close(): Promise<void>
}

const urls = {
  postgres: process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  mysql: process.env['MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3306/',
}

const databaseName = `async_django_stores_${process.pid}`

/** A database of its own, behind a wire. */
interface WiredDatabase {
  readonly url: string
  readonly db: Kysely<SessionTables>
  readonly traffic: Traffic
  close(): Promise<void>
}

async function wiredDatabase(server: string): Promise<WiredDatabase> {
  await administer(server, `CREATE DATABASE ${databaseName}`)
  const { hostname, port, protocol } = new URL(server)
  const usual = protocol === 'postgres:' ? 5432 : 3306
  const wire = await startWire(hostname, Number(port || usual))
  const parts = { pathname: `/${databaseName}`, host: `127.0.0.1:${wire.port}` }
  const url = Object.assign(new URL(server), parts).href
  const direct = Object.assign(new URL(server), { pathname: `/${databaseName}` }).href
  const db = openDatabase(direct)
  await createSessionTable(db)
  return {
    url,
    db,
    traffic: wire.traffic,
    async close() {
      await db.destroy()
      await wire.close()
      await administer(server, `DROP DATABASE ${databaseName}`)
    },
  }
}

async function oneNumber(db: Kysely<SessionTables>, query: string): Promise<number> {
  const { rows } = await sql<{ n: unknown }>`${sql.raw(query)}`.execute(db)
  return Number(rows[0]?.n)
}

async function openPostgres(options: { readonly pipeline?: boolean }): Promise<OpenPlace> {
  const { url, db, traffic, close } = await wiredDatabase(urls.postgres)
  const pool = new Pool({ connectionString: url, max: 10, ...options })
  pool.on('error', () => {})
  return {
    store: postgresStore(pool),
    traffic,
    keptBytes: () => oneNumber(db, `SELECT pg_total_relation_size('django_session') AS n`),
    async close() {
      await pool.end()
      await close()
    },
  }
}

async function openMysql(): Promise<OpenPlace> {
  const { url, db, traffic, close } = await wiredDatabase(urls.mysql)
  const own = openDatabase(url)
  const size = `SELECT data_length + index_length AS n FROM information_schema.tables
    WHERE table_schema = '${databaseName}' AND table_name = 'django_session'`
  return {
    store: kyselyStore(own),
    traffic,
    async keptBytes() {
      await sql`ANALYZE TABLE django_session`.execute(db)
      return oneNumber(db, size)
    },
    async close() {
      await own.destroy()
      await close()
    },
  }
}

async function openSqlite(): Promise<OpenPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'async-django-stores-'))
  const file = join(folder, 'db.sqlite3')
  const db = openDatabase(`sqlite://${file}`)
  await createSessionTable(db)
  return {
    store: kyselyStore(db),
    traffic: null,
    async keptBytes() {
      return (await stat(file)).size
    },
    async close() {
      await db.destroy()
      await rm(folder, { recursive: true })
    },
  }
}

async function openRedis(): Promise<OpenPlace> {
  const server = await startRedis()
  const wire = await startWire('127.0.0.1', server.port)
  const client = new Redis(wire.port)
  const direct = new Redis(server.port)
  return {
    store: redisStore(client),
    traffic: wire.traffic,
    async keptBytes() {
      return Number(/used_memory:(\d+)/.exec(await direct.info('memory'))?.[1])
    },
    async close() {
      for (const one of [client, direct]) one.disconnect()
      await wire.close()
      await server.close()
    },
  }
}

async function openMemcached(): Promise<OpenPlace> {
  const server = await startMemcached()
  const wire = await startWire('127.0.0.1', Number(server.location.split(':')[1]))
  const client = memcachedClient(`127.0.0.1:${wire.port}`)
  return {
    store: memcachedStore(client),
    traffic: wire.traffic,
    async close() {
      client.close()
      await wire.close()
      await server.kill()
    },
  }
}

async function openFolder(): Promise<OpenPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'async-django-stores-'))
  return {
    store: fileStore({ sessionFilePath: folder }),
    traffic: null,
    async keptBytes() {
      const files = await readdir(folder)
      const sizes = files.map(async (file) => (await stat(join(folder, file))).blocks * 512)
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    },
    close: () => rm(folder, { recursive: true }),
  }
}

/** What goes between the client and the service; what goes on to the database is the store's there. */
async function openService(): Promise<OpenPlace> {
  const { store, keptBytes, close } = await openPostgres({})
  const token = 'a-token-of-this-measurement-of-some-length'
  const service = createSessionService({ store, tokens: [token] })
  const server = await serveSessions(service, { port: 0 })
  const wire = await startWire('127.0.0.1', Number(new URL(server.url).port))
  return {
    store: httpStore(`http://127.0.0.1:${wire.port}`, { token }),
    traffic: wire.traffic,
    ...(keptBytes && { keptBytes }),
    async close() {
      await wire.close()
      await server.close()
      await close()
    },
  }
}

/** All of them. */
export const places: readonly Place[] = [
  { name: 'postgresStore, pg pool', open: () => openPostgres({}) },
  { name: 'postgresStore, pipelined pool', open: () => openPostgres({ pipeline: true }) },
  { name: 'kyselyStore, MariaDB by mysql2', open: openMysql },
  { name: 'kyselyStore, SQLite', open: openSqlite },
  { name: 'redisStore, ioredis', open: openRedis },
  { name: 'memcachedStore', open: openMemcached },
  { name: 'fileStore', open: openFolder },
  { name: 'httpStore, over postgresStore', open: openService },
]
