import { expect, test } from 'vitest'

import { createDjango, type Django } from '../index.ts'
import { memoryStore } from '../stores/memory.ts'
import { peek, poke } from './session-state.ts'

function makeDjango(): Django {
  return createDjango({
    settings: { secretKey: 'secret' },
    store: memoryStore(),
    djangoExact: true,
  })
}

async function makeKey(django: Django, data: Record<string, unknown>): Promise<string> {
  const session = django.sessions.get(null)
  session.update(data)
  await session.save()
  return session.key ?? ''
}

test('a look at a session changes nothing', async () => {
  const django = makeDjango()
  const session = django.sessions.get(await makeKey(django, { a: 1 }))

  expect(peek(session)).toMatchObject({ data: null, accessed: false, modified: false })
  const loaded = await session.load()
  loaded.accessed = false
  expect(peek(session)).toEqual({
    key: session.key,
    data: { a: 1 },
    accessed: false,
    modified: false,
  })
  expect(loaded.accessed).toBe(false)
})

test('a session that was cleared unread has data: none', () => {
  const session = makeDjango().sessions.get('12345678')
  session.clear()
  expect(peek(session)).toEqual({ key: '12345678', data: {}, accessed: true, modified: true })
})

test('a session is made in a state, flags and all', async () => {
  const django = makeDjango()
  for (const state of [
    { key: null, data: null, accessed: false, modified: false },
    { key: '12345678', data: { a: 1, b: [2] }, accessed: true, modified: false },
    { key: '12345678', data: {}, accessed: false, modified: true },
  ]) {
    expect(peek(await poke(django.sessions, state))).toEqual(state)
  }
})

test('one in a state writes over its row, and not where there is none', async () => {
  const django = makeDjango()
  const key = await makeKey(django, { a: 1 })
  const state = { data: { b: 2 }, accessed: true, modified: true }

  await (await poke(django.sessions, { ...state, key })).save()
  expect((await django.sessions.get(key).load()).data).toEqual({ b: 2 })
  const nowhere = await poke(django.sessions, { ...state, key: 'nobody-has-this-key' })
  await expect(nowhere.save()).rejects.toMatchObject({ code: 'ERR_SESSION_INTERRUPTED' })
})
