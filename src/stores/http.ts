/**
 * Sessions behind a session service, `async-django serve` or `async-django/service`: for servers
 * that must not hold the password of the database. Equals the engine whose store the service has.
 * Needs `fetch`: that of the runtime, or of a client with connections of your own, such as undici's.
 *
 * Reads are sent again, once, where a connection broke; writes never are, as they may have happened.
 * Every call ends when its time is over. Session keys travel in a header and not in the path, as
 * paths are logged.
 *
 * @module
 */
import { ImproperlyConfiguredError, invalidArgument, ServiceError } from '../errors.ts'
import type { Codec } from '../session/codec.ts'
import type {
  Call,
  ClearProgress,
  NewSession,
  SessionStore,
  SessionStoreFactory,
  StoreContext,
  StoredSession,
} from '../session/store.ts'
import { type ClearedBatch, clearInBatches } from './_clear-expired.ts'
import { type Fetch, HttpCaller, type ServiceAnswer, type ServiceCall } from './_http-caller.ts'
import {
  etagOf,
  expiresHeader,
  keyHeader,
  keyInHeader,
  mostKeys,
  payloadType,
  readExpires,
  type WireSession,
  writeExpires,
} from './_http-wire.ts'
import { isStorableKey, storedNow } from './_session-table.ts'
import { platform } from '#platform'

export type { Fetch }

/** Options of `httpStore`. */
export interface HttpStoreOptions {
  /** The service's token, or what gives it anew for each call, so that it can be replaced. */
  readonly token: string | (() => string)
  /** Sends requests. Default: the runtime's own `fetch`. */
  readonly fetch?: Fetch
  /**
   * What the service's store keeps payloads as, where that is a cache: that store's own codec,
   * `(context) => redisStore(client)(context).codec`. Default: signed JSON, as in Django's table.
   */
  readonly codec?: (context: StoreContext) => Codec
}

/**
 * Keeps sessions where a session service keeps them.
 *
 * @param url - Of the service: `https://sessions.internal:8787`.
 * @throws ImproperlyConfiguredError for what is no URL, and for a token that is none.
 * @example
 * ```ts
 * const store = httpStore('https://sessions.internal', { token: process.env.SESSION_TOKEN! })
 * const django = createDjango({ settings, store })
 * ```
 */
export function httpStore(url: string | URL, options: HttpStoreOptions): SessionStoreFactory {
  const { token, fetch = (...request) => globalThis.fetch(...request) } = options
  const { codec = ({ codecs }) => codecs.signed() } = options
  const readToken = typeof token === 'function' ? token : () => token
  if (typeof token !== 'function') checkToken(token)
  const caller = new HttpCaller(serviceUrl(url), readToken, fetch)
  return (context) => makeStore(caller, codec(context), context)
}

function checkToken(token: unknown): void {
  if (typeof token === 'string' && /^[\u0021-\u007e]+$/.test(token)) return
  throw new ImproperlyConfiguredError('token', 'must be printable ASCII characters.')
}

/** Without a slash at its end. */
function serviceUrl(given: string | URL): string {
  const url = URL.canParse(String(given)) ? new URL(given) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw new ImproperlyConfiguredError(
      'url',
      'must be an http or https URL, without user, query or fragment.',
    )
  }
  const isLocal = /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)
  if (url.protocol === 'http:' && !isLocal) warnOfPlainTransport(url.hostname)
  return url.href.replace(/\/+$/, '')
}

function warnOfPlainTransport(host: string): void {
  platform.warn(
    'httpStore',
    `httpStore() sends its token and session keys to "${host}" over plain HTTP: whoever can listen ` +
      'on the way can use them. Use https, unless the network itself encrypts.',
  )
}

function makeStore(caller: HttpCaller, codec: Codec, { now }: StoreContext): SessionStore {
  return {
    name: 'httpStore',
    codec,
    can: { compareAndSwap: true, revoke: true, touch: true, clear: true, columns: false },
    async load(key, call) {
      if (!isSendable(key)) return null
      const answer = await caller.call(one('load', 'GET', key, [200, 404]), call)
      return answer.status === 200 ? live(storedIn(answer), now()) : null
    },
    async loadMany(keys, call) {
      const asked = keys.filter(isSendable)
      const found = new Map<string, StoredSession>()
      for (let at = 0; at < asked.length; at += mostKeys) {
        const sessions = await loadBatch(caller, asked.slice(at, at + mostKeys), call)
        for (const { key, payload, expires, etag } of sessions) {
          const stored = { payload, expireDate: readExpires(expires), version: etag }
          if (live(stored, now())) found.set(key, stored)
        }
      }
      return found
    },
    async exists(key, call) {
      if (!isSendable(key)) return false
      return (await caller.call(one('exists', 'HEAD', key, [204, 404]), call)).status === 204
    },
    async create(key, next, call) {
      if (!isSendable(key)) throw invalidArgument('A session key is short text without NUL.')
      const asked = one('create', 'PUT', key, [201, 412], { 'if-none-match': '*' })
      const { status, header } = await caller.call(writing(asked, next), call)
      return status === 201 ? { key, stored: written(next, header('etag')) } : null
    },
    async update(key, next, previous, call) {
      if (!isSendable(key)) return { outcome: 'missing' }
      const asked = one('update', 'PUT', key, [204, 404, 412], ifMatch(previous))
      const answer = await caller.call(writing(asked, next), call)
      if (answer.status === 404) return { outcome: 'missing' }
      if (answer.status === 412) return { outcome: 'conflict', current: storedIn(answer) }
      return { outcome: 'saved', key, stored: written(next, answer.header('etag')) }
    },
    async touch(key, expireDate, call) {
      if (!isSendable(key)) return false
      const headers = { [expiresHeader]: writeExpires(expireDate) }
      const asked = one('touch', 'POST', key, [204, 404], headers)
      return (await caller.call(asked, call)).status === 204
    },
    async delete(key, previous, call) {
      if (!isSendable(key)) return 'missing'
      const headers = previous ? ifMatch(previous) : {}
      const asked = one('delete', 'DELETE', key, [204, 404, 412], headers)
      const { status } = await caller.call(asked, call)
      if (status === 204) return 'deleted'
      return status === 404 ? 'missing' : 'conflict'
    },
    clearExpired: (options) =>
      clearInBatches(async (size) => clearBatch(caller, now(), size), options),
    async serverTime(call) {
      const asked = { operation: 'serverTime', method: 'GET', path: '/sessions' } as const
      const { time } = await caller.json<{ time: string }>({ ...asked, expected: [200] }, call)
      const moment = readExpires(time)
      if (moment) return moment
      throw new ServiceError({ store: 'httpStore', operation: 'serverTime' }, 200)
    },
  }
}

/** A key as it is sent, percent-encoded, is at most so long: no session has a longer one. */
const longestKey = 4096

/** Whether a key can be one of a session at all. */
function isSendable(key: string): boolean {
  return key !== '' && isStorableKey(key) && encodeURIComponent(key).length <= longestKey
}

/** A request for one session. */
function one(
  operation: string,
  method: ServiceCall['method'],
  key: string,
  expected: readonly number[],
  headers: Readonly<Record<string, string>> = {},
): ServiceCall {
  const keyed = { ...headers, [keyHeader]: encodeURIComponent(key) }
  return { operation, method, path: `/sessions/${keyInHeader}`, headers: keyed, expected }
}

/** The same with a session to be stored. */
function writing(asked: ServiceCall, { payload, expireDate }: NewSession): ServiceCall {
  const expires = writeExpires(expireDate)
  const headers = { ...asked.headers, 'content-type': payloadType, [expiresHeader]: expires }
  return { ...asked, headers, body: payload }
}

/** A payload that did not come from the service has the ETag that the service would give it. */
function ifMatch(previous: StoredSession): Record<string, string> {
  return { 'if-match': previous.version ?? etagOf(previous) }
}

function storedIn({ body, header }: ServiceAnswer): StoredSession {
  const etag = header('etag')
  return {
    payload: body,
    expireDate: readExpires(header(expiresHeader)),
    ...(etag !== null && { version: etag }),
  }
}

function written(next: NewSession, etag: string | null): StoredSession {
  return { ...storedNow(next), ...(etag !== null && { version: etag }) }
}

/** A session ends by the clock of this process, too. */
function live(stored: StoredSession, now: Date): StoredSession | null {
  const { expireDate } = stored
  return expireDate !== null && expireDate <= now ? null : stored
}

async function loadBatch(
  caller: HttpCaller,
  keys: readonly string[],
  call: Call | undefined,
): Promise<readonly WireSession[]> {
  const { sessions } = await caller.json<{ sessions: readonly WireSession[] }>(
    {
      operation: 'loadMany',
      method: 'POST',
      path: '/sessions',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ keys }),
      expected: [200],
      isRead: true,
    },
    call,
  )
  return sessions
}

async function clearBatch(caller: HttpCaller, now: Date, size: number): Promise<ClearedBatch> {
  const query = `expired-before=${encodeURIComponent(writeExpires(now))}&batch-size=${size}`
  const { deleted, done } = await caller.json<ClearProgress>({
    operation: 'clearExpired',
    method: 'DELETE',
    path: `/sessions?${query}`,
    expected: [200],
  })
  return { deleted, isLast: done }
}
