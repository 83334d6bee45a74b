import { isoUtc } from '../../src/formats/datetime.ts'
import { type OpenedSessionStore, testSessionStore } from 'async-django/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, test } from 'vitest'

import {
  type Engine,
  ENGINES,
  extraColumn,
  type OpenEngine,
  type SharedDatabase,
} from '../setup.ts'
import { schemeOf } from '../_databases.ts'

describe.each(ENGINES)('$name', (engine: Engine) => {
  describe.skipIf(engine.skipReason !== null)('session store', () => {
    let opened: OpenEngine
    beforeAll(async () => {
      opened = await engine.open()
    })
    afterAll(() => opened.close())

    testSessionStore(
      { describe, test, note: (message) => console.log(`${engine.name}: ${message}`) },
      {
        async open() {
          await opened.empty()
          return asSuite(opened)
        },
      },
    )
  })
})

function asSuite({ store, database, write, longest }: OpenEngine): OpenedSessionStore {
  return {
    factory: store,
    async close() {},
    ...(write && { write }),
    ...(longest !== undefined && { longest }),
    ...(database && { write: strangerOf(database), columns: columnsOf(database) }),
  }
}

/** Writes what Django would write, without asking what stands there. */
function strangerOf({ url, db }: SharedDatabase): NonNullable<OpenedSessionStore['write']> {
  const isPostgres = schemeOf(url) === 'postgres'
  return async (key, payload, expireDate) => {
    const iso = isoUtc(expireDate)
    const date = isPostgres ? iso : iso.replace('T', ' ').replace('+00:00', '')
    await db
      .updateTable('django_session')
      .set({ session_data: payload, expire_date: date })
      .where('session_key', '=', key)
      .execute()
  }
}

function columnsOf({ db }: SharedDatabase): NonNullable<OpenedSessionStore['columns']> {
  return {
    values: { [extraColumn]: 'Zoë "O\'Neil" \\ 漢字' },
    async read(key) {
      const { rows } = await sql<Record<string, unknown>>`
        SELECT ${sql.id(extraColumn)} FROM django_session WHERE session_key = ${key}`.execute(db)
      return rows[0] ?? {}
    },
  }
}
