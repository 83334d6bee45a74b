/**
 * Real Django and this package, over sessions that are their cookies.
 *
 * @module
 */
import { signedCookiesStore } from 'async-django/stores/signed-cookies'
import { expect } from 'vitest'

import { type EngineCheck, type EnginePlace, testEngine, testValues } from './_engine-sides.ts'

await testEngine('signed cookies', open, (check) => {
  testValues(check)
  testEnds(check)
})

async function open(): Promise<EnginePlace> {
  return {
    settings: { SESSION_ENGINE: 'django.contrib.sessions.backends.signed_cookies' },
    store: signedCookiesStore(),
    async close() {},
  }
}

function testEnds(check: EngineCheck<EnginePlace>): void {
  check('ends', 'both have expiries of their own', async ({ django, real }) => {
    const theirs = await django.sessions.get(await real.create('{}', ['seconds', 300])).load()
    expect(theirs.getExpiryAge()).toBe(300)
    const ours = await django.sessions.get(null).load()
    ours.setExpiry(0)
    await ours.save()
    expect(await real.readData(ours.key ?? '')).toMatchObject({ atBrowserClose: true })
  })

  check('ends', 'neither reads what was changed on the way', async ({ django, real }) => {
    const session = await django.sessions.get(null).load()
    session.set('a', 1)
    await session.save()
    for (const cookie of [session.key ?? '', await real.create('{"a": 1}')]) {
      const changed = cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
      expect(await real.readData(changed)).toMatchObject({ data: '{}' })
      expect((await django.sessions.get(changed).load()).data).toStrictEqual({})
    }
  })

  check('ends', 'a new key has the same data', async ({ django, real }) => {
    const theirs = await real.cycleKey(await real.create('{"a": 1.0}'))
    const session = await django.sessions.get(theirs).load()
    await session.cycleKey()
    expect(await real.readData(session.key ?? '')).toMatchObject({ data: '{"a": 1.0}' })
  })
}
