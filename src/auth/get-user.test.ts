import { expect, test } from 'vitest'

import { createDjango, type Django } from '../index.ts'
import { memoryStore } from '../stores/memory.ts'
import { memoryUserStore } from '../users/memory.ts'

type Factories = Pick<Parameters<typeof createDjango>[0], 'store' | 'users'>

function open(factories: Factories, fallbacks: readonly string[], djangoExact: boolean): Django {
  const [secretKey = '', ...secretKeyFallbacks] = fallbacks
  return createDjango({
    ...factories,
    settings: { secretKey, secretKeyFallbacks },
    djangoVersion: '6.1',
    djangoExact,
  })
}

/** Whether the hash that the present secret makes is stored once the user was read. */
async function isStoredAtOnce(djangoExact: boolean): Promise<boolean> {
  const store = memoryStore()
  const users = memoryUserStore()
  let kept: ReturnType<typeof store> | null = null
  const factories = {
    store: (context: Parameters<typeof store>[0]) => (kept ??= store(context)),
    users,
  }
  const before = open(factories, ['old'], djangoExact)
  const session = before.sessions.get(null)
  await before.users.login(session, await before.users.create({ username: 'ada' }))
  await session.save()

  const after = open(factories, ['new', 'old'], djangoExact)
  const moved = after.sessions.get(session.key)
  expect((await after.users.fromSession(moved).load()).isAuthenticated).toBe(true)
  expect(moved.key).not.toBe(session.key)
  const there = await after.sessions.get(moved.key).load()
  return there.get('_auth_user_hash') === (await moved.load()).get('_auth_user_hash')
}

test('a login by a former secret is bound to the present one at once', async () => {
  expect(await isStoredAtOnce(false)).toBe(true)
})

test('djangoExact leaves that to the end of the request, as Django does', async () => {
  expect(await isStoredAtOnce(true)).toBe(false)
})

test('who came second goes on writing, under the key that the first one got', async () => {
  const store = memoryStore()
  const users = memoryUserStore()
  const before = open({ store, users }, ['old'], false)
  const cookie = await before.users.forceLogin(await before.users.create({ username: 'ada' }))
  const after = open({ store, users }, ['new', 'old'], false)
  const key = cookie.split('=')[1] ?? ''
  const sessions = [1, 2, 3].map(() => after.sessions.get(key))
  const found = await Promise.all(sessions.map((one) => after.users.fromSession(one).load()))
  expect(found.map((user) => user.getUsername())).toEqual(['ada', 'ada', 'ada'])
  expect(new Set(sessions.map((one) => one.key)).size).toBe(1)
  expect(sessions[0]?.key).not.toBe(key)
  for (const [at, one] of sessions.entries()) one.set(`number ${at}`, at)
  await Promise.all(sessions.map((one) => one.save()))
  const late = await after.sessions.get(key).load()
  expect(late.key).toBe(sessions[0]?.key)
  expect([late.get('number 0'), late.get('number 1'), late.get('number 2')]).toEqual([0, 1, 2])
})
