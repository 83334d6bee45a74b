/**
 * What tests of stores over a session table share.
 *
 * @module
 */
import {
  type ClearProgress,
  createDjango,
  type DjangoSettings,
  type SessionStore,
  type SessionStoreFactory,
} from 'async-django'
import { type Kysely, sql } from 'kysely'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'

import { sweeperLock } from '../src/stores/_session-table.ts'
import { schemeOf, type SessionTables } from './_databases.ts'

/** The secret of these tests. */
export const secretKey = 'a secret of these tests'

/** The store that a factory makes, with the codecs that it would be given. */
export function storeOf(
  factory: SessionStoreFactory,
  settings: Partial<DjangoSettings> = {},
): SessionStore {
  const made: SessionStore[] = []
  createDjango({
    settings: { secretKey, ...settings },
    store(context) {
      const store = factory(context)
      made.push(store)
      return store
    },
  })
  const [store] = made
  if (!store) throw new Error('There is no store.')
  return store
}

/** Clears, and answers what was told of it. */
export async function clear(store: SessionStore): Promise<ClearProgress[]> {
  const told: ClearProgress[] = []
  for await (const progress of store.clearExpired({})) told.push(progress)
  return told
}

/** The date of the only row, as it stands in the table: in PostgreSQL, where it is a moment, in UTC. */
export async function rawDate(url: string, db: Kysely<SessionTables>): Promise<string> {
  const date = {
    sqlite: sql<string>`expire_date`,
    postgres: sql<string>`CAST(expire_date AT TIME ZONE 'UTC' AS text)`,
    mysql: sql<string>`CAST(expire_date AS char)`,
    mariadb: sql<string>`CAST(expire_date AS char)`,
  }[schemeOf(url)]
  const row = await db
    .selectFrom('django_session')
    .select(date.as('date'))
    .executeTakeFirstOrThrow()
  return row.date
}

/** Holds what one who clears Django's table holds. Answers how it is let go. */
export async function holdSweepLock(url: string): Promise<() => Promise<void>> {
  if (schemeOf(url) === 'postgres') {
    const client = new Client({ connectionString: url })
    await client.connect()
    const lock = sweeperLock({ table: 'django_session' })
    await client.query('SELECT pg_advisory_lock($1, $2)', [...lock])
    return () => client.end()
  }
  const connection = await createConnection(url.replace(/^mariadb:/, 'mysql:'))
  await connection.query(
    "SELECT GET_LOCK(CONCAT('async-django.', MD5(CONCAT(DATABASE(), 'django_session'))), 0)",
  )
  return () => connection.end()
}
