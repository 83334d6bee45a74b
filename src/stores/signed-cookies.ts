/**
 * Sessions that are their cookies: signed, and readable by whoever has the cookie. Equals
 * `django.contrib.sessions.backends.signed_cookies`. Needs no client, and nothing of Node.
 *
 * The server keeps nothing. So a session cannot be ended for who kept an older cookie: until
 * `sessionCookieAge` is over, counted from when it was signed, that is as good as the newest, also
 * after a logout, and an expiry of the session's own only tells the browser. Of two requests at the
 * same time, the later response wins, with all that it holds. Every write needs a response to set
 * the cookie on.
 *
 * @module
 */
import { isAsyncDjangoError, SessionTooLargeError } from '../errors.ts'
import type { Codec } from '../session/codec.ts'
import type {
  KeyedSession,
  NewSession,
  SessionStore,
  SessionStoreFactory,
  StoreContext,
  StoreSettings,
} from '../session/store.ts'

/** What browsers keep of a cookie at most, in bytes: its name, value and attributes. */
const largestCookie = 4096
const salt = 'django.contrib.sessions.backends.signed_cookies'

/**
 * Keeps sessions in their cookies.
 *
 * @returns A store whose writes throw SessionTooLargeError for what browsers would not keep.
 * @example
 * ```ts
 * const django = createDjango({ settings, store: signedCookiesStore() })
 * ```
 */
export function signedCookiesStore(): SessionStoreFactory {
  return makeStore
}

function makeStore({ settings, codecs, limits, now }: StoreContext): SessionStore {
  const codec = codecs.signed(salt)
  // With `djangoExact` there is no limit: Django leaves it to the browser.
  const largest = Math.max(largestCookie - sizeAround(settings), limits.keyLength)
  const sign = async ({ payload }: NewSession, signal?: AbortSignal): Promise<KeyedSession> => {
    signal?.throwIfAborted()
    if (payload.length > largest) throw new SessionTooLargeError(payload.length, largest)
    return { key: payload, stored: { payload, expireDate: null } }
  }
  const isValid = (key: string): boolean =>
    isReadable(key, codec) && !isOld(codec.signedAt(key), settings.sessionCookieAge, now())
  return {
    name: 'signedCookiesStore',
    codec,
    can: { compareAndSwap: false, revoke: false, touch: false, clear: false, columns: false },
    maxKeyLength: largestCookie,
    async load(key, call) {
      call?.signal?.throwIfAborted()
      return isValid(key) ? { payload: key, expireDate: null } : null
    },
    async exists(key, call) {
      call?.signal?.throwIfAborted()
      return isValid(key)
    },
    create: (_key, next, call) => sign(next, call?.signal),
    async update(_key, next, _previous, call) {
      return { outcome: 'saved', ...(await sign(next, call?.signal)) }
    },
    touch: () => Promise.resolve(false),
    delete: () => Promise.resolve('deleted'),
    async *clearExpired() {
      yield { deleted: 0, done: true }
    },
    // Django's `load` calls `create` for whatever it cannot read.
    renews: () => Promise.resolve(true),
  }
}

/** What stands around the value in `Set-Cookie`, with the longest dates and ages. */
function sizeAround(settings: StoreSettings): number {
  const { sessionCookieDomain: domain, sessionCookieSamesite: sameSite } = settings
  const attributes = [
    `${settings.sessionCookieName}=`,
    domain ? `Domain=${domain}` : null,
    'expires=Thu, 01 Jan 1970 00:00:00 GMT',
    settings.sessionCookieHttponly ? 'HttpOnly' : null,
    `Max-Age=${settings.sessionCookieAge}`,
    `Path=${settings.sessionCookiePath}`,
    sameSite ? `SameSite=${sameSite}` : null,
    settings.sessionCookieSecure ? 'Secure' : null,
  ]
  return new TextEncoder().encode(attributes.filter((text) => text !== null).join('; ')).length
}

function isReadable(key: string, codec: Codec): boolean {
  try {
    codec.format.parse(codec.decode(key))
    return true
  } catch (error) {
    if (isAsyncDjangoError(error)) return false
    throw error
  }
}

/** Mirrors `TimestampSigner.unsign`. */
function isOld(signedAt: Date | null, maxAge: number, now: Date): boolean {
  return signedAt !== null && now.getTime() - signedAt.getTime() > maxAge * 1000
}
