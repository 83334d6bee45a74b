/**
 * Updates that the store of PostgreSQL makes as one, beside whatever else holds their rows: none is
 * held up by another's, none is lost, and there is no deadlock.
 *
 * @module
 */
import type { KeyedUpdate, SessionStore, Updated } from 'async-django'
import { sql } from 'kysely'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Deadline } from '../../src/session/deadline.ts'
import { GuardedStore } from '../../src/session/guarded-store.ts'
import { storeOf } from '../_session-tables.ts'
import { openStores } from '../_stores.ts'
import { type Engine, ENGINES, type OpenEngine, type SharedDatabase } from '../setup.ts'

const ways = ['pool', 'pipelined pool', 'postgres.js', 'pgbouncer'].map((way) => `postgres, ${way}`)
const engines = ENGINES.filter(({ name }) => ways.includes(name))
const expireDate = new Date('2031-07-01T12:00:00Z')
const keys = Array.from({ length: 8 }, (_, at) => `hot${String(at).padStart(29, '0')}`)

/** What each store, and each stranger, writes. */
const storesAtOnce = 3
const writersOfStore = 16
const strangers = 4
const timesEach = 15

describe.each(engines)('$name', ({ open, skipReason }: Engine) => {
  describe.skipIf(skipReason !== null)('updates as one', () => {
    let opened: OpenEngine
    let database: SharedDatabase
    let store: SessionStore
    beforeEach(async () => {
      opened = await open()
      if (opened.database === null) throw new Error('There is no database.')
      database = opened.database
      store = storeOf(opened.store)
      for (const key of keys) await store.create(key, { payload: '0', expireDate })
    })
    afterEach(() => opened.close())

    test('wait for no row that somebody holds, and none of them for another', async () => {
      const [alone = '', busy = '', theirs = '', gone = '', ...free] = keys
      const guarded = new GuardedStore(store)
      const late: string[] = []
      const update = (key: string, payload: string): Promise<Updated> => {
        const next = { payload, expireDate }
        return guarded.update(key, next, { payload: '0', expireDate }, new Deadline(30_000))
      }
      await store.update(theirs, { payload: 'theirs', expireDate }, { payload: '0', expireDate })
      await store.delete(gone)
      await whileHeld(database, busy, async () => {
        const first = update(alone, alone)
        void update(busy, 'busy').then(({ outcome }) => late.push(outcome))
        const others = await Promise.all([theirs, gone, ...free].map((key) => update(key, key)))
        expect((await first).outcome).toBe('saved')
        expect(others.map(({ outcome }) => outcome)).toEqual([
          'conflict',
          'missing',
          ...free.map(() => 'saved'),
        ])
        expect(others[0]).toMatchObject({ current: { payload: 'theirs', expireDate } })
        expect(late).toEqual([])
      })
      await expect.poll(() => late).toEqual(['saved'])
      expect(await payloads(database)).toEqual([alone, 'busy', 'theirs', ...free])
    })

    test('leave alone what is held or missing, and tell the rest', async () => {
      const [busy = '', theirs = '', gone = '', free = ''] = keys
      await store.update(theirs, { payload: 'theirs', expireDate }, { payload: '0', expireDate })
      await store.delete(gone)
      await whileHeld(database, busy, async () => {
        const outcomes = await store.updateMany?.(
          [busy, theirs, gone, free].map((key) => updateOf(key, key)),
          { signal: AbortSignal.timeout(30_000) },
        )
        const told = [...(outcomes ?? [])].map(([key, { outcome }]) => [key, outcome])
        expect(Object.fromEntries(told)).toEqual({ [theirs]: 'conflict', [free]: 'saved' })
      })
    })

    test('do nothing where one of them is refused, which is then refused alone', async () => {
      const refused = updateOf(keys[0] ?? '', 'with \u0000 in it')
      const others = keys.slice(1).map((key) => updateOf(key, 'new "text" {with} \\ , NULL'))
      expect(await store.updateMany?.([refused, ...others])).toEqual(new Map())
      const guarded = new GuardedStore(store)
      const outcomes = await Promise.allSettled(
        [updateOf(keys[0] ?? '', '0'), refused, ...others].map(({ key, next, previous }) =>
          guarded.update(key, next, previous, new Deadline(30_000)),
        ),
      )
      expect(outcomes[1]).toMatchObject({
        status: 'rejected',
        reason: { code: 'ERR_STORE', operation: 'update', cause: { code: '22021' } },
      })
      for (const outcome of outcomes.toSpliced(1, 1)) {
        expect(outcome).toMatchObject({ status: 'fulfilled', value: { outcome: 'saved' } })
      }
      expect(await payloads(database)).toEqual(['0', ...others.map(({ next }) => next.payload)])
    })

    test('count beside each other, and beside those who hold rows, with no deadlock', async () => {
      const { db, url } = database
      await sql.raw(`ALTER DATABASE ${databaseName(url)} SET deadlock_timeout = '20ms'`).execute(db)
      const others = await Promise.all(
        Array.from({ length: storesAtOnce }, () => openStores(database)),
      )
      let together = 0
      const counts = await Promise.all([
        ...others.map(({ storeAt }) => {
          const inner = storeOf(storeAt({}))
          const counted: SessionStore = {
            ...inner,
            updateMany(updates, call) {
              together += updates.length
              return inner.updateMany?.(updates, call) ?? Promise.resolve(new Map())
            },
          }
          return countByStore(new GuardedStore(counted))
        }),
        ...Array.from({ length: strangers }, () => countAsStranger(url)),
      ])
      for (const { close } of others) await close()

      const expected = keys.map((key) => counts.reduce((sum, count) => sum + (count[key] ?? 0), 0))
      expect(await payloads(database)).toEqual(expected.map(String))
      expect(together).toBeGreaterThan(0)
      expect(await deadlocks(database)).toBe(0)
    })
  })
})

/** How often each key was counted up. */
type Counts = Record<string, number>

function updateOf(key: string, payload: string): KeyedUpdate {
  return { key, next: { payload, expireDate }, previous: { payload: '0', expireDate } }
}

/** Many writers at once, over what each read, as `RowWriter` does it. */
async function countByStore(store: GuardedStore): Promise<Counts> {
  const counts: Counts = {}
  const deadline = (): Deadline => new Deadline(30_000)
  const write = async (): Promise<void> => {
    for (let time = 0; time < timesEach; time++) {
      const key = anyKey()
      for (let isSaved = false; !isSaved;) {
        const read = await store.load(key, deadline())
        if (read === null) throw new Error('A session is gone.')
        const next = { payload: String(Number(read.payload) + 1), expireDate }
        const { outcome } = await store.update(key, next, read, deadline())
        isSaved = outcome === 'saved'
      }
      counts[key] = (counts[key] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: writersOfStore }, write))
  return counts
}

/** One who takes two rows in a transaction, always in one order, as well as single ones. */
async function countAsStranger(url: string): Promise<Counts> {
  const counts: Counts = {}
  const client = new Client({ connectionString: url })
  await client.connect()
  const count = async (key: string): Promise<void> => {
    await client.query(
      `UPDATE django_session SET session_data = session_data::int + 1 WHERE session_key = $1`,
      [key],
    )
    counts[key] = (counts[key] ?? 0) + 1
  }
  for (let time = 0; time < timesEach; time++) {
    await count(anyKey())
    await client.query('BEGIN')
    for (const key of [...new Set([anyKey(), anyKey()])].toSorted()) await count(key)
    await client.query('COMMIT')
  }
  await client.end()
  return counts
}

function anyKey(): string {
  return keys[Math.floor(Math.random() * keys.length)] ?? ''
}

/** Holds a row, as a slow writer does, for as long as something takes. */
async function whileHeld(
  { url }: SharedDatabase,
  key: string,
  run: () => Promise<unknown>,
): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('BEGIN')
  await client.query('SELECT FROM django_session WHERE session_key = $1 FOR UPDATE', [key])
  try {
    await run()
  } finally {
    await client.end()
  }
}

async function payloads({ db }: SharedDatabase): Promise<string[]> {
  const rows = await db
    .selectFrom('django_session')
    .select('session_data')
    .orderBy('session_key')
    .execute()
  return rows.map(({ session_data }) => session_data)
}

/** How many the server has met; connections tell when they end. */
async function deadlocks({ db }: SharedDatabase): Promise<number> {
  const { rows } = await sql<{ deadlocks: string }>`SELECT deadlocks FROM pg_stat_database
    WHERE datname = current_database()`.execute(db)
  return Number(rows[0]?.deadlocks)
}

function databaseName(url: string): string {
  return new URL(url).pathname.slice(1)
}
