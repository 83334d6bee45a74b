/**
 * Real Django and this package, over one cache in Redis: Django's own, and django-redis in each of its
 * forms. What one writes, the other reads, and what one ends is ended.
 *
 * @module
 */
import { createDjango, type Django } from 'async-django'
import type { RedisStoreOptions } from 'async-django/stores/redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { cacheDrivers } from '../../tools/_python.ts'
import { ask, type OwnRedis, startRedis } from '../_own-redis.ts'
import { findProgram } from '../_own-servers.ts'
import { openRedisStore, redisAddress, type RedisClientName } from '../_redis.ts'
import { secretKey } from './_beside.ts'
import { DjangoProcess } from './_django-process.ts'
import { type LiveRelease, liveReleases } from './_pythons.ts'
import { ResultTable } from './_results.ts'
import { orderCases, type ValueCase, valueCases } from './_values.ts'

/** A cache as Django is told of it, and as we are. */
interface Layout {
  readonly name: string
  readonly client: RedisClientName
  readonly cache: Readonly<Record<string, unknown>>
  readonly options: RedisStoreOptions
}

const djangoRedis = 'django_redis.cache.RedisCache'

const layouts: readonly Layout[] = [
  {
    name: 'RedisCache',
    client: 'ioredis',
    cache: { BACKEND: 'django.core.cache.backends.redis.RedisCache' },
    options: {},
  },
  {
    name: 'RedisCache, prefix and version',
    client: 'node-redis',
    cache: {
      BACKEND: 'django.core.cache.backends.redis.RedisCache',
      KEY_PREFIX: 'shop:é',
      VERSION: 7,
    },
    options: { keyPrefix: 'shop:é', version: 7 },
  },
  {
    name: 'django-redis',
    client: 'node-redis',
    cache: { BACKEND: djangoRedis, KEY_PREFIX: 'shop' },
    options: { keyPrefix: 'shop' },
  },
  {
    name: 'django-redis, JSON',
    client: 'ioredis',
    cache: {
      BACKEND: djangoRedis,
      OPTIONS: { SERIALIZER: 'django_redis.serializers.json.JSONSerializer' },
    },
    options: { serializer: 'json' },
  },
  {
    name: 'django-redis, zlib',
    client: 'ioredis',
    cache: {
      BACKEND: djangoRedis,
      OPTIONS: { COMPRESSOR: 'django_redis.compressors.zlib.ZlibCompressor' },
    },
    options: { compressor: 'zlib' },
  },
  {
    name: 'django-redis, JSON and gzip',
    client: 'node-redis',
    cache: {
      BACKEND: djangoRedis,
      OPTIONS: {
        SERIALIZER: 'django_redis.serializers.json.JSONSerializer',
        COMPRESSOR: 'django_redis.compressors.gzip.GzipCompressor',
      },
    },
    options: { serializer: 'json', compressor: 'gzip' },
  },
]

const isMissing = findProgram('redis-server') === null && process.env['CI'] !== 'true'
if (isMissing) console.warn('Sessions in Redis beside Django are skipped: install redis-server.')
const releases = await liveReleases(cacheDrivers)
const table = new ResultTable('Redis')
afterAll(() => console.log(table.format()))

/** Both sides of one cache. */
interface Sides {
  readonly django: Django
  readonly real: DjangoProcess
  readonly server: OwnRedis
}

describe.each(releases)('Django $series', (release) => {
  describe.skipIf(isMissing || release.python === null).each(layouts)('$name', (layout) => {
    let sides: Sides
    const open: Array<() => Promise<void>> = []
    beforeAll(async () => {
      const server = await startRedis()
      open.push(() => server.close())
      const real = startDjango(release, layout, server.url)
      open.push(() => real.stop())
      const { store, close } = await openRedisStore(
        redisAddress(server.url, layout.client),
        layout.options,
      )
      open.push(close)
      const settings = { secretKey, useTz: true, timeZone: 'UTC' }
      const django = createDjango({ settings, store, djangoVersion: release.series })
      sides = { server, real, django }
    })
    afterAll(async () => {
      for (const close of open.splice(0).toReversed()) await close()
    })

    const check = (subject: string, name: string, run: (sides: Sides) => Promise<void>): void => {
      test(`${subject}: ${name}`, async () => {
        expect.hasAssertions()
        await table.count(`Django ${release.series}, ${layout.name}`, subject, () => run(sides))
      })
    }
    for (const valueCase of valueCases) testValue(check, valueCase)
    for (const python of orderCases) testOrder(check, python)
    testLife(check)
  })
})

function startDjango({ python }: LiveRelease, { cache }: Layout, url: string): DjangoProcess {
  if (python === null) throw new TypeError('There is no Python for this release.')
  return new DjangoProcess(python, {
    SECRET_KEY: secretKey,
    USE_TZ: true,
    TIME_ZONE: 'UTC',
    DATABASES: { default: { ENGINE: 'django.db.backends.sqlite3', NAME: ':memory:' } },
    SESSION_ENGINE: 'django.contrib.sessions.backends.cache',
    CACHES: { default: { ...cache, LOCATION: url } },
  })
}

type Check = (subject: string, name: string, run: (sides: Sides) => Promise<void>) => void

function testValue(check: Check, { name, python, js, fromJs = python }: ValueCase): void {
  check('Django writes, we read', name, async ({ django, real }) => {
    const session = await django.sessions.get(await real.create(python)).load()
    expect(session.data).toStrictEqual(js)
  })

  check('we write, Django reads', name, async ({ django, real }) => {
    const session = django.sessions.get(null)
    session.update(js)
    await session.save({ force: true })
    expect(await real.readData(session.key ?? '')).toMatchObject({ data: fromJs })
  })

  check('theirs beside our change', name, async ({ django, real }) => {
    const key = await real.create(python)
    const session = await django.sessions.get(key).load()
    session.set('ours', [1.5])
    await session.save()
    const both = python === '{}' ? '{"ours": [1.5]}' : `${python.slice(0, -1)}, "ours": [1.5]}`
    expect(await real.readData(key)).toMatchObject({ data: both })
    await session.change((data) => delete data['ours'])
    expect(await real.readData(key)).toMatchObject({ data: python })
  })

  check('ours beside their change', name, async ({ django, real }) => {
    const session = await django.sessions.get(null).load()
    session.update(js)
    await session.save({ force: true })
    await real.change(session.key ?? '', { values: '{"theirs": 1}' })
    await session.reload()
    expect(session.data).toStrictEqual({ ...js, theirs: 1 })
  })
}

function testOrder(check: Check, python: string): void {
  check('theirs beside our change', `order of ${python}`, async ({ django, real }) => {
    const key = await real.create(python)
    await django.sessions.get(key).change((data) => {
      data['ours'] = true
    })
    const data = `${python.slice(0, -1)}, "ours": true}`
    expect(await real.readData(key)).toMatchObject({ data })
  })
}

function testLife(check: Check): void {
  check('life', 'Django ends what we made, and we what Django made', async ({ django, real }) => {
    const session = await django.sessions.get(null).load()
    session.set('a', 1)
    await session.save()
    await real.flush(session.key ?? '')
    expect((await django.sessions.get(session.key).load()).key).toBeNull()
    session.set('a', 2)
    await expect(session.save()).rejects.toMatchObject({ code: 'ERR_SESSION_INTERRUPTED' })

    const theirs = await real.create('{"b": 1}')
    await (await django.sessions.get(theirs).load()).flush()
    expect(await real.readData(theirs)).toBeNull()
  })

  check('life', 'either moves a session to a new key', async ({ django, real }) => {
    const session = await django.sessions.get(await real.create('{"a": 1.0}')).load()
    const first = session.key ?? ''
    await session.cycleKey()
    await session.save()
    expect(await real.readData(first)).toBeNull()
    expect(await real.readData(session.key ?? '')).toMatchObject({ data: '{"a": 1.0}' })
    const moved = await real.cycleKey(session.key ?? '')
    expect((await django.sessions.get(session.key).load()).key).toBeNull()
    expect((await django.sessions.get(moved).load()).data).toEqual({ a: 1 })
  })

  check('life', 'it lasts as long as either says', async ({ django, real, server }) => {
    const session = await django.sessions.get(null).load()
    session.setExpiry(300)
    await session.save()
    expect(await real.readData(session.key ?? '')).toMatchObject({ expiryAge: 300 })
    const theirs = await real.create('{}', ['seconds', 700])
    expect((await django.sessions.get(theirs).load()).getExpiryAge()).toBe(700)
    expect(await secondsLeft(server, session.key ?? '')).toBe(300)
    expect(await secondsLeft(server, theirs)).toBe(700)
    session.setExpiry(null)
    await session.save()
    expect(await secondsLeft(server, session.key ?? '')).toBe(1_209_600)
  })
}

/** What Redis says, to the nearest of some seconds that a busy machine may take. */
async function secondsLeft({ port }: OwnRedis, sessionKey: string): Promise<number> {
  const [key = ''] = (await ask(port, 'KEYS', `*${sessionKey}`)) as string[]
  const left = Number(await ask(port, 'PTTL', key))
  return Math.ceil(left / 100_000) * 100
}
