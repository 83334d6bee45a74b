import { describe, expect, test } from 'vitest'

import { sharedStore, watchStore } from '../../test/fixtures/watched-store.ts'
import { createDjango, type Django, type DjangoOptions } from '../django.ts'
import { HeadersSentError, SessionInterruptedError } from '../errors.ts'
import type { LazySession } from '../session/lazy-session.ts'
import type { DjangoSettings } from '../settings.ts'
import { memoryStore } from '../stores/memory.ts'
import type { Exchange } from './exchange.ts'

/** A request and its response, held in memory. */
class FakeExchange implements Exchange {
  readonly method = 'GET'
  readonly scheme = 'http'
  readonly host = 'localhost'
  readonly path = '/'
  status = 200
  headersSent = false
  cookiesRead = 0
  readonly headers = new Headers()
  readonly #cookie: string | null

  constructor(cookie: string | null = null) {
    this.#cookie = cookie
  }

  header(name: string): string | null {
    if (name === 'cookie') this.cookiesRead++
    return name === 'cookie' ? this.#cookie : null
  }

  formField(): Promise<null> {
    return Promise.resolve(null)
  }

  getHeader(name: string): string | null {
    return this.headers.get(name)
  }

  setHeader(name: string, value: string): void {
    this.headers.set(name, value)
  }

  appendHeader(name: string, value: string): void {
    this.headers.append(name, value)
  }

  get cookies(): string[] {
    return this.headers.getSetCookie()
  }
}

function setUp(options: Partial<Omit<DjangoOptions, 'readOnly'>> = {}): {
  readonly django: Django
  readonly calls: readonly string[]
} {
  const { store, calls } = watchStore(memoryStore())
  const settings = { secretKey: 'a secret', ...options.settings }
  return { django: createDjango({ store, ...options, settings }), calls }
}

/** A process that has read a session which another one made. */
async function setUpProven(settings: Partial<DjangoSettings> = {}): Promise<{
  readonly django: Django
}> {
  const store = sharedStore(memoryStore())
  const options = { store, settings: { secretKey: 'a secret', ...settings } }
  const cookie = await makeSession(createDjango(options))
  const django = createDjango(options)
  await django.sessions.get(cookie.replace('sessionid=', '')).load()
  return { django }
}

async function makeSession(django: Django): Promise<string> {
  const session = django.sessions.get(null)
  session.set('a', 1)
  await session.save()
  return `sessionid=${session.key}`
}

test('hands out a session without looking at the cookie', () => {
  const { django } = setUp()
  const exchange = new FakeExchange('sessionid=abcdefgh')
  const { session } = django.begin(exchange)
  expect(exchange.cookiesRead).toBe(0)
  expect(session.key).toBe('abcdefgh')
  expect(exchange.cookiesRead).toBe(1)
})

test('has nothing to wait for where a session was only read, once one was', async () => {
  const { django, calls } = setUp()
  const key = await makeSession(django)
  const first = django.begin(new FakeExchange(key))
  await first.session.load()
  await first.commit()
  const exchange = new FakeExchange(key)
  const state = django.begin(exchange)
  await state.session.load()
  expect(state.commit()).toBeNull()
  expect(exchange.headers.get('vary')).toBe('Cookie')
  expect(calls).toEqual(['create', 'load', 'load'])
})

test('stores nothing where a write turns out to change nothing', async () => {
  const { django, calls } = setUp()
  const exchange = new FakeExchange(await makeSession(django))
  const state = django.begin(exchange)
  state.session.delete('absent')
  await state.commit()
  expect(exchange.cookies).toEqual([])
  expect(calls).toEqual(['create', 'load'])
})

describe('isDue', () => {
  test.each([
    { cookie: null, settings: {}, due: false },
    { cookie: 'sessionid=abcdefgh', settings: {}, due: false },
    { cookie: 'sessionid=short', settings: {}, due: true },
    { cookie: 'sessionid=', settings: {}, due: true },
    { cookie: null, settings: { sessionSaveEveryRequest: true }, due: true },
  ])('is $due for $cookie with $settings', ({ cookie, settings, due }) => {
    const { django } = setUp({ settings })
    expect(django.begin(new FakeExchange(cookie)).isDue).toBe(due)
  })

  test('is false where the request is skipped', () => {
    const { django } = setUp({ settings: { sessionSaveEveryRequest: true } })
    const exchange = new FakeExchange('sessionid=short')
    const state = django.begin(exchange, { skip: () => true })
    expect(state.isDue).toBe(false)
    expect(state.commit()).toBeNull()
    expect(exchange.cookies).toEqual([])
  })
})

describe('autoload', () => {
  test('is no access by itself', async () => {
    const { django } = setUp()
    const exchange = new FakeExchange(await makeSession(django))
    const state = django.begin(exchange, { autoload: true })
    await state.autoload()
    expect(state.commit()).toBeNull()
    expect(exchange.headers.has('vary')).toBe(false)
  })

  test('makes the response vary once the data is looked at', async () => {
    const { django } = setUp()
    const exchange = new FakeExchange(await makeSession(django))
    const state = django.begin(exchange, { autoload: true })
    const session = await state.autoload()
    expect(session?.data).toEqual({ a: 1 })
    await state.commit()
    expect(exchange.headers.get('vary')).toBe('Cookie')
  })

  test('keeps an access that came before', async () => {
    const { django } = setUp()
    const exchange = new FakeExchange(await makeSession(django))
    const state = django.begin(exchange, { autoload: true })
    await state.session.load()
    await state.autoload()
    await state.commit()
    expect(exchange.headers.get('vary')).toBe('Cookie')
  })

  test('keeps the cookie of a session that is not there: it may be there for Django', async () => {
    const { django } = await setUpProven()
    const exchange = new FakeExchange('sessionid=abcdefghijkl')
    const state = django.begin(exchange, { autoload: true })
    await state.autoload()
    expect(state.commit()).toBeNull()
    expect(exchange.cookies).toEqual([])
  })

  test('deletes it with djangoExact, as Django does', async () => {
    const { django } = setUp({ djangoExact: true })
    const exchange = new FakeExchange('sessionid=abcdefghijkl')
    const state = django.begin(exchange, { autoload: true })
    await state.autoload()
    expect(state.commit()).toBeNull()
    expect(exchange.cookies).toEqual([expect.stringMatching('^sessionid=""; .*Max-Age=0')])
  })
})

test('rolls a session that was loaded by autoload only', async () => {
  let time = Date.parse('2030-01-01T00:00:00Z')
  const { django, calls } = setUp({ now: () => new Date(time) })
  const cookie = await makeSession(django)
  time += 3_600_000
  const exchange = new FakeExchange(cookie)
  const state = django.begin(exchange, { autoload: true, rolling: { everySeconds: 60 } })
  await state.autoload()
  await state.commit()
  expect(calls).toEqual(['create', 'load', 'touch'])
  expect(exchange.cookies).toHaveLength(1)
  expect(exchange.headers.get('vary')).toBe('Cookie')
})

test('saves every request, but makes no new session on a mere look for one', async () => {
  const { django } = await setUpProven({ sessionSaveEveryRequest: true })
  const exchange = new FakeExchange('sessionid=abcdefghijkl')
  await django.begin(exchange).commit()
  expect(exchange.cookies).toEqual([])
})

test('saves every request with djangoExact, also under a new key, as in Django', async () => {
  const { django } = setUp({
    djangoExact: true,
    settings: { sessionSaveEveryRequest: true, secretKey: 's' },
  })
  const exchange = new FakeExchange('sessionid=abcdefghijkl')
  await django.begin(exchange).commit()
  expect(exchange.cookies).toEqual([expect.stringMatching(/^sessionid=[a-z0-9]{32};/)])
})

test('waits for a change that nobody waits for, and sets its cookie', async () => {
  const { django } = setUp()
  const exchange = new FakeExchange()
  const state = django.begin(exchange)
  const { session } = state
  void session.change((data) => {
    data['a'] = 1
  })
  await state.commit()
  expect(exchange.cookies).toEqual([expect.stringMatching(`^sessionid=${session.key};`)])
})

describe('while the session is being saved', () => {
  test('a key that changes meanwhile is the one in the cookie', async () => {
    const { store, before } = watchStore(memoryStore())
    const django = createDjango({ store, settings: { secretKey: 'a secret' } })
    const cookie = await makeSession(django)
    const exchange = new FakeExchange(cookie)
    const state = django.begin(exchange)
    const { session } = state
    session.set('b', 2)
    before('update', () => {
      void session.cycleKey()
    })
    before('create', () => new Promise(setImmediate))
    await state.commit()
    expect(`sessionid=${session.key}`).not.toBe(cookie)
    expect(exchange.cookies).toEqual([expect.stringMatching(`^sessionid=${session.key};`)])
    expect(await django.sessions.exists(session.key ?? '')).toBe(true)
  })

  test('a session that is flushed meanwhile has its cookie deleted', async () => {
    const { store, before } = watchStore(memoryStore())
    const django = createDjango({ store, settings: { secretKey: 'a secret' } })
    const exchange = new FakeExchange(await makeSession(django))
    const state = django.begin(exchange)
    const { session } = state
    session.set('b', 2)
    before('update', () => {
      void session.flush()
    })
    await state.commit()
    expect(exchange.cookies).toEqual([expect.stringMatching('^sessionid=""; .*Max-Age=0')])
  })
})

describe('after the commit', () => {
  test('what needs a cookie is refused, also where there was nothing to commit', async () => {
    const { django, calls } = setUp()
    const state = django.begin(new FakeExchange())
    const { session } = state
    expect(state.commit()).toBeNull()
    session.set('a', 1)
    await expect(session.save()).rejects.toThrow(HeadersSentError)
    expect(calls).toEqual([])
  })

  test('what needs none is allowed', async () => {
    const { django, calls } = setUp()
    const state = django.begin(new FakeExchange(await makeSession(django)))
    const session = await state.session.load()
    await state.commit()
    session.set('a', 2)
    await session.save()
    expect(calls).toEqual(['create', 'load', 'update'])
  })
})

describe('a response that takes no headers', () => {
  test('goes without the refreshed cookie of a key that the browser has', async () => {
    const { django } = setUp()
    const exchange = new FakeExchange(await makeSession(django))
    exchange.headersSent = true
    const state = django.begin(exchange)
    state.session.set('a', 2)
    await state.commit()
    expect([...exchange.headers]).toEqual([])
  })

  test('fails where the browser does not have the key', async () => {
    const { django } = setUp()
    const exchange = new FakeExchange()
    const state = django.begin(exchange)
    state.session.set('a', 2)
    await state.session.save()
    exchange.headersSent = true
    await expect(state.commit()).rejects.toThrow(HeadersSentError)
  })

  test('leaves a cookie that is to be deleted', () => {
    const { django } = setUp()
    const exchange = new FakeExchange('sessionid=short')
    exchange.headersSent = true
    expect(django.begin(exchange).commit()).toBeNull()
    expect([...exchange.headers]).toEqual([])
  })
})

test('goes by the status at the time of the commit', async () => {
  const { django } = setUp()
  const exchange = new FakeExchange()
  const state = django.begin(exchange)
  state.session.set('a', 1)
  const saving = state.commit()
  exchange.status = 500
  await saving
  expect(exchange.cookies).toHaveLength(1)
})

test('reads only: no cookie, not even a deletion', async () => {
  const store = memoryStore()
  const django = createDjango({ store, readOnly: true, settings: { secretKey: 'a secret' } })
  const exchange = new FakeExchange('sessionid=short')
  const state = django.begin(exchange)
  expect(state.isDue).toBe(false)
  await state.session.load()
  expect(state.commit()).toBeNull()
  expect([...exchange.headers]).toEqual([['vary', 'Cookie']])
})

describe('the cookie of a session', () => {
  test('is set where the handler saved a new session itself', async () => {
    const { django, calls } = setUp()
    const exchange = new FakeExchange()
    const state = django.begin(exchange)
    const session = await state.session.load()
    session.data['theme'] = 'dark'
    await session.save()
    await state.commit()
    expect(exchange.cookies).toEqual([expect.stringMatching(`^sessionid=${session.key};`)])
    expect(calls).toEqual(['create'])
  })

  test('is that of an empty session where it was marked as modified under an unknown key', async () => {
    const { django, calls } = setUp()
    const exchange = new FakeExchange('sessionid=abcdefgh')
    const state = django.begin(exchange)
    state.session.modified = true
    await state.commit()
    expect(exchange.cookies).toEqual([expect.stringMatching(`^sessionid=${state.session.key};`)])
    expect(calls).toEqual(['load', 'create'])
  })

  test('is none where a session without a key was only marked, cleared or had a key taken out', async () => {
    for (const write of [
      (session: LazySession) => (session.modified = true),
      (session: LazySession) => session.clear(),
      (session: LazySession) => session.delete('a'),
    ]) {
      const { django, calls } = setUp()
      const exchange = new FakeExchange()
      const state = django.begin(exchange)
      write(state.session)
      await state.commit()
      expect(exchange.cookies).toEqual([])
      expect(calls).toEqual([])
    }
  })

  test('is left alone where a session that nobody looked at was cleared, and is not there', async () => {
    const { django } = setUp({ settings: { secretKey: 'a secret', sessionSaveEveryRequest: true } })
    const exchange = new FakeExchange('sessionid=abcdefgh')
    const state = django.begin(exchange)
    state.session.clear()
    await expect(state.commit()).rejects.toThrow(SessionInterruptedError)
    expect(exchange.cookies).toEqual([])
  })
})

test('leaves the cookie of an unknown session alone where a failure keeps it from being stored', async () => {
  const { django, calls } = setUp({
    djangoExact: true,
    settings: { secretKey: 'a secret', sessionSaveEveryRequest: true },
  })
  const exchange = new FakeExchange('sessionid=abcdefgh')
  exchange.status = 503
  const state = django.begin(exchange)
  await state.commit()
  expect(calls).toEqual(['load'])
  expect(exchange.cookies).toEqual([])
})

test('writes over an expired session that was cleared without a look, where all is as in Django', async () => {
  let now = new Date()
  const { django } = setUp({ djangoExact: true, now: () => now })
  const cookie = await makeSession(django)
  now = new Date(now.getTime() + 15 * 86_400_000)
  const exchange = new FakeExchange(cookie)
  const state = django.begin(exchange)
  state.session.clear()
  await state.commit()
  expect(exchange.cookies).toEqual([expect.stringMatching(`^${cookie};`)])
  expect((await django.sessions.get(cookie.slice(10)).load()).data).toEqual({})
})
