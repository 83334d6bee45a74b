/**
 * Django's settings, camelCased, with the defaults of the release in use.
 * Mirrors `django.conf.global_settings`.
 *
 * @module
 */
import { ImproperlyConfiguredError } from './errors.ts'

/** A Django release: a series (its newest patch release is meant), or an exact version. */
export type DjangoVersion = DjangoSeries | `${DjangoSeries}.${number}`

/** The series whose behaviour is known. */
export type DjangoSeries = '4.2' | '5.0' | '5.1' | '5.2' | '6.0' | '6.1'

/** What `createDjango` takes: Django's own names and defaults. */
export interface DjangoSettings {
  /** `SECRET_KEY`. Left out only where `preparedKeys` are given. */
  readonly secretKey?: string | Uint8Array
  /** `SECRET_KEY_FALLBACKS`: former secrets, still good for reading. Default none. */
  readonly secretKeyFallbacks?: readonly (string | Uint8Array)[]
  /** `SESSION_COOKIE_NAME`. Default `sessionid`. */
  readonly sessionCookieName?: string
  /** `SESSION_COOKIE_AGE` in seconds. Default two weeks. */
  readonly sessionCookieAge?: number
  /** `SESSION_COOKIE_DOMAIN`. Default null: this host only. */
  readonly sessionCookieDomain?: string | null
  /** `SESSION_COOKIE_PATH`. Default `/`. */
  readonly sessionCookiePath?: string
  /** `SESSION_COOKIE_SECURE`. Default false, as in Django: set it true behind HTTPS. */
  readonly sessionCookieSecure?: boolean
  /** `SESSION_COOKIE_HTTPONLY`. Default true. */
  readonly sessionCookieHttponly?: boolean
  /** `SESSION_COOKIE_SAMESITE`. Default `Lax`; null and false leave the attribute out. */
  readonly sessionCookieSamesite?: SameSite
  /** `SESSION_SAVE_EVERY_REQUEST`. Default false. */
  readonly sessionSaveEveryRequest?: boolean
  /** `SESSION_EXPIRE_AT_BROWSER_CLOSE`. Default false. */
  readonly sessionExpireAtBrowserClose?: boolean
  /** `USE_TZ`. Default true from 5.0 on, false before. Must be as in Django. */
  readonly useTz?: boolean
  /** `TIME_ZONE`. Default `America/Chicago`. Matters where `useTz` is false. */
  readonly timeZone?: string
  /** `SIGNED_COOKIE_LEGACY_SALT_FALLBACK`. Default true in 5.2 and 6.0, false in 6.1. */
  readonly signedCookieLegacySaltFallback?: boolean
  /** `ALLOWED_HOSTS`. Default none, which is localhost outside production, and refused in it. */
  readonly allowedHosts?: readonly string[]
  /** `USE_X_FORWARDED_HOST`. Default false. */
  readonly useXForwardedHost?: boolean
  /** `USE_X_FORWARDED_PORT`. Default false. */
  readonly useXForwardedPort?: boolean
  /** `SECURE_PROXY_SSL_HEADER`, such as `['HTTP_X_FORWARDED_PROTO', 'https']`. Default null. */
  readonly secureProxySslHeader?: readonly [header: string, value: string] | null
  /** `CSRF_COOKIE_NAME`. Default `csrftoken`. */
  readonly csrfCookieName?: string
  /** `CSRF_COOKIE_AGE` in seconds. Default 52 weeks; null for a cookie that goes with the browser. */
  readonly csrfCookieAge?: number | null
  /** `CSRF_COOKIE_DOMAIN`. Default null: this host only. */
  readonly csrfCookieDomain?: string | null
  /** `CSRF_COOKIE_PATH`. Default `/`. */
  readonly csrfCookiePath?: string
  /** `CSRF_COOKIE_SECURE`. Default false, as in Django: set it true behind HTTPS. */
  readonly csrfCookieSecure?: boolean
  /** `CSRF_COOKIE_HTTPONLY`. Default false. */
  readonly csrfCookieHttponly?: boolean
  /** `CSRF_COOKIE_SAMESITE`. Default `Lax`; null and false leave the attribute out. */
  readonly csrfCookieSamesite?: SameSite
  /** `CSRF_HEADER_NAME`, in Django's form. Default `HTTP_X_CSRFTOKEN`: the header `X-CSRFToken`. */
  readonly csrfHeaderName?: string
  /** `CSRF_TRUSTED_ORIGINS`, such as `https://*.example.com`. Default none. */
  readonly csrfTrustedOrigins?: readonly string[]
  /** `CSRF_USE_SESSIONS`: the secret is kept in the session. Default false: in a cookie. */
  readonly csrfUseSessions?: boolean
  /** `MESSAGE_STORAGE`. Default the cookie, and the session for what does not fit. */
  readonly messageStorage?: MessageStorageName
  /** `MESSAGE_LEVEL`: messages below are not kept. Default 20, `INFO`. */
  readonly messageLevel?: number
  /** `MESSAGE_TAGS`: tags of levels, over Django's own. Default none. */
  readonly messageTags?: Readonly<Record<number, string>>
}

/** Where messages are kept: one of Django's storages, by its Python path. */
export type MessageStorageName =
  | 'django.contrib.messages.storage.fallback.FallbackStorage'
  | 'django.contrib.messages.storage.cookie.CookieStorage'
  | 'django.contrib.messages.storage.session.SessionStorage'

/** The `SameSite` of a cookie, in any case of letters, or none. */
export type SameSite =
  'Lax' | 'Strict' | 'None' | Lowercase<'Lax' | 'Strict' | 'None'> | null | false

/** The settings in use, defaults filled in. Holds no secret. */
export type Settings = Readonly<
  Required<Omit<DjangoSettings, 'secretKey' | 'secretKeyFallbacks'>>
> & {
  /** What differs between releases. */
  readonly release: Release
}

/** Where the behaviour of Django's releases differs. */
export interface Release {
  /** The series, such as `5.2`. */
  readonly series: DjangoSeries
  /** `Vary: Cookie` also where the session was only saved (5.2.14, 6.0.5 and later). */
  readonly variesOnSave: boolean
  /** The salt of signed cookies names its length (5.2.15, 6.0.6 and later). */
  readonly lengthPrefixedCookieSalt: boolean
}

/** The release whose behaviour is taken where none is named. */
export const defaultDjangoVersion: DjangoSeries = '6.1'

const seriesKnown: readonly string[] = ['4.2', '5.0', '5.1', '5.2', '6.0', '6.1']

/** @throws ImproperlyConfiguredError for a release that is not known. */
export function readRelease(version: DjangoVersion): Release {
  const match = /^(\d+\.\d+)(?:\.(\d+))?$/.exec(version)
  const series = match?.[1]
  if (series === undefined || !seriesKnown.includes(series)) {
    throw new ImproperlyConfiguredError(
      'djangoVersion',
      `"${version}" is not a release that this package knows; it knows ${seriesKnown.join(', ')}.`,
    )
  }
  const patch = match?.[2] === undefined ? Number.POSITIVE_INFINITY : Number(match[2])
  return {
    series: series as DjangoSeries,
    variesOnSave: isSince(series, patch, 14, 5),
    lengthPrefixedCookieSalt: isSince(series, patch, 15, 6),
  }
}

/** For changes that came to 6.1 and, as security fixes, to patch releases of 5.2 and 6.0. */
function isSince(series: string, patch: number, patchOf52: number, patchOf60: number): boolean {
  if (series === '5.2') return patch >= patchOf52
  if (series === '6.0') return patch >= patchOf60
  return series === '6.1'
}

function defaultsOf(release: Release): Omit<Settings, 'release'> {
  return {
    sessionCookieName: 'sessionid',
    sessionCookieAge: 60 * 60 * 24 * 7 * 2,
    sessionCookieDomain: null,
    sessionCookiePath: '/',
    sessionCookieSecure: false,
    sessionCookieHttponly: true,
    sessionCookieSamesite: 'Lax',
    sessionSaveEveryRequest: false,
    sessionExpireAtBrowserClose: false,
    useTz: release.series !== '4.2',
    timeZone: 'America/Chicago',
    signedCookieLegacySaltFallback: release.series !== '6.1',
    allowedHosts: [],
    useXForwardedHost: false,
    useXForwardedPort: false,
    secureProxySslHeader: null,
    csrfCookieName: 'csrftoken',
    csrfCookieAge: 60 * 60 * 24 * 7 * 52,
    csrfCookieDomain: null,
    csrfCookiePath: '/',
    csrfCookieSecure: false,
    csrfCookieHttponly: false,
    csrfCookieSamesite: 'Lax',
    csrfHeaderName: 'HTTP_X_CSRFTOKEN',
    csrfTrustedOrigins: [],
    csrfUseSessions: false,
    messageStorage: 'django.contrib.messages.storage.fallback.FallbackStorage',
    messageLevel: 20,
    messageTags: {},
  }
}

/**
 * Fills in the defaults and refuses what cannot work.
 *
 * @param djangoExact - Allow what Django allows, also where browsers refuse it.
 * @throws ImproperlyConfiguredError with the name of the setting.
 */
export function resolveSettings(
  given: DjangoSettings,
  release: Release,
  djangoExact: boolean = false,
): Settings {
  const { secretKey, secretKeyFallbacks = [], ...rest } = given
  const defaults = defaultsOf(release)
  if (secretKey !== undefined) checkSecret('secretKey', secretKey)
  for (const secret of secretKeyFallbacks) checkSecret('secretKeyFallbacks', secret)
  for (const [name, value] of Object.entries(rest)) checkSetting(name, value, defaults)
  const settings = { ...defaults, ...withoutUndefined(rest), release }
  checkTimeZone(settings.timeZone)
  checkCookie(settings, 'sessionCookie', djangoExact)
  return Object.freeze(settings)
}

function checkSecret(name: string, secret: unknown): void {
  const isSecret = typeof secret === 'string' || secret instanceof Uint8Array
  if (!isSecret) throw new ImproperlyConfiguredError(name, 'must be a string or bytes.')
  if (secret.length === 0) throw new ImproperlyConfiguredError(name, 'must not be empty.')
}

function checkSetting(name: string, value: unknown, defaults: object): void {
  if (!Object.hasOwn(defaults, name)) {
    throw new ImproperlyConfiguredError(`settings.${name}`, 'there is no such setting.')
  }
  const known: unknown = Reflect.get(defaults, name)
  if (value === undefined || known === null || nullable.has(name)) return
  const wanted = kindOf(known)
  if (kindOf(value) === wanted) return
  throw new ImproperlyConfiguredError(
    `settings.${name}`,
    `must be ${wanted}, not ${kindOf(value)}.`,
  )
}

/** Settings with a default that may also be null; what reads them checks them. */
const nullable: ReadonlySet<string> = new Set([
  'sessionCookieSamesite',
  'csrfCookieSamesite',
  'csrfCookieAge',
])

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function withoutUndefined<T extends object>(
  given: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  const defined = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined) as { [K in keyof T]: Exclude<T[K], undefined> }
}

function checkTimeZone(timeZone: string): void {
  try {
    Intl.DateTimeFormat('en-US', { timeZone })
  } catch {
    throw new ImproperlyConfiguredError(
      'timeZone',
      `"${timeZone}" is not a time zone of this runtime.`,
    )
  }
}

// RFC 6265: a cookie's name is a token; its attributes hold no controls and no semicolon.
const cookieName = /^[\w!#$%&'*+.^`|~-]+$/
const attributeUnsafe = /[\u0000-\u001f\u007f;]/

/** A cookie, by what the names of its settings begin with. */
type CookieSettings = 'sessionCookie' | 'csrfCookie'

/**
 * Refuses a cookie that cannot be sent.
 *
 * @param djangoExact - Allow what browsers drop without a word.
 * @throws ImproperlyConfiguredError with the name of the setting.
 */
export function checkCookie(
  settings: Settings,
  cookie: CookieSettings,
  djangoExact: boolean,
): void {
  if (!cookieName.test(settings[`${cookie}Name`])) {
    throw new ImproperlyConfiguredError(`${cookie}Name`, 'must be a token as in RFC 6265.')
  }
  const age = settings[`${cookie}Age`]
  if (!Number.isSafeInteger(age) && !(age === null && cookie === 'csrfCookie')) {
    throw new ImproperlyConfiguredError(`${cookie}Age`, 'must be a whole number of seconds.')
  }
  for (const setting of [`${cookie}Domain`, `${cookie}Path`] as const) {
    const value = settings[setting]
    if (value === null && setting === `${cookie}Domain`) continue
    if (typeof value !== 'string' || attributeUnsafe.test(value)) {
      throw new ImproperlyConfiguredError(setting, 'must be text that a cookie may hold.')
    }
  }
  checkSameSite(settings, cookie)
  if (!djangoExact) checkBrowserRules(settings, cookie)
}

function checkSameSite(settings: Settings, cookie: CookieSettings): void {
  const sameSite: unknown = settings[`${cookie}Samesite`]
  if (sameSite === null || sameSite === false) return
  if (typeof sameSite === 'string' && /^(?:lax|strict|none)$/i.test(sameSite)) return
  throw new ImproperlyConfiguredError(
    `${cookie}Samesite`,
    'must be "Lax", "Strict", "None", or null for no attribute.',
  )
}

/** Cookies that Django sends and that every browser drops without a word. */
function checkBrowserRules(settings: Settings, cookie: CookieSettings): void {
  const sameSite = settings[`${cookie}Samesite`]
  const isSecure = settings[`${cookie}Secure`]
  if (sameSite && sameSite.toLowerCase() === 'none' && !isSecure) {
    throw new ImproperlyConfiguredError(
      `${cookie}Samesite`,
      `"None" needs ${cookie}Secure: browsers refuse the cookie without it.`,
    )
  }
  const name = settings[`${cookie}Name`]
  const isHost = /^__host-/i.test(name)
  if (!isHost && !/^__secure-/i.test(name)) return
  if (!isSecure) {
    throw new ImproperlyConfiguredError(
      `${cookie}Secure`,
      `must be true: browsers refuse a cookie named "${name}" without it.`,
    )
  }
  if (isHost && settings[`${cookie}Domain`]) {
    throw new ImproperlyConfiguredError(
      `${cookie}Domain`,
      `must be null: browsers refuse a cookie named "${name}" with a domain.`,
    )
  }
  if (isHost && settings[`${cookie}Path`] !== '/') {
    throw new ImproperlyConfiguredError(
      `${cookie}Path`,
      `must be "/": browsers refuse a cookie named "${name}" with another path.`,
    )
  }
}
