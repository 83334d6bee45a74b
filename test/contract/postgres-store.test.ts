/**
 * What the store of PostgreSQL promises beside what all stores over a table do, by every client.
 *
 * @module
 */
import type { SessionStore } from 'async-django'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { TimedCall } from '../../src/session/timed-call.ts'
import { storeOf } from '../_session-tables.ts'
import { type Engine, ENGINES, type OpenEngine, type SharedDatabase } from '../setup.ts'

// Nobody can end what the only client waits for: all is answered once the row is let go.
const ways = ['pool', 'pipelined pool', 'postgres.js', 'pgbouncer'].map((way) => `postgres, ${way}`)
const engines = ENGINES.filter(({ name }) => ways.includes(name))
const expireDate = new Date('2031-07-01T12:00:00Z')
const held = 'heldheldheldheldheldheldheldheld'
const keys = Array.from({ length: 60 }, (_, at) => `another${String(at).padStart(25, '0')}`)

describe.each(engines)('$name', ({ name, open, skipReason }: Engine) => {
  describe.skipIf(skipReason !== null)('postgresStore', () => {
    let opened: OpenEngine
    let database: SharedDatabase
    let store: SessionStore
    beforeAll(async () => {
      opened = await open()
      if (opened.database === null) throw new Error('There is no database.')
      database = opened.database
      store = storeOf(opened.store)
    })
    beforeEach(async () => {
      await opened.empty()
      for (const key of [held, ...keys]) await store.create(key, { payload: key, expireDate })
    })
    afterAll(() => opened.close())

    test('answers others with their own, while what waits for a row is given up', async () => {
      const next = { payload: 'new', expireDate }
      const previous = { payload: held, expireDate }
      // PgBouncer does not tell which process works for whom, so what waits there may go on to write.
      const isPooled = name === 'postgres, pgbouncer'
      const stillWaiting = () => (isPooled ? 0 : waiting(database))
      const outcomes = isPooled ? [held, next.payload] : [held]
      // Connections send one behind another what they have prepared.
      for (let round = 0; round < 5; round++) {
        await Promise.all(keys.map((key) => store.load(key)))
        await Promise.all(keys.map((key) => store.update(key, next, previous)))
      }
      const calls: TimedCall[] = []
      await database.db.transaction().execute(async (transaction) => {
        await sql`SELECT FROM django_session WHERE session_key = ${held} FOR UPDATE`.execute(
          transaction,
        )
        const loads: Array<Promise<unknown>> = []
        const updates = keys.map((key) => {
          const call = new TimedCall()
          calls.push(call)
          const update = store.update(held, next, previous, call)
          loads.push(store.load(key))
          return update.catch((error: unknown) => error)
        })
        await expect.poll(() => waiting(database), { timeout: 30_000 }).toBeGreaterThan(0)
        for (const call of calls) call.end()
        for (const answer of await Promise.all(updates)) {
          expect(answer).toMatchObject({ code: '57014' })
        }
        const loaded = (await Promise.all(loads)) as ReadonlyArray<{ payload: string } | null>
        expect(loaded.map((one) => one?.payload)).toEqual(keys)
        await expect.poll(stillWaiting, { timeout: 30_000 }).toBe(0)
      })
      expect(outcomes).toContain((await store.load(held))?.payload)
      const again = await Promise.all(keys.map((key) => store.load(key)))
      expect(again.map((one) => one?.payload)).toEqual(keys)
    })
  })
})

/** How many statements wait for a lock there. */
async function waiting({ db }: SharedDatabase): Promise<number> {
  const { rows } = await sql<{ count: string }>`SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(db)
  return Number(rows[0]?.count)
}
