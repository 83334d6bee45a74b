/**
 * Real Django and this package, over memcached: three servers, so that both must look on the same.
 *
 * @module
 */
import { memcachedClient, memcachedStore } from 'async-django/stores/memcached'
import { expect } from 'vitest'

import { cacheDrivers } from '../../tools/_python.ts'
import { startMemcached } from '../_own-memcached.ts'
import { type EngineCheck, type EnginePlace, testEngine, testValues } from './_engine-sides.ts'

await testEngine('memcached', open, define, cacheDrivers)

function define(check: EngineCheck<EnginePlace>): void {
  testValues(check)
  testKeys(check)
}

async function open(): Promise<EnginePlace> {
  const servers = [await startMemcached(), await startMemcached(), await startMemcached()]
  const locations = servers.map(({ location }) => location)
  const client = memcachedClient(locations)
  return {
    settings: {
      SESSION_ENGINE: 'django.contrib.sessions.backends.cache',
      CACHES: {
        default: {
          BACKEND: 'django.core.cache.backends.memcached.PyMemcacheCache',
          LOCATION: locations,
          KEY_PREFIX: 'live',
          VERSION: 3,
        },
      },
    },
    store: memcachedStore(client, { keyPrefix: 'live', version: 3 }),
    async close() {
      client.close()
      for (const server of servers) await server.kill()
    },
  }
}

function testKeys(check: EngineCheck<EnginePlace>): void {
  check('keys', 'are on the server where the other side looks', async ({ django, real }) => {
    for (let at = 0; at < 30; at++) {
      const theirs = await django.sessions.get(await real.create(`{"at": ${at}}`)).load()
      expect(theirs.data).toEqual({ at })
      const ours = await django.sessions.get(null).load()
      ours.set('at', at)
      await ours.save()
      expect(await real.readData(ours.key ?? '')).toMatchObject({ data: `{"at": ${at}}` })
    }
  })

  check('keys', 'Django cycles, we read under the new key alone', async ({ django, real }) => {
    const old = await real.create('{"a": 1.0}')
    const key = await real.cycleKey(old)
    expect((await django.sessions.get(old).load()).key).toBeNull()
    expect((await django.sessions.get(key).load()).data).toStrictEqual({ a: 1 })
  })

  check('keys', 'what Django changed meanwhile is kept', async ({ django, real }) => {
    const key = await real.create('{"a": 1.0}')
    const session = await django.sessions.get(key).load()
    await real.change(key, { values: '{"b": 2.0}' })
    session.set('c', 3)
    await session.save()
    expect(await real.readData(key)).toMatchObject({ data: '{"a": 1.0, "b": 2.0, "c": 3}' })
  })

  check('keys', 'Django flushes, a slower save here is refused', async ({ django, real }) => {
    const key = await real.create('{"a": 1}')
    const session = await django.sessions.get(key).load()
    await real.flush(key)
    session.set('b', 2)
    await expect(session.save()).rejects.toMatchObject({ code: 'ERR_SESSION_INTERRUPTED' })
    expect(await real.readData(key)).toBeNull()
  })

  check('keys', 'of more than 30 days, and of none', async ({ django, real }) => {
    for (const seconds of [3_000_000, 100]) {
      const ours = await django.sessions.get(null).load()
      ours.setExpiry(seconds)
      await ours.save()
      expect(await real.readData(ours.key ?? '')).toMatchObject({ expiryAge: seconds })
      const theirs = await real.create('{"a": 1}', ['seconds', seconds])
      expect((await django.sessions.get(theirs).load()).getExpiryAge()).toBe(seconds)
    }
    const past = await real.create('{"a": 1}', ['seconds', -5])
    expect((await django.sessions.get(past).load()).key).toBeNull()
  })
}
