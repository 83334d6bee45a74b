/**
 * What each store over a session table promises beyond the contract, on each engine.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

import { createDjango, type DjangoSettings } from 'async-django'
import { createSessionTable, kyselyStore } from 'async-django/stores/kysely'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { schemeOf } from '../_databases.ts'
import { clear, holdSweepLock, rawDate, secretKey, storeOf } from '../_session-tables.ts'
import { type Engine, ENGINES, type OpenEngine, type SharedDatabase } from '../setup.ts'

const planted = 'plantedplantedplantedplanted0000'
const next = { payload: 'a payload', expireDate: new Date(Date.now() + 60_000) }
const expired = { ...next, expireDate: new Date(0) }

const engines = ENGINES.filter(({ hasDatabase = true }) => hasDatabase)

describe.each(engines)('$name', ({ name, open, skipReason }: Engine) => {
  describe.skipIf(skipReason !== null)('a session table', () => {
    let opened: OpenEngine
    let database: SharedDatabase
    beforeAll(async () => {
      opened = await open()
      if (opened.database === null) throw new Error('There is no database.')
      database = opened.database
    })
    beforeEach(() => opened.empty())
    afterAll(() => opened.close())

    test('may have another name, in a schema, and columns of other names', async () => {
      const { db, storeAt } = database
      const names = {
        table: `${await otherSchema(database)}.Odd "name" of \`mine\``,
        columns: { sessionKey: 'Key', sessionData: 'select', expireDate: 'the end' },
      }
      await createSessionTable(db, names)
      await createSessionTable(db, names)
      const store = storeOf(storeAt(names))
      expect(await store.create(planted, next)).not.toBeNull()
      expect(await store.create(planted, next)).toBeNull()
      const stored = await store.load(planted)
      expect(stored?.payload).toBe(next.payload)
      expect((await store.loadMany?.([planted])) ?? new Map([[planted, stored]])).toHaveProperty(
        'size',
        1,
      )
      expect(await store.update(planted, next, stored ?? next)).toMatchObject({ outcome: 'saved' })
      expect((await store.newest?.(1))?.map(({ key }) => key)).toEqual([planted])
      expect(await store.touch(planted, new Date(0))).toBe(true)
      expect(await clear(store)).toEqual([{ deleted: 1, done: true }])
      expect(await store.delete(planted)).toBe('missing')
      expect(await store.delete(planted, next)).toBe('missing')
    })

    test('holds dates as Django writes them', async () => {
      const expireDate = new Date('2031-07-01T12:00:00.120Z')
      const written = async (settings: Partial<DjangoSettings>): Promise<string> => {
        const store = storeOf(opened.store, { timeZone: 'Asia/Tokyo', ...settings })
        await store.delete(planted)
        await store.create(planted, { ...next, expireDate })
        return rawDate(database.url, database.db)
      }
      const isMoment = schemeOf(database.url) === 'postgres'
      const fraction = isMoment ? '.12' : '.120000'
      expect(await written({ useTz: true })).toBe(`2031-07-01 12:00:00${fraction}`)
      expect(await written({ useTz: false })).toBe(
        isMoment ? `2031-07-01 12:00:00${fraction}` : `2031-07-01 21:00:00${fraction}`,
      )
    })

    test('may refuse a row for what is no taken key: that is thrown', async () => {
      const { db, storeAt } = database
      await createSessionTable(db, { table: 'with_unique' })
      await sql`ALTER TABLE with_unique ADD COLUMN device varchar(40)`.execute(db)
      await sql`CREATE UNIQUE INDEX one_device ON with_unique (device)`.execute(db)
      const store = storeOf(storeAt({ table: 'with_unique' }))
      const withDevice = { ...next, columns: { device: 'mine' } }
      await store.create('first000', withDevice)
      await expect(store.create('second00', withDevice)).rejects.toThrow(/.../)
      await expect(store.create('second00', { ...next, columns: { no: 1 } })).rejects.toThrow(/.../)
      expect(await store.create('first000', { ...next, columns: { device: 'other' } })).toBeNull()
    })

    test('is named in no error, nor a session key, nor what a session holds', async () => {
      const django = createDjango({
        settings: { secretKey },
        store: opened.store,
        sessionColumns: () => ({ [planted]: planted }),
      })
      const session = django.sessions.get(null)
      session.set(planted, planted)
      const failed = await session.save().catch((error: unknown) => error)
      expect(failed).toMatchObject({ code: 'ERR_STORE', operation: 'create' })
      expect(inspect(failed, { depth: 9, showHidden: true })).not.toContain('planted')
    })

    test('may be missing, and that is said', async () => {
      const django = createDjango({
        settings: { secretKey },
        store: database.storeAt({ table: 'no_such_table' }),
      })
      await expect(django.sessions.get(planted).load()).rejects.toMatchObject({
        code: 'ERR_STORE',
        status: 500,
      })
      expect((await django.check()).map(({ code }) => code)).toEqual(['store'])
    })

    if (name === 'sqlite') return // It has one writer at a time.
    describe('beside others', () => {
      test('is cleared by one at a time', async () => {
        const store = storeOf(opened.store)
        await store.create(planted, expired)
        const release = await holdSweepLock(database.url)
        expect(await clear(store)).toEqual([{ deleted: 0, done: true }])
        await release()
        await expect.poll(() => clear(store)).toEqual([{ deleted: 1, done: true }])
      })

      test('keeps what was being saved while it was cleared', async () => {
        const { db, url } = database
        const store = storeOf(opened.store)
        const created = await store.create(planted, expired)
        const { clearing } = await db.transaction().execute(async (transaction) => {
          const saving = storeOf(kyselyStore(transaction))
          await saving.update(planted, { ...next, payload: 'saved' }, created?.stored ?? next)
          const begun = clear(store)
          // PostgreSQL passes over the row; MySQL waits for it, and then sees that it lives again.
          await (schemeOf(url) === 'postgres' ? begun : deletionBegun(database))
          return { clearing: begun }
        })
        expect(await clearing).toEqual([{ deleted: 0, done: true }])
        expect((await store.load(planted))?.payload).toBe('saved')
      })
    })
  })
})

async function otherSchema({ url, db }: SharedDatabase): Promise<string> {
  if (schemeOf(url) === 'sqlite') return 'main'
  if (schemeOf(url) !== 'postgres') return new URL(url).pathname.slice(1)
  await sql`CREATE SCHEMA other`.execute(db)
  return 'other'
}

/** Waits until MySQL is at a deletion, which ends at once unless it waits for a row. */
async function deletionBegun({ db }: SharedDatabase): Promise<void> {
  for (;;) {
    const { rows } = await sql`SELECT 1 FROM information_schema.processlist
      WHERE db = DATABASE() AND info LIKE 'DELETE FROM%'`.execute(db)
    if (rows.length > 0) return
    await sleep(10)
  }
}
