/**
 * Real Django and this package, over one table with one cache before it.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'

import { createDjango, type Django, type SessionStore } from 'async-django'
import { cachedDbStore } from 'async-django/stores/cached-db'
import { kyselyStore } from 'async-django/stores/kysely'
import { memcachedClient, memcachedStore } from 'async-django/stores/memcached'
import { expect } from 'vitest'

import { canonicalize } from '../../src/formats/json-source.ts'
import { cacheDrivers } from '../../tools/_python.ts'
import { type OwnMemcached, startMemcached } from '../_own-memcached.ts'
import { secretKey } from './_beside.ts'
import { makeDatabase } from './_databases.ts'
import { type EngineCheck, type EnginePlace, testEngine, testValues } from './_engine-sides.ts'

interface CachedTable extends EnginePlace {
  readonly cache: OwnMemcached
  /** Another process's way to the same table and cache. */
  another(): Django
  /** What stands in the row, and what in the cache; null for nothing. */
  texts(key: string): Promise<{ row: string | null; cache: string | null }>
  /** Takes the entry away, so that the next reader fills it. */
  forget(key: string): Promise<unknown>
}

const rounds = Number(process.env['CACHED_DB_ROUNDS'] ?? 100)
const atOnce = 50

await testEngine('cached_db', open, define, cacheDrivers)

function define(check: EngineCheck<CachedTable>): void {
  testValues(check)
  testRounds(check)
  testOutage(check)
}

async function open(): Promise<CachedTable> {
  const database = await makeDatabase('sqlite3')
  const cache = await startMemcached()
  const client = memcachedClient(cache.location)
  const factory = cachedDbStore(kyselyStore(database.db), memcachedStore(client))
  const parts: { table?: SessionStore; entries?: SessionStore } = {}
  createDjango({
    settings: { secretKey },
    store(context) {
      parts.table = kyselyStore(database.db)(context)
      parts.entries = memcachedStore(client)({ ...context, cacheEngine: 'cached_db' })
      return parts.table
    },
  })
  const clients = [client]
  return {
    cache,
    settings: {
      SESSION_ENGINE: 'django.contrib.sessions.backends.cached_db',
      CACHES: {
        default: {
          BACKEND: 'django.core.cache.backends.memcached.PyMemcacheCache',
          LOCATION: cache.location,
        },
      },
    },
    database: database.django,
    store: factory,
    another() {
      const own = memcachedClient(cache.location)
      clients.push(own)
      const store = cachedDbStore(kyselyStore(database.db), memcachedStore(own))
      return createDjango({ settings: { secretKey }, store })
    },
    async texts(key) {
      const [row, entry] = await Promise.all([parts.table?.load(key), parts.entries?.load(key)])
      return {
        row: row ? canonicalize(parts.table?.codec.decode(row.payload) ?? '') : null,
        cache: entry ? canonicalize(parts.entries?.codec.decode(entry.payload) ?? '') : null,
      }
    },
    forget: (key) => parts.entries?.delete(key) ?? Promise.resolve(),
    async close() {
      for (const one of clients) one.close()
      await cache.kill()
      await database.close()
    },
  }
}

function testRounds(check: EngineCheck<CachedTable>): void {
  check(
    'agrees',
    `after ${rounds} rounds of two writers and a Django that reads`,
    async (sides) => {
      const writers = [sides.place.another(), sides.place.another()]
      let cached = 0
      for (let round = 0; round < rounds; round += atOnce) {
        const keys = await Promise.all(
          Array.from({ length: atOnce }, async () => {
            const session = await sides.django.sessions.get(null).load()
            session.set('count', 0)
            await session.save()
            return session.key ?? ''
          }),
        )
        await Promise.all(
          keys.flatMap((key, at) => [
            ...(at % 2 === 0 ? [sides.place.forget(key)] : []),
            sides.real.readData(key),
            ...writers.map((writer) =>
              writer.sessions.get(key).change((data) => {
                data['count'] = Number(data['count']) + 1
              }),
            ),
          ]),
        )
        await sleep(500)
        for (const key of keys) {
          const { row, cache } = await sides.place.texts(key)
          expect(row).toBe('{"count":2}')
          expect(cache ?? row).toBe(row)
          if (cache !== null) cached += 1
        }
      }
      console.log(`${cached} of ${rounds} were in the cache afterwards`)
    },
  )
}

function testOutage(check: EngineCheck<CachedTable>): void {
  check(
    'outage',
    'sessions are read and saved while the cache is away',
    async ({ django, place }) => {
      const session = await django.sessions.get(null).load()
      session.set('a', 1)
      await session.save()
      await place.cache.kill()
      const again = await django.sessions.get(session.key).load()
      expect(again.data).toEqual({ a: 1 })
      again.set('b', 2)
      await again.save()
      await place.cache.start()
      expect((await django.sessions.get(session.key).load()).data).toEqual({ a: 1, b: 2 })
    },
  )
}
