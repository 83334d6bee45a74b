/**
 * Stores over a database, opened by the name of a client, so that another process can open the same.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'

import type { SessionStoreFactory } from 'async-django'
import { fileStore } from 'async-django/stores/file'
import { httpStore } from 'async-django/stores/http'
import { kyselyStore } from 'async-django/stores/kysely'
import { memcachedClient, memcachedStore } from 'async-django/stores/memcached'
import { postgresStore } from 'async-django/stores/postgres'
import type { Kysely } from 'kysely'
import { Client, Pool, type PoolConfig } from 'pg'
import postgres from 'postgres'

import type { SessionTableNames } from '../src/stores/_session-table.ts'
import { openDatabase, type SessionTables } from './_databases.ts'
import { startPgbouncer } from './_own-servers.ts'
import { serviceToken } from './_session-service.ts'
import { openRedisStore } from './_redis.ts'

/** Stores over one database, and how they end. */
export interface OpenedStores {
  storeAt(names: SessionTableNames): SessionStoreFactory
  close(): Promise<void>
}

/** As many connections as 20 writers want. */
const connections = 10

/** A client of PostgreSQL that `postgresStore` takes. */
export type PostgresClientName =
  'pool' | 'pipelined pool' | 'pipelined client' | 'postgres.js' | 'pgbouncer'

const postgresClients: Readonly<
  Record<PostgresClientName, (url: string) => Promise<OpenedStores>>
> = {
  async pool(url) {
    const pool = openPool({ connectionString: url })
    return { storeAt: (names) => postgresStore(pool, names), close: () => pool.end() }
  },
  async 'pipelined pool'(url) {
    const pool = openPool({ connectionString: url, pipeline: true })
    return { storeAt: (names) => postgresStore(pool, names), close: () => pool.end() }
  },
  async 'pipelined client'(url) {
    const client = new Client({ connectionString: url, pipeline: true })
    await client.connect()
    return { storeAt: (names) => postgresStore(client, names), close: () => client.end() }
  },
  async 'postgres.js'(url) {
    const sql = postgres(url, { max: connections, backoff: () => 0.1 })
    // Without a time limit it waits for connections that broke.
    const close = (): Promise<void> => sql.end({ timeout: 5 })
    return { storeAt: (names) => postgresStore(sql, names), close }
  },
  async pgbouncer(url) {
    const pgbouncer = await startPgbouncer(url)
    const pool = openPool({ connectionString: pgbouncer.url })
    return {
      storeAt: (names) => postgresStore(pool, { ...names, prepare: false }),
      async close() {
        await pool.end()
        await pgbouncer.close()
      },
    }
  },
}

/** A pool of `pg` throws what happens to an idle client where nobody listens. */
function openPool(config: PoolConfig): Pool {
  const pool = new Pool({ max: connections, ...config })
  pool.on('error', () => {})
  return pool
}

/** All of them. */
export const postgresClientNames = Object.keys(postgresClients) as readonly PostgresClientName[]

/** Where a store is, and what it goes there by; to a database without a client's name, Kysely. */
export interface StoreAddress {
  readonly url: string
  readonly client: PostgresClientName | null
}

/** The same of a database, opened. */
export interface StorePlace extends StoreAddress {
  readonly db: Kysely<SessionTables>
}

/** A store, and how it ends. */
export interface OpenedStore {
  readonly store: SessionStoreFactory
  close(): Promise<void>
}

/** Opens the store at an address, whatever it is that is there. */
export async function openStoreAt({ url, client }: StoreAddress): Promise<OpenedStore> {
  if (new URL(url).protocol === 'file:') {
    const store = fileStore({ sessionFilePath: fileURLToPath(url) })
    return { store, async close() {} }
  }
  if (new URL(url).protocol === 'memcached:') {
    const cache = memcachedClient(url.slice('memcached:'.length))
    return { store: memcachedStore(cache), close: async () => cache.close() }
  }
  if (new URL(url).protocol === 'http:') {
    return { store: httpStore(url, { token: serviceToken }), async close() {} }
  }
  if (new URL(url).protocol === 'redis:') return openRedisStore(url)
  const db = openDatabase(url)
  const { storeAt, close } = await openStores({ url, client, db })
  return {
    store: storeAt({}),
    async close() {
      await close()
      await db.destroy()
    },
  }
}

/** Opens the stores of a database. */
export async function openStores({ url, client, db }: StorePlace): Promise<OpenedStores> {
  if (client !== null) return postgresClients[client](url)
  return { storeAt: (names) => kyselyStore(db, names), async close() {} }
}
