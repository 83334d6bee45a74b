/**
 * What Kysely's store promises beyond the contract, on each engine that it speaks.
 *
 * @module
 */
import { inspect } from 'node:util'

import {
  type ClearProgress,
  createDjango,
  type DjangoSettings,
  type SessionStore,
  type SessionStoreFactory,
} from 'async-django'
import { createSessionTable, kyselyStore } from 'async-django/stores/kysely'
import { testSessionStore } from 'async-django/testing'
import { CamelCasePlugin, CompiledQuery, type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { openDatabase, schemeOf, type SessionTables } from '../_databases.ts'
import { type Engine, ENGINES, type OpenEngine } from '../setup.ts'

const secretKey = 'a secret of these tests'
const planted = 'plantedplantedplantedplanted0000'
const names = ['sqlite', 'postgres', 'mysql', 'mariadb']
const engines = ENGINES.filter(({ name }) => names.includes(name))

/** The store that a factory makes, with the codecs that it would be given. */
function storeOf(
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

function soon(): Date {
  return new Date(Date.now() + 60_000)
}

const next = { payload: 'a payload', expireDate: soon() }

describe.each(engines)('$name', ({ open, skipReason }: Engine) => {
  describe.skipIf(skipReason !== null)('kyselyStore', () => {
    let opened: OpenEngine
    let url: string
    let db: Kysely<SessionTables>
    beforeAll(async () => {
      opened = await open()
      if (opened.database === null) throw new Error('There is no database.')
      url = opened.database.url
      db = opened.database.db
    })
    beforeEach(() => opened.empty())
    afterAll(() => opened.close())

    test('leaves plugins out, also one that renames columns', async () => {
      const store = storeOf(kyselyStore(db.withPlugin(new CamelCasePlugin({ upperCase: true }))))
      await store.create(planted, next)
      expect((await store.load(planted))?.payload).toBe(next.payload)
    })

    test('goes to another table, in a schema, with columns of other names', async () => {
      const schema = { sqlite: 'main', postgres: 'other', mysql: new URL(url).pathname.slice(1) }
      const kind = schemeOf(url) === 'mariadb' ? 'mysql' : schemeOf(url)
      if (kind === 'postgres') await sql`CREATE SCHEMA other`.execute(db)
      const options = {
        table: `${Reflect.get(schema, kind)}.Odd "name" of \`mine\``,
        columns: { sessionKey: 'Key', sessionData: 'select', expireDate: 'the end' },
      }
      await createSessionTable(db, options)
      await createSessionTable(db, options)
      const store = storeOf(kyselyStore(db, options))
      expect(await store.create(planted, next)).not.toBeNull()
      expect(await store.create(planted, next)).toBeNull()
      const stored = await store.load(planted)
      expect(stored?.payload).toBe(next.payload)
      expect(await store.update(planted, next, stored ?? next)).toMatchObject({ outcome: 'saved' })
      expect((await store.newest?.(1))?.map(({ key }) => key)).toEqual([planted])
      expect(await store.touch(planted, new Date(0))).toBe(true)
      expect(await clear(store)).toEqual([{ deleted: 1, done: true }])
      expect(await store.delete(planted)).toBe('missing')
    })

    test('makes one table where many make it at once', async () => {
      const table = 'made_by_many'
      await Promise.all(Array.from({ length: 8 }, () => createSessionTable(db, { table })))
      const store = storeOf(kyselyStore(db, { table }))
      expect(await store.exists(planted)).toBe(false)
    })

    test('writes dates as Django does', async () => {
      const expireDate = new Date('2031-07-01T12:00:00.120Z')
      const written = async (settings: Partial<DjangoSettings>, zone?: string): Promise<string> => {
        const options = zone === undefined ? {} : { databaseTimeZone: zone }
        const store = storeOf(kyselyStore(db, options), { timeZone: 'Asia/Tokyo', ...settings })
        await store.delete(planted)
        await store.create(planted, { ...next, expireDate })
        return rawDate(db, url)
      }
      const fraction = schemeOf(url) === 'postgres' ? '.12' : '.120000'
      const isMoment = schemeOf(url) === 'postgres'
      expect(await written({ useTz: true })).toBe(`2031-07-01 12:00:00${fraction}`)
      expect(await written({ useTz: false })).toBe(
        isMoment ? `2031-07-01 12:00:00${fraction}` : `2031-07-01 21:00:00${fraction}`,
      )
      expect(await written({ useTz: true }, 'America/Phoenix')).toBe(
        isMoment ? `2031-07-01 12:00:00${fraction}` : `2031-07-01 05:00:00${fraction}`,
      )
    })

    test('throws what is no taken key, also where a column is unique', async () => {
      await createSessionTable(db, { table: 'with_unique' })
      await sql`ALTER TABLE with_unique ADD COLUMN device varchar(40)`.execute(db)
      await sql`CREATE UNIQUE INDEX one_device ON with_unique (device)`.execute(db)
      const store = storeOf(kyselyStore(db, { table: 'with_unique' }))
      const withDevice = { ...next, columns: { device: 'mine' } }
      await store.create('first000', withDevice)
      await expect(store.create('second00', withDevice)).rejects.toThrow(/.../)
      await expect(store.create('second00', { ...next, columns: { no: 1 } })).rejects.toThrow(/.../)
      expect(await store.create('first000', { ...next, columns: { device: 'other' } })).toBeNull()
    })

    test('says in no error what a session holds, nor its key', async () => {
      const django = createDjango({
        settings: { secretKey },
        store: kyselyStore(db),
        sessionColumns: () => ({ [planted]: planted }),
      })
      const session = django.sessions.get(null)
      session.set(planted, planted)
      const failed = await session.save().catch((error: unknown) => error)
      expect(failed).toMatchObject({ code: 'ERR_STORE', operation: 'create' })
      expect(inspect(failed, { depth: 9, showHidden: true })).not.toContain('planted')
    })

    test('says that the table is missing', async () => {
      const django = createDjango({
        settings: { secretKey },
        store: kyselyStore(db, { table: 'no_such_table' }),
      })
      await expect(django.sessions.get(planted).load()).rejects.toMatchObject({
        code: 'ERR_STORE',
        status: 500,
      })
      expect((await django.check()).map(({ code }) => code)).toEqual(['store'])
    })

    test('clears nothing while another worker does', async () => {
      const store = storeOf(opened.store)
      await store.create(planted, { ...next, expireDate: new Date(0) })
      const release = await holdSweepLock(url)
      if (release === null) return
      expect(await clear(store)).toEqual([{ deleted: 0, done: true }])
      await release()
      expect(await clear(store)).toEqual([{ deleted: 1, done: true }])
    })

    test('passes over what is being saved while it clears', async () => {
      const store = storeOf(opened.store)
      const created = await store.create(planted, { ...next, expireDate: new Date(0) })
      if (schemeOf(url) === 'sqlite' || created === null) return
      const saving = db.transaction().execute(async (transaction) => {
        const inTransaction = storeOf(kyselyStore(transaction))
        await inTransaction.update(planted, { ...next, payload: 'saved' }, created.stored)
        // PostgreSQL passes over the row, MySQL waits for it, and then sees that it lives again.
        const clearing = clear(store)
        if (schemeOf(url) === 'postgres') await clearing
        return clearing
      })
      await Promise.race([saving, new Promise((resolve) => setTimeout(resolve, 200))])
      await saving
      expect((await store.load(planted))?.payload).toBe('saved')
    })
  })
})
