/**
 * What Kysely's store promises beside what all stores over a table do, on each engine it speaks.
 *
 * @module
 */
import { createSessionTable, kyselyStore } from 'async-django/stores/kysely'
import { CamelCasePlugin } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { schemeOf } from '../_databases.ts'
import { rawDate, storeOf } from '../_session-tables.ts'
import { type Engine, ENGINES, type OpenEngine, type SharedDatabase } from '../setup.ts'

const key = 'abcdefghijklmnopqrstuvwxyz012345'
const next = { payload: 'a payload', expireDate: new Date('2031-07-01T12:00:00.120Z') }
const names = ['sqlite', 'postgres', 'mysql', 'mariadb']
const engines = ENGINES.filter(({ name }) => names.includes(name))

describe.each(engines)('$name', ({ open, skipReason }: Engine) => {
  describe.skipIf(skipReason !== null)('kyselyStore', () => {
    let opened: OpenEngine
    let database: SharedDatabase
    beforeAll(async () => {
      opened = await open()
      if (opened.database === null) throw new Error('There is no database.')
      database = opened.database
    })
    beforeEach(() => opened.empty())
    afterAll(() => opened.close())

    test('leaves plugins out, also one that renames columns', async () => {
      const db = database.db.withPlugin(new CamelCasePlugin({ upperCase: true }))
      const store = storeOf(kyselyStore(db))
      await store.create(key, next)
      expect((await store.load(key))?.payload).toBe(next.payload)
    })

    test('makes one table where many make it at once', async () => {
      const { db } = database
      const table = 'made_by_many'
      await Promise.all(Array.from({ length: 8 }, () => createSessionTable(db, { table })))
      const store = storeOf(kyselyStore(db, { table }))
      expect(await store.exists(key)).toBe(false)
    })

    test('writes dates in the time zone of the database', async () => {
      const { url, db } = database
      const store = storeOf(kyselyStore(db, { databaseTimeZone: 'America/Phoenix' }))
      await store.create(key, next)
      const written = await rawDate(url, db)
      const isMoment = schemeOf(url) === 'postgres'
      expect(written).toBe(isMoment ? '2031-07-01 12:00:00.12' : '2031-07-01 05:00:00.120000')
      expect((await store.load(key))?.expireDate).toEqual(next.expireDate)
    })
  })
})
