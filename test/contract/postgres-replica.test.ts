/**
 * A PostgreSQL that follows another: a server that only reads may have it, and is behind for as long
 * as the replica is. One that writes may not.
 *
 * @module
 */
import { createDjango, type Django, type ReadOnlyDjango } from 'async-django'
import { loginRequired } from 'async-django/auth'
import { djangoFetch, guard } from 'async-django/fetch'
import { createSessionTable } from 'async-django/stores/kysely'
import { postgresStore } from 'async-django/stores/postgres'
import { createUserTables, kyselyUserStore } from 'async-django/users/kysely'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { openDatabase } from '../_databases.ts'
import { findProgram, type OwnPostgres, startPostgres, startReplica } from '../_own-servers.ts'

const isMissing = findProgram('initdb') === null && process.env['CI'] !== 'true'
if (isMissing) console.warn('Following PostgreSQL is skipped: install its server.')

const settings = { secretKey: 'a secret of these tests' }

/** A PostgreSQL, and clients of it. */
interface Side {
  readonly server: OwnPostgres
  readonly pool: Pool
  readonly db: ReturnType<typeof openDatabase>
}

describe.skipIf(isMissing)('a replica of PostgreSQL', { timeout: 60_000 }, () => {
  let primary: Side
  let replica: Side
  let writer: Django
  let reader: ReadOnlyDjango

  beforeAll(async () => {
    primary = openSide(await startPostgres())
    await createSessionTable(primary.db)
    await createUserTables(primary.db)
    replica = openSide(await startReplica(primary.server))
    writer = createDjango(optionsOf(primary))
    reader = createDjango({ ...optionsOf(replica), readOnly: true })
  }, 120_000)

  afterAll(async () => {
    for (const { pool, db, server } of [replica, primary]) {
      await Promise.all([pool.end(), db.destroy()])
      await server.close()
    }
  })

  /** The state of the replica: all that was written so far. */
  async function catchUp(): Promise<void> {
    const written = await ask(primary, 'SELECT pg_current_wal_lsn()::text')
    const isThere = `SELECT pg_last_wal_replay_lsn() >= '${String(written)}'::pg_lsn`
    await vi.waitUntil(async () => (await ask(replica, isThere)) === true, 30_000)
  }

  async function setReplay(what: 'pause' | 'resume'): Promise<void> {
    await ask(replica, `SELECT pg_wal_replay_${what}()`)
    const wanted = what === 'pause' ? 'paused' : 'not paused'
    const state = 'SELECT pg_get_wal_replay_pause_state()'
    await vi.waitUntil(async () => (await ask(replica, state)) === wanted, 30_000)
  }

  /** What a page shows to a visitor who comes with a cookie. */
  async function visit(
    cookie: string,
  ): Promise<{ status: number; body: string; cookies: string[] }> {
    const page = djangoFetch(
      reader,
      guard(loginRequired({ api: true }), async (_, { session, user }) => {
        const { data } = await session.load()
        return Response.json([(await user.load()).getUsername(), data['cart'] ?? null])
      }),
    )
    const response = await page(new Request('http://localhost/', { headers: { cookie } }))
    const cookies = response.headers.getSetCookie()
    return { status: response.status, body: await response.text(), cookies }
  }

  async function logIn(username: string): Promise<string> {
    return writer.users.forceLogin(await writer.users.create({ username, password: 'secret' }))
  }

  test('serves a server that only reads', async () => {
    const cookie = await logIn('ada')
    await changeCart(writer, cookie, 1)
    await catchUp()
    expect(await visit(cookie)).toEqual({ status: 200, body: '["ada",1]', cookies: [] })
  })

  test('tells what was, while it is behind, and destroys nothing', async () => {
    const cookie = await logIn('grace')
    await changeCart(writer, cookie, 1)
    await catchUp()
    await setReplay('pause')
    try {
      await changeCart(writer, cookie, 2)
      const newcomer = await logIn('mary')
      expect(await visit(cookie)).toEqual({ status: 200, body: '["grace",1]', cookies: [] })
      expect(await visit(newcomer)).toMatchObject({ status: 401, cookies: [] })
      await logOut(writer, cookie)
      expect(await visit(cookie), 'a logout is seen later').toMatchObject({ status: 200 })
      await setReplay('resume')
      await catchUp()
      expect(await visit(cookie)).toMatchObject({ status: 401, cookies: [] })
      expect(await visit(newcomer)).toMatchObject({ status: 200, body: '["mary",null]' })
    } finally {
      await setReplay('resume')
    }
  })

  test('refuses what a server writes, which then is an error and no lost change', async () => {
    const cookie = await logIn('joan')
    await changeCart(writer, cookie, 1)
    await catchUp()
    const mistaken = createDjango(optionsOf(replica))
    const page = djangoFetch(mistaken, async (_, { session }) => {
      ;(await session.load()).set('cart', 2)
      return new Response()
    })
    const request = new Request('http://localhost/', { headers: { cookie } })
    await expect(page(request)).rejects.toMatchObject({ code: 'ERR_STORE', status: 500 })
    expect(await visit(cookie)).toMatchObject({ status: 200, body: '["joan",1]' })
  })
})

function openSide(server: OwnPostgres): Side {
  const pool = new Pool({ connectionString: server.url, max: 4 })
  pool.on('error', () => {})
  return { server, pool, db: openDatabase(server.url) }
}

/** The one value that a query answers. */
async function ask({ pool }: Side, text: string): Promise<unknown> {
  const { rows } = await pool.query<[unknown]>({ text, rowMode: 'array' })
  return rows[0]?.[0]
}

function optionsOf({ pool, db }: Side) {
  return {
    settings,
    djangoVersion: '5.2',
    store: postgresStore(pool),
    users: kyselyUserStore(db),
    auth: { passwordHashers: ['MD5PasswordHasher'] },
  } as const
}

function sessionAt(django: Django, cookie: string) {
  return django.sessions.get(cookie.slice(cookie.indexOf('=') + 1))
}

async function changeCart(django: Django, cookie: string, cart: number): Promise<void> {
  const session = await sessionAt(django, cookie).load()
  session.set('cart', cart)
  await session.save()
}

async function logOut(django: Django, cookie: string): Promise<void> {
  await django.users.logout(await sessionAt(django, cookie).load())
}
