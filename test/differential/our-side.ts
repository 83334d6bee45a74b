/**
 * This package, over the database of a Django process.
 *
 * @module
 */
import {
  createDjango,
  type Django,
  type DjangoSettings,
  type DjangoVersion,
  type Exchange,
  type Expiry,
  type LazySession,
  type Session,
  type SessionExchange,
} from 'async-django'
import { isAsyncDjangoError } from 'async-django/errors'
import { kyselyStore } from 'async-django/stores/kysely'
import { kyselyUserStore } from 'async-django/users/kysely'
import type { Kysely } from 'kysely'

import type { SessionTables } from '../_databases.ts'
import { type HistorySettings, type Operation, secretsAt } from './history.ts'
import { readJson, writeJson } from './json.ts'
import type { Outcome, ResponseHeaders } from './seen.ts'

/** A request that has begun, and not ended. */
interface Opened {
  readonly exchange: HistoryExchange
  readonly state: SessionExchange<Record<string, unknown>>
  readonly django: Django
}

/** How our side is set up. */
export interface OurOptions {
  readonly djangoVersion: DjangoVersion
  readonly djangoExact: boolean
}

/** This package. */
export class OurSide {
  readonly #db: Kysely<SessionTables>
  readonly #options: OurOptions
  readonly #settings: HistorySettings
  readonly #clock: { now: number }
  readonly #opened = new Map<number, Opened>()
  #django: Django

  constructor(
    db: Kysely<SessionTables>,
    options: OurOptions,
    settings: HistorySettings,
    clock: { now: number },
  ) {
    this.#db = db
    this.#options = options
    this.#settings = settings
    this.#clock = clock
    this.#django = this.#make(0)
  }

  #make(rotations: number): Django {
    const { key, fallbacks } = secretsAt(rotations)
    return createDjango({
      ...this.#options,
      settings: {
        ...(camelCased(this.#settings) as DjangoSettings),
        secretKey: key,
        secretKeyFallbacks: fallbacks,
      },
      store: kyselyStore(this.#db),
      users: kyselyUserStore(this.#db),
      auth: { passwordHashers: ['django.contrib.auth.hashers.MD5PasswordHasher'] },
      now: () => new Date(Math.round(this.#clock.now * 1000)),
    })
  }

  /** As a process that is started anew, with another secret. */
  rotate(rotations: number): void {
    this.#django = this.#make(rotations)
  }

  async clearExpired(): Promise<Outcome> {
    return attempt(async () => {
      await this.#django.sessions.clearExpired()
      return null
    })
  }

  async end(key: string): Promise<Outcome> {
    return attempt(async () => {
      await this.#django.sessions.delete(key)
      return null
    })
  }

  open(request: number, cookie: string | null): Outcome {
    const exchange = new HistoryExchange(cookie)
    const django = this.#django
    this.#opened.set(request, { exchange, state: django.begin(exchange), django })
    return { answer: null }
  }

  async operate(request: number, operation: Operation): Promise<Outcome> {
    const opened = this.#opened.get(request)
    if (!opened) throw new TypeError(`There is no request ${request}.`)
    return attempt(() => operate(opened, operation))
  }

  async close(request: number, status: number): Promise<Outcome> {
    const opened = this.#opened.get(request)
    if (!opened) throw new TypeError(`There is no request ${request}.`)
    this.#opened.delete(request)
    opened.exchange.status = status
    return attempt(async () => {
      await opened.state.commit()
      return opened.exchange.headers
    })
  }
}

/** `SESSION_COOKIE_AGE` is `sessionCookieAge`. */
function camelCased(settings: HistorySettings): object {
  const camelCase = (name: string): string =>
    name.toLowerCase().replaceAll(/_(.)/g, (_all, letter: string) => letter.toUpperCase())
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [camelCase(name), value]),
  )
}

async function attempt(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { answer: await run() }
  } catch (error) {
    if (isAsyncDjangoError(error)) return { error: error.code }
    throw error
  }
}

/** A request with a cookie, and the headers of its response. */
class HistoryExchange implements Exchange {
  readonly method = 'GET'
  readonly scheme = 'https'
  readonly host = 'testserver'
  readonly path = '/'
  readonly headersSent = false
  status = 200
  readonly #cookie: string | null
  readonly #cookies: string[] = []
  #vary: string | null = null

  constructor(cookie: string | null) {
    this.#cookie = cookie
  }

  get headers(): ResponseHeaders {
    return { cookies: this.#cookies, vary: this.#vary }
  }

  header(name: string): string | null {
    return name === 'cookie' ? this.#cookie : null
  }

  formField(): Promise<string | null> {
    return Promise.resolve(null)
  }

  getHeader(name: string): string | null {
    return name === 'vary' ? this.#vary : null
  }

  setHeader(name: string, value: string): void {
    if (name === 'vary') this.#vary = value
  }

  appendHeader(name: string, value: string): void {
    if (name === 'set-cookie') this.#cookies.push(value)
  }
}

/** What operations are given, by name. */
interface Given {
  readonly key: string
  readonly value: never
  readonly kind: 'plain' | 'length' | 'moment'
  readonly user: string
}

async function operate({ state, django }: Opened, operation: Operation): Promise<unknown> {
  const { name, given, isLazy } = operation
  const { session } = state
  const direct = directly[name]
  if (direct) return (await direct(session, given as unknown as Given, django)) ?? null
  const lazily = isLazy ? lazyWrites[name] : undefined
  if (lazily) return lazily(session, given as unknown as Given)
  return loaded[name]?.(await session.load(), given as unknown as Given) ?? null
}

function expiryOf({ kind, value }: Given): Expiry {
  if (kind === 'moment') return new Date(Math.round(value * 1000))
  return kind === 'length' ? { seconds: value } : value
}

/** What in Django, too, does not load by itself, or is no method of a session. */
const directly: Readonly<
  Record<string, (session: LazySession, given: Given, django: Django) => unknown>
> = {
  clear: (session) => session.clear(),
  is_empty: (session) => (session as Session).isEmpty(),
  set_modified: (session) => {
    session.modified = true
  },
  save: async (session) => {
    await session.save()
  },
  cycle_key: (session) => session.cycleKey(),
  flush: (session) => session.flush(),
  login: async (session, { user }, django) => {
    await django.users.login(session, await django.users.getByNaturalKey(user))
  },
  logout: (session, _given, django) => django.users.logout(session),
  user: async (session, _given, django) => {
    const user = await django.users.fromSession(session).load()
    return user.isAuthenticated ? user.get('username') : ''
  },
}

/** Writes that need not read first. */
const lazyWrites: Readonly<Record<string, (session: LazySession, given: Given) => null>> = {
  set(session, { key, value }) {
    session.set(key, readJson(value))
    return null
  },
  update(session, { value }) {
    session.update(readJson(value) as object)
    return null
  },
  set_expiry(session, given) {
    session.setExpiry(expiryOf(given))
    return null
  },
  set_test_cookie(session) {
    session.setTestCookie()
    return null
  },
}

/** What is done with a session that is loaded. */
const loaded: Readonly<Record<string, (session: Session, given: Given) => unknown>> = {
  ...lazyWrites,
  get: (session, { key }) => writeJson(session.get(key)),
  has: (session, { key }) => session.has(key),
  items: (session) => writeJson(session.items()),
  pop: (session, { key }) => writeJson(session.pop(key)),
  setdefault: (session, { key, value }) => writeJson(session.setdefault(key, readJson(value))),
  change_inside(session, { key }) {
    const value = session.get(key)
    if (Array.isArray(value)) value.push('inside')
    else if (typeof value === 'object' && value !== null) Object.assign(value, { inside: 1 })
    return typeof value === 'object' && value !== null
  },
  get_expiry_age: (session) => session.getExpiryAge(),
  get_expiry_date: (session) => session.getExpiryDate().toISOString(),
  get_expire_at_browser_close: (session) => session.getExpireAtBrowserClose(),
  test_cookie_worked: (session) => session.testCookieWorked(),
}
