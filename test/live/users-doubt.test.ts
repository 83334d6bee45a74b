/**
 * A server with another secret, beside a real Django, on the layout of the database engine and on
 * that of a cache engine, whose payloads nobody signs: fifty visitors who are logged in at Django
 * walk through it, and Django still knows all fifty.
 *
 * @module
 */
import { createDjango, type Django, type SessionStoreFactory } from 'async-django'
import { kyselyStore } from 'async-django/stores/kysely'
import { kyselyUserStore } from 'async-django/users/kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { Codec } from '../../src/session/codec.ts'
import { type LiveDatabase, makeDatabase } from './_databases.ts'
import { liveReleases } from './_pythons.ts'
import { UsersProcess } from './_users-process.ts'
import { Browser, usersSite } from './_users-site.ts'

const release = (await liveReleases()).find(({ series }) => series === '5.2')
const secretKey = 'live-tests-secret-0123456789abcdefghijklmnopqrstuvwxyz'
const fast = 'django.contrib.auth.hashers.MD5PasswordHasher'
const names = Array.from({ length: 50 }, (_, at) => `visitor-${at}`)

describe.skipIf(!release?.python)('a server with another secret', () => {
  let database: LiveDatabase
  let real: UsersProcess
  let keys: string[] = []

  beforeAll(async () => {
    database = await makeDatabase('sqlite3')
    real = new UsersProcess(release?.python ?? '', {
      SECRET_KEY: secretKey,
      USE_TZ: true,
      TIME_ZONE: 'UTC',
      DATABASES: { default: database.django },
      PASSWORD_HASHERS: [fast],
    })
    await real.migrate()
    for (const name of names) await real.createUser(name, 'secret', { is_staff: true })
  })
  beforeEach(async () => {
    keys = []
    for (const name of names) keys.push((await real.logIn(name, 'secret')) ?? '')
  })
  afterAll(async () => {
    await real?.stop()
    await database?.close()
  })

  /** What a cache engine keeps can be read with any secret. */
  function cacheLayout(): SessionStoreFactory {
    const codecs: Codec[] = []
    open((context) => {
      codecs.push(context.codecs.signed())
      return kyselyStore(database.db)(context)
    })
    const [codec] = codecs as [Codec]
    const signed = (): Codec => ({ ...codec, isSigned: false })
    return (context) =>
      kyselyStore(database.db)({ ...context, codecs: { ...context.codecs, signed } })
  }

  function open(store: SessionStoreFactory, secret: string = secretKey): Django {
    return createDjango({
      settings: { secretKey: secret },
      djangoVersion: '5.2',
      store,
      users: kyselyUserStore(database.db),
      auth: { passwordHashers: [fast] },
    })
  }

  async function walk(django: Django): Promise<Browser[]> {
    const visit = usersSite(django)
    const browsers = keys.map((key) => new Browser(visit, key))
    for (let round = 0; round < 2; round++) {
      const seen = await Promise.all(browsers.map((browser) => browser.who()))
      expect(new Set(seen)).toEqual(new Set([null]))
    }
    return browsers
  }

  test.each([
    ['the database engine', () => kyselyStore(database.db)],
    ['a cache engine', cacheLayout],
  ])('on the layout of %s, logs nobody out who looks', async (layout, store) => {
    const browsers = await walk(open(store(), 'not-the-secret-of-the-site'))
    const known = (await real.who(keys)).filter((name, at) => name === names[at])
    console.log(`${layout}: Django knows ${known.length} of ${keys.length}`)
    expect(known.length).toBe(50)
    expect(browsers.map(({ key }) => key)).toEqual(keys)
  })

  test('on the layout of a cache engine, does not take its own logins for proof', async () => {
    const django = open(cacheLayout(), 'not-the-secret-of-the-site')
    const own = new Browser(usersSite(django))
    await own.visit('/login', { username: 'visitor-0', password: 'secret' })
    expect(await own.who()).toBe('visitor-0')
    await walk(django)
    expect(await real.who(keys)).toEqual(names)
  })

  test('on the layout of a cache engine, the right secret ends what another password made', async () => {
    const django = open(cacheLayout())
    const visit = usersSite(django)
    const [first, second] = keys.map((key) => new Browser(visit, key)) as [Browser, Browser]
    expect(await first.who()).toBe('visitor-0')
    await real.ask('hash_with', {
      name: 'visitor-1',
      password: 'other',
      hasher: 'MD5PasswordHasher',
      iterations: null,
    })
    expect([await second.who(), second.key]).toEqual([null, null])
    const before = await real.ask<number>('session_rows')
    expect(before).toBeGreaterThanOrEqual(49)
    expect(await real.who(keys.slice(2))).toEqual(names.slice(2))
    await real.ask('hash_with', {
      name: 'visitor-1',
      password: 'secret',
      hasher: 'MD5PasswordHasher',
      iterations: null,
    })
  })
})
