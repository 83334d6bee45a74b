import { expect, test } from 'vitest'

import { createDjango } from '../index.ts'
import { memoryStore } from '../stores/memory.ts'
import { memoryUserStore } from '../users/memory.ts'

test('a logout leaves a row that has expired, as in Django', async () => {
  const clock = { now: new Date() }
  const django = createDjango({
    settings: { secretKey: 'secret' },
    store: memoryStore(),
    users: memoryUserStore(),
    djangoVersion: '6.1',
    now: () => clock.now,
  })
  const session = django.sessions.get(null)
  await django.users.login(session, await django.users.create({ username: 'ada' }))
  await session.save()
  const key = session.key ?? ''
  const fresh = django.sessions.get(key)
  clock.now = new Date(clock.now.getTime() + 15 * 86_400_000)

  await django.users.logout(fresh)
  expect(await django.sessions.exists(key)).toBe(true)
})
