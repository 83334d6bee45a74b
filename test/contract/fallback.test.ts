/**
 * A store that is down does not take the site down, and nothing is lost on the word of an outage.
 *
 * @module
 */
import {
  createDjango,
  type Django,
  type DjangoOptions,
  type SessionStore,
  type SessionStoreFactory,
} from 'async-django'
import { djangoFetch } from 'async-django/fetch'
import {
  fallbackStore,
  type FallbackEvent,
  type FallbackStoreOptions,
} from 'async-django/stores/fallback'
import { memoryStore } from 'async-django/stores/memory'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { SwitchedStore } from '../fixtures/switched-store.ts'
import { watchStore } from '../fixtures/watched-store.ts'

const settings = { secretKey: 'a secret of these tests' }
const key = 'abcdefgh0123456789abcdefgh012345'
const expireDate = new Date('2099-01-01T00:00:00Z')
const next = { payload: 'a payload', expireDate }
const retryAfterMs = 5000

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

/** Long enough for the store to be tried again. */
function waitForRetry(): void {
  vi.setSystemTime(Date.now() + retryAfterMs)
}

/** Stores as `createDjango` makes them. */
function made(...factories: SessionStoreFactory[]): SessionStore[] {
  return factories.map((factory) => {
    let store: SessionStore | undefined
    createDjango({ settings, store: (context) => (store = factory(context)) })
    if (!store) throw new Error('There is no store.')
    return store
  })
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  )

/** Moves go on behind the requests. */
function movesEnd(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}

describe('a store that is down', () => {
  const setUp = (options: FallbackStoreOptions = {}) => {
    const first = new SwitchedStore(memoryStore())
    const events: FallbackEvent[] = []
    const [store] = made(
      fallbackStore(first.factory, {
        failures: 3,
        retryAfterMs,
        onEvent: (event) => events.push(event),
        ...options,
      }),
    )
    if (!store) throw new Error('There is no store.')
    return { first, store, events }
  }

  test('is left alone after some failures, tried again by one call, and taken up again', async () => {
    const { first, store, events } = setUp()
    await store.create(key, next)
    first.state = 'refused'
    for (let time = 0; time < 10; time++) {
      expect(await failureOf(store.load(key))).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    }
    expect(first.calls).toEqual(['create', 'load', 'load', 'load'])

    waitForRetry()
    await failureOf(store.load(key))
    await failureOf(store.load(key))
    expect(first.calls.length).toBe(5)

    first.state = 'up'
    expect(await failureOf(store.load(key))).toMatchObject({ status: 503 })
    waitForRetry()
    expect(await store.load(key)).toMatchObject({ payload: 'a payload' })
    expect(events.map(({ type }) => type)).toEqual(['down', 'down', 'up'])
  })

  test('has nobody wait while one call tries it', async () => {
    const { first, store } = setUp({ failures: 1, timeoutMs: 20 })
    first.state = 'refused'
    await failureOf(store.load(key))
    waitForRetry()
    first.state = 'silent'
    const codes: unknown[] = []
    const note = (error: unknown): unknown => codes.push(Reflect.get(Object(error), 'code'))
    await Promise.all([
      failureOf(store.load(key)).then(note),
      failureOf(store.load(key)).then(note),
    ])
    expect(codes).toEqual(['ERR_STORE_UNAVAILABLE', 'ERR_STORE_TIMEOUT'])
  })

  test('that does not answer is given up in time, and told so', async () => {
    let isTold = false
    const silent: SessionStoreFactory = (context) => ({
      ...memoryStore()(context),
      load: (_, call) =>
        new Promise(() => {
          call?.signal?.addEventListener('abort', () => {
            isTold = true
          })
        }),
    })
    const [store] = made(fallbackStore(silent, { timeoutMs: 20 }))
    expect(await failureOf(store?.load(key) ?? Promise.resolve())).toMatchObject({
      code: 'ERR_STORE_TIMEOUT',
      store: 'fallbackStore',
      operation: 'load',
    })
    expect(isTold).toBe(true)
  })

  test('is not one that refuses, or finds a conflict', async () => {
    const refusing: SessionStoreFactory = (context) => ({
      ...memoryStore()(context),
      load: () => Promise.reject(Object.assign(new Error('no table'), { code: '42P01' })),
    })
    const [store] = made(fallbackStore(refusing, { failures: 1 }))
    for (let time = 0; time < 5; time++) {
      const error = await failureOf(store?.load(key) ?? Promise.resolve())
      expect(error).toMatchObject({ code: 'ERR_STORE', status: 500 })
    }
    expect(await store?.update(key, next, next)).toEqual({ outcome: 'missing' })
  })

  test.each(['timeoutMs', 'failures', 'retryAfterMs'])('%s is a whole number above 0', (option) => {
    for (const value of [0, 1.5, Number.NaN]) {
      expect(() => fallbackStore(memoryStore(), { [option]: value })).toThrow(
        new RegExp(`^${option}: `),
      )
    }
  })
})

/** A site with a page that reads, one that writes, and one that logs out. */
class Site {
  readonly #stores = [memoryStore(), memoryStore()] as const
  readonly first = new SwitchedStore(this.#stores[0])
  readonly second = new SwitchedStore(this.#stores[1])
  readonly events: FallbackEvent[] = []
  readonly django: Django
  readonly #handle: (request: Request) => Promise<Response>
  /** The visitor's cookie. */
  cookie: string | null = null

  constructor(hasSecond: boolean, options: Partial<Omit<DjangoOptions, 'readOnly'>> = {}) {
    this.django = createDjango({
      settings,
      store: fallbackStore(this.first.factory, {
        failures: 2,
        retryAfterMs,
        onEvent: (event) => this.events.push(event),
        ...(hasSecond && { second: this.second.factory }),
      }),
      ...options,
    })
    this.#handle = djangoFetch(this.django, async (request, { session }) => {
      const { pathname, searchParams } = new URL(request.url)
      const loaded = await session.load()
      if (pathname === '/write') loaded.set('theme', searchParams.get('theme'))
      if (pathname === '/logout') await loaded.flush()
      if (pathname === '/cycle') await loaded.cycleKey()
      return Response.json(loaded)
    })
  }

  /** Visits a page as a browser does. Answers what it shows, and the cookie that it sets. */
  async visit(path: string): Promise<{ shown: unknown; setCookie: string | null }> {
    const headers = { ...(this.cookie !== null && { cookie: `sessionid=${this.cookie}` }) }
    const response = await this.#handle(new Request(`http://localhost${path}`, { headers }))
    const setCookie = response.headers.get('set-cookie')
    const value = /^sessionid=("?)([^;"]*)\1/.exec(setCookie ?? '')?.[2]
    if (value !== undefined) this.cookie = value === '' ? null : value
    return { shown: await response.json(), setCookie }
  }

  /** Puts a visitor with a session into the first store. */
  async begin(): Promise<void> {
    await this.visit('/write?theme=dark')
  }

  async recover(): Promise<void> {
    this.first.state = 'up'
    waitForRetry()
    await this.django.sessions.get('somebody0').load()
    await movesEnd()
  }

  /** Keys in both stores. */
  async keys(): Promise<{ first: readonly string[]; second: readonly string[] }> {
    const [first, second] = made(...this.#stores)
    const keysOf = async (store: SessionStore | undefined): Promise<string[]> =>
      ((await store?.newest?.(100)) ?? []).map((one) => one.key)
    return { first: await keysOf(first), second: await keysOf(second) }
  }
}

describe.each(['refused', 'silent'] as const)('while the store is down: %s', (outage) => {
  const timeouts = { storeTimeoutMs: 50 }

  describe.each([false, true])('with a second store: %s', (hasSecond) => {
    test('requests that need a session fail, and no cookie changes', async () => {
      const site = new Site(hasSecond, timeouts)
      await site.begin()
      const { cookie } = site
      site.first.state = outage
      for (const path of ['/', '/write?theme=light', '/logout', '/cycle']) {
        expect(await failureOf(site.visit(path))).toMatchObject({ status: 503 })
      }
      expect(site.cookie).toBe(cookie)
      await site.recover()
      expect((await site.visit('/')).shown).toEqual({ theme: 'dark' })
    })

    test('visitors are anonymous and read-only, where that is wanted', async () => {
      const site = new Site(hasSecond, { ...timeouts, onStoreError: 'anonymous' })
      await site.begin()
      const { cookie } = site
      site.first.state = outage
      expect(await site.visit('/')).toEqual({ shown: {}, setCookie: null })
      for (const path of ['/write?theme=light', '/logout', '/cycle']) {
        expect(await failureOf(site.visit(path))).toMatchObject({ status: 503 })
      }
      expect(site.cookie).toBe(cookie)
      await site.recover()
      expect(await site.visit('/')).toEqual({ shown: { theme: 'dark' }, setCookie: null })
      expect((await site.keys()).second).toEqual([])
    })

    test('no session is moved to another end or key by saving every request', async () => {
      const site = new Site(hasSecond, {
        ...timeouts,
        settings: { ...settings, sessionSaveEveryRequest: true },
        onStoreError: 'anonymous',
      })
      await site.begin()
      site.first.state = outage
      expect(await site.visit('/')).toEqual({ shown: {}, setCookie: null })
    })
  })

  test('a new visitor has no session, and no cookie of one', async () => {
    const site = new Site(false, { ...timeouts, onStoreError: 'anonymous' })
    site.first.state = outage
    expect(await site.visit('/')).toEqual({ shown: {}, setCookie: null })
    expect(await failureOf(site.visit('/write?theme=light'))).toMatchObject({ status: 503 })
    expect(site.cookie).toBe(null)
  })
})

describe('what is written to the second store meanwhile', () => {
  /** A visitor who comes while the first store is down, and stays. */
  const visited = async (): Promise<Site> => {
    const site = new Site(true)
    site.first.state = 'refused'
    await site.visit('/write?theme=light')
    return site
  }

  test('is read and written there, and in the first store once that is back', async () => {
    const site = await visited()
    const { cookie } = site
    expect(cookie).toMatch(/^\w{32}fallback$/)
    expect((await site.visit('/')).shown).toEqual({ theme: 'light' })
    await site.visit('/write?theme=blue')
    expect(await site.keys()).toEqual({ first: [], second: [cookie] })

    await site.recover()
    expect(await site.keys()).toEqual({ first: [cookie], second: [] })
    expect(site.events.at(-1)).toEqual({ type: 'saved', sessions: 1 })
    expect(await site.visit('/')).toEqual({ shown: { theme: 'blue' }, setCookie: null })
    await site.visit('/write?theme=green')
    expect(site.cookie).toBe(cookie)
    expect((await site.visit('/')).shown).toEqual({ theme: 'green' })
  })

  test('cannot be read in the next outage, as every other session', async () => {
    const site = await visited()
    await site.recover()
    const { cookie } = site
    site.first.state = 'refused'
    expect(await failureOf(site.visit('/'))).toMatchObject({ status: 503 })
    expect(await failureOf(site.visit('/write?theme=blue'))).toMatchObject({ status: 503 })
    expect(site.cookie).toBe(cookie)
  })

  test('is found by another process, which knows nothing of it', async () => {
    const site = await visited()
    site.first.state = 'up'
    const store = fallbackStore(site.first.factory, { second: site.second.factory })
    const another = createDjango({ settings, store })
    const session = await another.sessions.get(site.cookie).load()
    expect(session.data).toEqual({ theme: 'light' })
    expect(await site.keys()).toEqual({ first: [site.cookie], second: [] })
  })

  test('is moved though nobody asks for it, by who knows of it, after a failure that was no outage', async () => {
    const site = await visited()
    site.first.state = 'up'
    await site.django.sessions.get('somebody0').load()
    await movesEnd()
    expect(site.events.map(({ type }) => type)).toEqual(['saved'])
    expect(await site.keys()).toEqual({ first: [site.cookie], second: [] })
  })

  test('is moved though nobody asks for it, by others after an outage', async () => {
    const site = await visited()
    const options = { second: site.second.factory, failures: 1, retryAfterMs }
    const another = createDjango({
      settings,
      store: fallbackStore(site.first.factory, options),
      onStoreError: 'anonymous',
    })
    await another.sessions.get('somebody0').load()
    site.first.state = 'up'
    waitForRetry()
    await another.sessions.get('somebody0').load()
    await movesEnd()
    expect(await site.keys()).toEqual({ first: [site.cookie], second: [] })
  })

  test('is deleted where the visitor logs out, during the outage or after it', async () => {
    const during = await visited()
    await during.visit('/logout')
    await during.recover()
    expect(await during.keys()).toEqual({ first: [], second: [] })

    const after = await visited()
    await after.recover()
    await after.visit('/logout')
    expect(await after.keys()).toEqual({ first: [], second: [] })
    expect(after.cookie).toBe(null)
  })

  test('keeps its data when its key is cycled', async () => {
    const site = await visited()
    const old = site.cookie
    await site.visit('/cycle')
    expect(site.cookie).not.toBe(old)
    await site.recover()
    expect(await site.keys()).toEqual({ first: [site.cookie], second: [] })
    expect((await site.visit('/')).shown).toEqual({ theme: 'light' })
  })

  test('is written after it was moved by who read it before', async () => {
    const site = await visited()
    const session = await site.django.sessions.get(site.cookie).load()
    await site.recover()
    expect((await site.keys()).second).toEqual([])
    session.set('late', true)
    await session.save()
    expect((await site.visit('/')).shown).toEqual({ theme: 'light', late: true })
  })

  test('waits where the second store is down when the first is back', async () => {
    const site = await visited()
    site.second.state = 'refused'
    await site.recover()
    expect(site.events.map(({ type }) => type)).not.toContain('saved')
    site.second.state = 'up'
    expect((await site.visit('/')).shown).toEqual({ theme: 'light' })
    expect(await site.keys()).toEqual({ first: [site.cookie], second: [] })
  })
})

test('a second store that does not answer keeps nobody waiting, and loses nothing', async () => {
  const site = new Site(true, { storeTimeoutMs: 50 })
  site.first.state = 'refused'
  await site.visit('/write?theme=light')
  site.second.state = 'silent'
  await site.recover()
  expect(await failureOf(site.visit('/'))).toMatchObject({ code: 'ERR_STORE_TIMEOUT' })
  site.second.state = 'up'
  await vi.waitFor(
    async () => expect((await site.visit('/')).shown).toEqual({ theme: 'light' }),
    10_000,
  )
  expect(await site.keys()).toEqual({ first: [site.cookie], second: [] })
})

describe('a session that is moved', () => {
  /** Two stores, of which the second holds a session, and whose calls can be come between. */
  const setUp = async () => {
    const first = watchStore(memoryStore())
    const switched = new SwitchedStore(first.store)
    const second = watchStore(memoryStore())
    const events: FallbackEvent[] = []
    const factory = fallbackStore(switched.factory, {
      second: second.store,
      failures: 1,
      retryAfterMs,
      onEvent: (event) => events.push(event),
    })
    const [store, inFirst, inSecond] = made(factory, first.store, second.store)
    if (!store || !inFirst || !inSecond) throw new Error('There is no store.')
    switched.state = 'refused'
    const created = await store.create(key, next)
    if (!created) throw new Error('The key is taken.')
    switched.state = 'up'
    return { first, second, store, inFirst, inSecond, events, held: created }
  }

  test('takes along what is written to it meanwhile', async () => {
    const { first, store, inFirst, inSecond, held } = await setUp()
    first.after('create', async () => {
      const stored = await inSecond.load(held.key)
      if (stored) await inSecond.update(held.key, { payload: 'later', expireDate }, stored)
    })
    waitForRetry()
    expect(await store.load(held.key)).toMatchObject({ payload: 'later' })
    expect(await inFirst.load(held.key)).toMatchObject({ payload: 'later' })
    expect(await inSecond.exists(held.key)).toBe(false)
  })

  test('takes along one change after another', async () => {
    const { first, store, inSecond, held, events } = await setUp()
    const change = async (payload: string): Promise<void> => {
      const stored = await inSecond.load(held.key)
      if (stored) await inSecond.update(held.key, { payload, expireDate }, stored)
    }
    first.after('create', () => change('later'))
    first.after('update', () => change('still later'))
    waitForRetry()
    expect(await store.load(held.key)).toMatchObject({ payload: 'still later' })
    expect(events.map(({ type }) => type)).toEqual(['down', 'up', 'saved'])
  })

  test('does not come back where it is ended meanwhile', async () => {
    const { first, store, inFirst, inSecond, held } = await setUp()
    first.before('create', () => inSecond.delete(held.key))
    waitForRetry()
    expect(await store.load(held.key)).toBe(null)
    expect(await inFirst.exists(held.key)).toBe(false)
  })

  test('is reported where it was changed in both stores', async () => {
    const { first, store, inFirst, inSecond, held, events } = await setUp()
    first.after('create', async () => {
      const [here, there] = [await inFirst.load(held.key), await inSecond.load(held.key)]
      if (!here || !there) throw new Error('The session is not there.')
      await inFirst.update(held.key, { payload: 'here', expireDate }, here)
      await inSecond.update(held.key, { payload: 'there', expireDate }, there)
    })
    waitForRetry()
    expect(await store.load(held.key)).toMatchObject({ payload: 'here' })
    expect(await inSecond.exists(held.key)).toBe(false)
    expect(events.filter(({ type }) => type === 'unsaved')).toEqual([
      { type: 'unsaved', sessions: 1 },
    ])
  })

  test('is not lost where the second store fails in the middle, and is moved to the end later', async () => {
    const { second, store, inFirst, inSecond, held } = await setUp()
    second.before('delete', () => {
      throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    })
    waitForRetry()
    await failureOf(store.load(held.key))
    expect(await inFirst.load(held.key)).toMatchObject({ payload: 'a payload' })
    expect(await store.load(held.key)).toMatchObject({ payload: 'a payload' })
    expect(await inSecond.exists(held.key)).toBe(true)
  })

  test('is not ended by its own deletion, whose answer was lost', async () => {
    const { second, store, inFirst, held } = await setUp()
    const { calls } = second
    second.after('delete', () => {
      throw Object.assign(new Error('reset'), { code: 'ECONNRESET' })
    })
    waitForRetry()
    await failureOf(store.load(held.key))
    // The second store is taken up again.
    waitForRetry()
    await vi.waitFor(async () => {
      await store.load(held.key)
      expect(calls.filter((call) => call === 'load').length).toBe(2)
    }, 10_000)
    await movesEnd()
    expect(await inFirst.load(held.key)).toMatchObject({ payload: 'a payload' })
  })
})

test('two stores whose payloads are not alike are refused', () => {
  const legacy: SessionStoreFactory = (context) => ({
    ...memoryStore()(context),
    codec: context.codecs.legacy(),
  })
  const store = fallbackStore(memoryStore(), { second: legacy })
  expect(() => createDjango({ settings, store })).toThrow(/^second: /)
})
