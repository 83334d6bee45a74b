/**
 * What `postgresStore` takes, opened by name, so that another process can open the same.
 *
 * @module
 */
import type { SessionStoreFactory } from 'async-django'
import { postgresStore } from 'async-django/stores/postgres'
import { Client, Pool } from 'pg'
import postgres from 'postgres'

import { startPgbouncer } from './_own-servers.ts'

/** A store, and how it ends. */
export interface OpenedStore {
  readonly store: SessionStoreFactory
  close(): Promise<void>
}

/** As many connections as 20 writers want. */
const connections = 10

/** A way to PostgreSQL. */
export type PostgresClientName =
  'pool' | 'pipelined pool' | 'pipelined client' | 'postgres.js' | 'pgbouncer'

/** Opens a store each way. */
export const postgresClients: Readonly<
  Record<PostgresClientName, (url: string) => Promise<OpenedStore>>
> = {
  async pool(url) {
    const pool = new Pool({ connectionString: url, max: connections })
    return { store: postgresStore(pool), close: () => pool.end() }
  },
  async 'pipelined pool'(url) {
    const pool = new Pool({ connectionString: url, max: connections, pipeline: true })
    return { store: postgresStore(pool), close: () => pool.end() }
  },
  async 'pipelined client'(url) {
    const client = new Client({ connectionString: url, pipeline: true })
    await client.connect()
    return { store: postgresStore(client), close: () => client.end() }
  },
  async 'postgres.js'(url) {
    const sql = postgres(url, { max: connections })
    return { store: postgresStore(sql), close: () => sql.end() }
  },
  async pgbouncer(url) {
    const pgbouncer = await startPgbouncer(url)
    const pool = new Pool({ connectionString: pgbouncer.url, max: connections })
    return {
      store: postgresStore(pool, { prepare: false }),
      async close() {
        await pool.end()
        await pgbouncer.close()
      },
    }
  },
}
