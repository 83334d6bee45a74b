import { afterEach, describe, expect, test, vi } from 'vitest'

import { FakeExchange, type FakeRequest } from '../../test/conformance/fake-exchange.ts'
import { sharedStore, watchStore } from '../../test/fixtures/watched-store.ts'
import { createDjango, type Django, type DjangoOptions } from '../django.ts'
import type { CsrfError } from '../errors.ts'
import { coreOf } from '../session/session.ts'
import type { DjangoSettings } from '../settings.ts'
import { memoryStore } from '../stores/memory.ts'
import {
  csrf,
  type CsrfOptions,
  csrfProtect,
  ensureCsrfCookie,
  getCsrfToken,
  rotateCsrfToken,
} from './csrf.ts'
import { secretOf } from './csrf-tokens.ts'
import type { SessionExchange } from './middleware.ts'
import { platform } from '#platform'

afterEach(() => vi.restoreAllMocks())

const secret = 'Kt3Ini0yZCgk6DjIlWxOhm8hOiayj6UH'

interface SetUp extends Partial<Omit<DjangoOptions, 'settings' | 'readOnly' | 'csrf'>> {
  readonly settings?: Partial<DjangoSettings>
  readonly csrf?: CsrfOptions
}

function setUp({ settings, csrf: options, ...more }: SetUp = {}): Django {
  return createDjango({
    store: memoryStore(),
    ...more,
    settings: { secretKey: 'a secret', allowedHosts: ['testserver'], ...settings },
    csrf: csrf(options),
  })
}

function post(request: FakeRequest = {}): FakeExchange {
  return new FakeExchange({
    method: 'POST',
    scheme: 'http',
    ...request,
    headers: { cookie: `csrftoken=${secret}`, ...request.headers },
  })
}

async function reasonOf(checking: Promise<unknown> | null): Promise<string | null> {
  try {
    await checking
    return null
  } catch (error) {
    return (error as CsrfError).reason
  }
}

/** The secret that a response keeps. */
function kept(exchange: FakeExchange): string | undefined {
  return /csrftoken=(\w+);/.exec(exchange.getHeader('set-cookie') ?? '')?.[1]
}

function begin(django: Django, exchange: FakeExchange): SessionExchange<Record<string, unknown>> {
  return django.begin(exchange)
}

describe('a request', () => {
  test('is free where it needs no token', () => {
    const django = setUp()
    const exchange = new FakeExchange({ headers: { cookie: `csrftoken=${secret}` } })
    const state = begin(django, exchange)
    expect(state.autoload()).toBeNull()
    expect(state.isDue).toBe(false)
    expect(state.commit()).toBeNull()
    expect(exchange.getHeader('set-cookie')).toBeNull()
    expect(exchange.getHeader('vary')).toBeNull()
  })

  test('is refused with what Django says, and that is told', async () => {
    const django = setUp()
    const told: unknown[] = []
    django.on('csrf.rejected', (message) => told.push(message))
    const state = begin(django, post({ path: '/pay' }))
    const message = 'CSRF token missing.'
    await expect(state.autoload()).rejects.toMatchObject({
      code: 'ERR_CSRF',
      status: 403,
      reason: 'tokenMissing',
      message,
    })
    expect(told).toEqual([{ reason: 'tokenMissing', message, path: '/pay' }])
  })

  test.each<[FakeRequest, string | null]>([
    [{ headers: { 'x-csrftoken': secret } }, null],
    [{ headers: { cookie: null, 'x-csrftoken': secret } }, 'noCookie'],
    [{ headers: { cookie: 'csrftoken=x', 'x-csrftoken': secret } }, 'badCookie'],
    [{ headers: { 'x-csrftoken': 'x' } }, 'badToken'],
    [{ headers: { 'x-csrftoken': 'x'.repeat(32) } }, 'tokenIncorrect'],
    [{ headers: { origin: 'http://evil.example' } }, 'badOrigin'],
    [{ scheme: 'https' }, 'noReferer'],
    [{ scheme: 'https', headers: { referer: 'x' } }, 'malformedReferer'],
    [{ scheme: 'https', headers: { referer: 'http://testserver/' } }, 'insecureReferer'],
    [{ scheme: 'https', headers: { referer: 'https://evil.example/' } }, 'badReferer'],
  ])('%j: %s', async (request, reason) => {
    expect(await reasonOf(begin(setUp(), post(request)).autoload())).toBe(reason)
  })

  test('is checked once, also where adapters ask twice', async () => {
    const state = begin(setUp(), post())
    expect(await reasonOf(state.autoload())).toBe('tokenMissing')
    expect(state.autoload()).toBeNull()
  })

  test('is checked before its session is loaded', async () => {
    const { store, calls } = watchStore(memoryStore())
    const django = setUp({ store })
    const exchange = post({ headers: { cookie: 'sessionid=abcdefgh' } })
    expect(await reasonOf(django.begin(exchange, { autoload: true }).autoload())).toBe('noCookie')
    expect(calls).toEqual([])
  })

  test('is checked where adapters skip it', async () => {
    const state = setUp().begin(post(), { skip: () => true })
    expect(await reasonOf(state.autoload())).toBe('tokenMissing')
  })

  test('has what `failure` throws in the place of the error', async () => {
    const failure = ({ reason }: CsrfError): never => {
      throw new Error(`refused: ${reason}`)
    }
    const checking = begin(setUp({ csrf: { failure } }), post()).autoload()
    await expect(checking).rejects.toThrow('refused: tokenMissing')
  })

  test('is let in where it is exempt, until the handler has it checked', async () => {
    const exempt = ({ path }: { readonly path: string }): boolean => path === '/hook'
    const django = setUp({ csrf: { exempt } })
    const state = begin(django, post({ path: '/hook' }))
    expect(state.autoload()).toBeNull()
    expect(await reasonOf(csrfProtect(state.session))).toBe('tokenMissing')
    expect(await reasonOf(begin(django, post({ path: '/other' })).autoload())).toBe('tokenMissing')
    const safe = begin(django, new FakeExchange({}))
    expect(await reasonOf(csrfProtect(safe.session))).toBeNull()
  })

  test('warns of a proxy that is not declared', async () => {
    const warn = vi.spyOn(platform, 'warn').mockReturnValue()
    const headers = { origin: 'https://testserver', 'x-csrftoken': secret }
    expect(await reasonOf(begin(setUp(), post({ headers })).autoload())).toBe('badOrigin')
    expect(warn).toHaveBeenCalledOnce()
  })
})

describe('a token', () => {
  test('is for the secret in the cookie, another one each time, and renews the cookie', async () => {
    const exchange = new FakeExchange({ headers: { cookie: `csrftoken=${secret}` } })
    const state = begin(setUp(), exchange)
    const tokens = [await getCsrfToken(state.session), await getCsrfToken(state.session)]
    expect(tokens.map(secretOf)).toEqual([secret, secret])
    expect(tokens[0]).not.toBe(tokens[1])
    expect(state.commit()).toBeNull()
    expect(kept(exchange)).toBe(secret)
    expect(exchange.getHeader('vary')).toBe('Cookie')
  })

  test('of a new visitor is for one new secret, also where it is asked for twice at once', async () => {
    const exchange = new FakeExchange({})
    const state = begin(setUp(), exchange)
    const tokens = await Promise.all([getCsrfToken(state.session), getCsrfToken(state.session)])
    await state.commit()
    expect(new Set(tokens.map(secretOf))).toEqual(new Set([kept(exchange)]))
  })

  test('is worthless after a rotation', async () => {
    const exchange = new FakeExchange({ headers: { cookie: `csrftoken=${secret}` } })
    const state = begin(setUp(), exchange)
    rotateCsrfToken(state.session)
    const token = await getCsrfToken(state.session)
    await state.commit()
    expect(kept(exchange)).toBe(secretOf(token))
    expect(kept(exchange)).not.toBe(secret)
  })

  test('is worthless after a login, whether a token was asked for before or after', async () => {
    const exchange = new FakeExchange({ headers: { cookie: `csrftoken=${secret}` } })
    const state = begin(setUp(), exchange)
    await getCsrfToken(state.session)
    coreOf(state.session).keyRotated = true
    const token = await getCsrfToken(state.session)
    expect(secretOf(token)).not.toBe(secret)
    await state.commit()
    expect(kept(exchange)).toBe(secretOf(token))
    const silent = new FakeExchange({ headers: { cookie: `csrftoken=${secret}` } })
    const login = begin(setUp(), silent)
    coreOf(login.session).keyRotated = true
    await login.commit()
    expect(kept(silent)).toMatch(/^\w{32}$/)
    expect(kept(silent)).not.toBe(secret)
  })

  test('is not needed for the cookie', async () => {
    const exchange = new FakeExchange({})
    const state = begin(setUp(), exchange)
    await ensureCsrfCookie(state.session)
    await state.commit()
    expect(kept(exchange)).toMatch(/^\w{32}$/)
  })

  test('is for sessions of requests only', async () => {
    const django = setUp()
    const error = expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as unknown
    expect(() => getCsrfToken(django.sessions.get(null))).toThrow(error)
    const without = createDjango({ settings: { secretKey: 'x' }, store: memoryStore() })
    expect(() => getCsrfToken(without.begin(new FakeExchange({})).session)).toThrow(error)
  })
})

describe('the cookie', () => {
  test('is replaced where it holds no secret, unless the request is skipped', async () => {
    const django = setUp()
    const exchange = new FakeExchange({ headers: { cookie: 'csrftoken=x' } })
    expect(begin(django, exchange).isDue).toBe(true)
    await begin(django, exchange).commit()
    expect(kept(exchange)).toMatch(/^\w{32}$/)
    const skipped = new FakeExchange({ headers: { cookie: 'csrftoken=x' } })
    const state = django.begin(skipped, { skip: () => true })
    expect(state.isDue).toBe(false)
    await state.commit()
    expect(kept(skipped)).toBeUndefined()
  })

  test('that comes twice counts as its last, and is told', async () => {
    const django = setUp()
    const told: unknown[] = []
    django.on('cookie.duplicate', (message) => told.push(message))
    const cookie = `csrftoken=${'x'.repeat(32)}; csrftoken=${secret}`
    const state = begin(django, post({ headers: { cookie, 'x-csrftoken': secret } }))
    expect(await reasonOf(state.autoload())).toBeNull()
    expect(told).toEqual([{ name: 'csrftoken', count: 2 }])
  })

  test('cannot be set once headers have left, unless it is there', async () => {
    const known = new FakeExchange({ headers: { cookie: `csrftoken=${secret}` } })
    const first = begin(setUp(), known)
    await getCsrfToken(first.session)
    known.headersSent = true
    expect(first.commit()).toBeNull()
    const unknown = new FakeExchange({})
    const second = begin(setUp(), unknown)
    await getCsrfToken(second.session)
    unknown.headersSent = true
    await expect(second.commit()).rejects.toMatchObject({ code: 'ERR_HEADERS_SENT' })
  })
})

describe('with csrfUseSessions', () => {
  const settings = { csrfUseSessions: true }

  test('a session is read only for requests that need the secret', async () => {
    const { store, calls } = watchStore(memoryStore())
    const django = setUp({ settings, store })
    const exchange = new FakeExchange({ headers: { cookie: 'sessionid=abcdefgh' } })
    const state = begin(django, exchange)
    expect(state.autoload()).toBeNull()
    await state.commit()
    expect(calls).toEqual([])
    const exact = setUp({ settings, store, djangoExact: true })
    await begin(exact, exchange).autoload()
    expect(calls).toEqual(['load'])
  })

  test('the secret is stored once, in a session of its own if need be', async () => {
    const { store, calls } = watchStore(memoryStore())
    const django = setUp({ settings, store })
    const exchange = new FakeExchange({})
    const state = begin(django, exchange)
    const token = await getCsrfToken(state.session)
    await state.commit()
    expect((await state.session.load()).get('_csrftoken')).toBe(secretOf(token))
    const [cookie = ''] = exchange.getHeader('set-cookie')?.split(';') ?? []
    expect(cookie).toMatch(/^sessionid=/)
    calls.length = 0
    const next = begin(django, post({ headers: { cookie, 'x-csrftoken': token } }))
    expect(await reasonOf(next.autoload())).toBeNull()
    await getCsrfToken(next.session)
    await next.commit()
    expect(calls).toEqual(['load'])
  })

  test('depends on no schema', async () => {
    const validate = (): { readonly issues: readonly { readonly message: string }[] } => ({
      issues: [{ message: 'nothing fits' }],
    })
    const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const
    const store = sharedStore(memoryStore())
    const plain = begin(setUp({ settings, store }), new FakeExchange({}))
    const token = await getCsrfToken(plain.session)
    await plain.commit()
    const cookie = `sessionid=${plain.session.key}`
    const django = setUp({ settings, store, schema })
    const state = begin(django, post({ headers: { cookie, 'x-csrftoken': token } }))
    expect(await reasonOf(state.autoload())).toBeNull()
  })
})

describe('with readOnly', () => {
  const django = createDjango({
    settings: { secretKey: 'a secret' },
    store: memoryStore(),
    readOnly: true,
    csrf: csrf(),
  })

  test('requests are checked, and no cookie is set', async () => {
    const exchange = post({ headers: { 'x-csrftoken': secret } })
    const state = django.begin(exchange)
    expect(await reasonOf(state.autoload())).toBeNull()
    expect(secretOf(await getCsrfToken(state.session))).toBe(secret)
    expect(state.isDue).toBe(false)
    await state.commit()
    expect(exchange.getHeader('set-cookie')).toBeNull()
    const { session } = django.begin(new FakeExchange({}))
    await expect(getCsrfToken(session)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
  })
})

describe('settings', () => {
  test.each<[unknown, string]>([
    [{ csrfCookieName: 'a b' }, 'csrfCookieName'],
    [{ csrfCookieAge: 1.5 }, 'csrfCookieAge'],
    [{ csrfCookieSamesite: 'None' }, 'csrfCookieSamesite'],
    [{ csrfCookieName: '__Host-csrf' }, 'csrfCookieSecure'],
    [{ csrfHeaderName: 'X-CSRFToken' }, 'csrfHeaderName'],
    [{ csrfTrustedOrigins: ['example.com'] }, 'csrfTrustedOrigins'],
    [{ csrfTrustedOrigins: [1] }, 'csrfTrustedOrigins'],
    [{ csrfTrustedOrigins: 'https://example.com' }, 'settings.csrfTrustedOrigins'],
    [{ csrfUseSessions: 1 }, 'settings.csrfUseSessions'],
  ])('%j is refused', (settings, setting) => {
    expect(() => setUp({ settings: settings as DjangoSettings })).toThrow(
      expect.objectContaining({ code: 'ERR_IMPROPERLY_CONFIGURED', setting }),
    )
  })

  test('hosts are wanted in production, where requests are checked', () => {
    vi.spyOn(platform, 'isProduction').mockReturnValue(true)
    expect(() => setUp({ settings: { allowedHosts: [] } })).toThrow(/^allowedHosts/)
    createDjango({ settings: { secretKey: 'x' }, store: memoryStore() })
  })
})
