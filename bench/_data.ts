/**
 * The sessions that the servers are asked for: 10,000 rows in Django's table, in a database of their
 * own.
 *
 * @module
 */
import { createHash } from 'node:crypto'

import { Client } from 'pg'

import { encode } from './_bare-codec.ts'

/** Where PostgreSQL is. */
export const serverUrl: string =
  process.env['DATABASE_URL'] ??
  process.env['POSTGRES_URL'] ??
  'postgres://postgres@127.0.0.1:5432/postgres'

/** A database with sessions in it. */
export interface SessionDatabase {
  readonly url: string
  /** The data of one session, as it stands there. */
  payloadOf(key: string): Promise<string>
  /** Cleans up after writes, so that one way does not pay for another's. @param others - Tables of peers. */
  vacuum(...others: string[]): Promise<void>
  drop(): Promise<void>
}

/** What a session says: all but one the same, so that a server that does not decode knows it. */
export const usualTheme = 'dark'

/** The key of the session that says something else: who answers that has decoded it. */
export const oddKey: string = keyOf(0)

/** What the odd one says. */
export const oddTheme = 'light'

/** The key of a session; the load generator makes the same. */
export function keyOf(index: number): string {
  return String(index).padStart(32, '0')
}

/** The `Cookie` header for a session in Django's table. */
export function cookieOf(key: string): string {
  return `sessionid=${key}`
}

/** Those of all sessions but the odd one. */
export function cookiesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => cookieOf(keyOf(index + 1)))
}

/** 296 bytes of JSON, 331 characters once compressed and signed. */
export function sessionData(index: number): Record<string, unknown> {
  const hash = createHash('sha256').update(String(index)).digest('hex')
  return {
    _auth_user_id: String(index),
    _auth_user_backend: 'django.contrib.auth.backends.ModelBackend',
    _auth_user_hash: hash,
    theme: index === 0 ? oddTheme : usualTheme,
    cart: [
      { id: 17, count: 2 },
      { id: 1 + (index % 97), count: 1 },
    ],
    visits: 1,
    seen: ['/', '/shop/', '/cart/'],
    language: 'en',
  }
}

// As Django's migrations make it.
const table = `
  CREATE TABLE django_session (
    session_key varchar(40) PRIMARY KEY,
    session_data text NOT NULL,
    expire_date timestamptz NOT NULL
  );
  CREATE INDEX ON django_session (session_key varchar_pattern_ops);
  CREATE INDEX ON django_session (expire_date)`

/** Makes the database. The odd session is one more than the count. */
export async function createSessions(count: number): Promise<SessionDatabase> {
  const name = `async_django_bench_${process.pid}`
  await administer(`CREATE DATABASE ${name}`)
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(table)
  const indexes = Array.from({ length: count + 1 }, (_, index) => index)
  await client.query(
    `INSERT INTO django_session SELECT key, data, now() + interval '14 days'
      FROM unnest($1::text[], $2::text[]) AS made (key, data)`,
    [indexes.map(keyOf), indexes.map((index) => encode(JSON.stringify(sessionData(index))))],
  )
  const vacuum = async (...others: string[]): Promise<void> => {
    await client.query(`VACUUM ANALYZE ${['django_session', ...others].join()}`)
  }
  await vacuum()
  return {
    url,
    vacuum,
    async payloadOf(key) {
      const { rows } = await client.query<{ session_data: string }>(
        'SELECT session_data FROM django_session WHERE session_key = $1',
        [key],
      )
      return rows[0]?.session_data ?? ''
    },
    async drop() {
      await client.end()
      await administer(`DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
