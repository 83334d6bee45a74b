/**
 * Sessions of a process that has not loaded yet what reads and writes them.
 *
 * @module
 */
import { beforeEach, expect, test, vi } from 'vitest'

import { FakeExchange } from '../../test/conformance/fake-exchange.ts'
import type { Django } from '../django.ts'
import type { SessionStore } from './store.ts'

interface ColdProcess {
  readonly django: Django
  /** What stands in the store, by the eyes of another. */
  seen(key: string | null): Promise<Record<string, unknown>>
}

/** A `django` of modules that nobody has imported before. */
async function coldProcess(): Promise<ColdProcess> {
  vi.resetModules()
  const { createDjango } = await import('../django.ts')
  const { memoryStore } = await import('../stores/memory.ts')
  const store = memoryStore()
  const settings = { secretKey: 'secret' }
  let made: SessionStore | null = null
  const shared: typeof store = (context) => (made ??= store(context))
  const other = createDjango({ settings, store: shared })
  return {
    django: createDjango({ settings, store: shared }),
    seen: async (key) => (await other.sessions.get(key).load()).data,
  }
}

let cold: ColdProcess
beforeEach(async () => {
  cold = await coldProcess()
})

test('do what they are told in its order, with the data of its time', async () => {
  const session = cold.django.sessions.get(null)
  const list = [1]
  session.set('list', list)
  const saving = session.save()
  list.push(2)
  session.set('later', true)
  const counting = session.change((data) => (data['count'] = Object.keys(data).length))
  expect(await Promise.all([saving, counting])).toEqual([true, 1])
  expect(await session.save()).toBe(true)
  expect(await cold.seen(session.key)).toEqual({ list: [1], count: 1, later: true })
})

test.each<[string, (session: ReturnType<Django['sessions']['get']>) => Promise<unknown>]>([
  ['save', (session) => session.save()],
  ['create', (session) => session.create()],
  ['cycleKey', (session) => session.cycleKey()],
  ['change', (session) => session.change((data) => (data['b'] = 2))],
])('can begin with %s()', async (name, begin) => {
  const session = cold.django.sessions.get(null)
  session.set('a', 1)
  await begin(session)
  await session.save()
  const data = name === 'change' ? { a: 1, b: 2 } : { a: 1 }
  expect(await cold.seen(session.key)).toEqual(data)
})

test('can begin with flush(), and go on with another', async () => {
  const session = cold.django.sessions.get(null)
  session.set('a', 1)
  const ending = session.flush()
  session.set('b', 2)
  await ending
  await session.save()
  expect(await cold.seen(session.key)).toEqual({ b: 2 })
})

test('are loaded all at once', async () => {
  const makers = Array.from({ length: 20 }, () => cold.django.sessions.get(null))
  await Promise.all(
    makers.map((session, at) => {
      session.set('at', at)
      return session.save()
    }),
  )
  const { django } = cold
  const loaded = await Promise.all(makers.map(({ key }) => django.sessions.get(key).load()))
  expect(loaded.map(({ data }) => data['at'])).toEqual(makers.map((_, at) => at))
})

test('exist, and are deleted', async () => {
  const { sessions } = cold.django
  expect(await sessions.exists('a'.repeat(32))).toBe(false)
  expect(await (await coldProcess()).django.sessions.delete('a'.repeat(32))).toBe(false)
  const session = sessions.get(null)
  await session.create()
  expect(await sessions.exists(session.key ?? '')).toBe(true)
  expect(await sessions.delete(session.key ?? '')).toBe(true)
})

test('are asked for their end only once they are loaded', async () => {
  const session = cold.django.sessions.get(null) as never as { getExpiryAge(): number }
  expect(() => session.getExpiryAge()).toThrow('await session.load()')
})

test('are answered for once what answers is there', async () => {
  const exchange = new FakeExchange({ headers: { cookie: `sessionid=${'a'.repeat(32)}` } })
  const request = cold.django.begin(exchange)
  await request.session.load()
  const committing = request.commit()
  expect(committing).toBeInstanceOf(Promise)
  await committing
  expect(exchange.getHeader('vary')).toBe('Cookie')
  expect(() => request.checkCookie('save()')).toThrow('save() needs to set a cookie')
})
