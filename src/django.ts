/**
 * The front door: settings and a store, wired into one object.
 *
 * @module
 */
import type { LazyReadOnlyUser, LazyUser } from './auth/lazy-user.ts'
import type { DjangoUser } from './auth/user.ts'
import type { UserStoreFactory } from './auth/user-store-factory.ts'
import type { AuthOptions, ReadOnlyUsers, Users } from './auth/users.ts'
import { Diagnostics, type DiagnosticsEvent, type DiagnosticsEvents } from './diagnostics.ts'
import { HeadersSentError, ImproperlyConfiguredError, StoreCapabilityError } from './errors.ts'
import { readCookie } from './http/cookies.ts'
import type { AdapterOptions, Exchange } from './http/exchange.ts'
import { SessionExchange } from './http/middleware.ts'
import type { PartFactory } from './http/part.ts'
import type { CheckOptions, CheckProblem } from './session/check.ts'
import { legacyCodec } from './session/codecs/legacy.ts'
import { signedCodec } from './session/codecs/signed.ts'
import type { ConflictPolicy, OutagePolicy, SessionColumns, SessionHost } from './session/host.ts'
import { Late } from './session/late.ts'
import type { LazyReadOnlySession, LazySession } from './session/lazy-session.ts'
import { defaultLimits, djangoLimits, type Limits } from './session/limits.ts'
import { type StandardSchema, takeSchema } from './session/schema.ts'
import type { ReadOnlySession, Session } from './session/session.ts'
import type { SessionOrigin } from './session/session-core.ts'
import { ReadOnlySessions, Sessions } from './session/sessions.ts'
import type { SessionStore, SessionStoreFactory, StoreContext } from './session/store.ts'
import {
  defaultDjangoVersion,
  type DjangoSettings,
  type DjangoVersion,
  readRelease,
  resolveSettings,
  type Settings,
} from './settings.ts'
import { type Keyring, preparedKeyring, secretKeyring } from './signing/keyring.ts'
import type { PreparedKey } from './signing/salted-hmac.ts'

/** The types of an application. */
export interface DjangoTypes {
  /** The session's data. */
  readonly session?: object
  /** The fields of a user, where they are not those of Django's own model. */
  readonly user?: object
}

type SessionOf<T extends DjangoTypes> = T extends { session: infer D extends object }
  ? D
  : Record<string, unknown>

/** Django's own fields where none are named, and any where it is not known whether some are. */
type UserOf<T extends DjangoTypes> = T extends { user: infer U extends object }
  ? U
  : 'user' extends keyof T
    ? object
    : DjangoUser

/** An application that names no types. */
type NoTypes = Pick<DjangoTypes, 'session'>

/** What `createDjango` takes. */
export interface DjangoOptions {
  /** Django's settings, camelCased, with Django's defaults. */
  readonly settings: DjangoSettings
  /** Where sessions are kept. */
  readonly store: SessionStoreFactory
  /** Protection from forged requests: `csrf()` of `async-django/csrf`. Default none. */
  readonly csrf?: PartFactory
  /** Messages for the visitor's next page: `messages()` of `async-django/messages`. Default none. */
  readonly messages?: PartFactory
  /** Where users are kept: `kyselyUserStore(db)`, say. Needs `djangoVersion`. Default: nowhere. */
  readonly users?: UserStoreFactory
  /** How users log in. Default: as Django does. */
  readonly auth?: AuthOptions
  /** The Django release beside this server: its behaviour and defaults are taken. Default: newest. */
  readonly djangoVersion?: DjangoVersion
  /** Never write: no row, no cookie. Default false. */
  readonly readOnly?: boolean
  /** Switch off everything in which this package differs from Django on purpose. Default false. */
  readonly djangoExact?: boolean
  /** For an engine class of yours that is not called `SessionStore`: the salt that it signs with. */
  readonly sessionKeySalt?: string
  /** Keys by salt, prepared with `prepareKey`, for a process that is not to hold `secretKey`. */
  readonly preparedKeys?: ReadonlyMap<string, readonly PreparedKey[]>
  /** Values for extra columns of the session's row, filled when it is made. */
  readonly sessionColumns?: SessionColumns
  /** Checks session data when it is loaded and before it is saved. */
  readonly schema?: StandardSchema
  /** What to do where two requests changed the same key of a session. Default `merge`: ours wins. */
  readonly onConflict?: ConflictPolicy
  /** What a visitor is while the store fails. Default `throw`: the request fails with a 503. */
  readonly onStoreError?: OutagePolicy
  /** How long a request may wait for the store, all calls together. Default 5,000. */
  readonly storeTimeoutMs?: number
  /** How much is read before it is called unreadable. */
  readonly limits?: Partial<Limits>
  /** The clock. Default: that of the machine. */
  readonly now?: () => Date
}

/** The part of `Django` that only reads. */
export interface ReadOnlyDjango<T extends DjangoTypes = DjangoTypes> {
  readonly settings: Settings
  readonly readOnly: boolean
  /** Whether `createDjango` was given a store of users. */
  readonly hasUsers: boolean
  readonly sessions: ReadOnlySessions<SessionOf<T>>
  /** Users, where `createDjango` was given a store of them; else ImproperlyConfiguredError. */
  readonly users: ReadOnlyUsers<UserOf<T>>
  /** The session that a request's headers name, where there is no response: in a WebSocket, say. */
  sessionOf(headers: HeadersLike): LazyReadOnlySession<SessionOf<T>>
  /** For adapters: takes up a request. */
  begin(exchange: Exchange, options?: AdapterOptions): SessionExchange<SessionOf<T>>
  /** Names what is set up wrong; empty if nothing is. Throws nothing. */
  check(options?: CheckOptions): Promise<readonly CheckProblem[]>
  /** Calls a function at every such event, until the returned function is called. */
  on<E extends DiagnosticsEvent>(
    event: E,
    listener: (message: DiagnosticsEvents[E]) => void,
  ): () => void
}

/** Settings and a store, wired. */
export interface Django<T extends DjangoTypes = NoTypes> extends ReadOnlyDjango<T> {
  readonly sessions: Sessions<SessionOf<T>>
  readonly users: Users<UserOf<T>>
  sessionOf(headers: HeadersLike): LazySession<SessionOf<T>>
}

/** What an adapter hands to a handler: the session, loaded where `autoload` is on. */
export type RequestSession<
  Dj extends ReadOnlyDjango,
  Options extends AdapterOptions = AdapterOptions,
> =
  Dj extends Django<infer T>
    ? Options extends { readonly autoload: true }
      ? Session<SessionOf<T>>
      : LazySession<SessionOf<T>>
    : Dj extends ReadOnlyDjango<infer T>
      ? Options extends { readonly autoload: true }
        ? ReadOnlySession<SessionOf<T>>
        : LazyReadOnlySession<SessionOf<T>>
      : never

/** What an adapter hands to a handler as its visitor: `django.users.fromSession(session)`. */
export type RequestUser<Dj extends ReadOnlyDjango> =
  Dj extends Django<infer T>
    ? LazyUser<UserOf<T>>
    : Dj extends ReadOnlyDjango<infer T>
      ? LazyReadOnlyUser<UserOf<T>>
      : never

/**
 * What an application tells the compiler about itself, for frameworks whose types are global. Name
 * your `django`, and `autoload: true` if the adapter is told so.
 *
 * @example
 * ```ts
 * declare module 'async-django' {
 *   interface Register { django: typeof django; autoload: true }
 * }
 * ```
 */
export interface Register {}

/** The session of a request as the application registered it; else one of any data. */
export type RegisteredSession<R = Register> = R extends { django: infer Dj extends ReadOnlyDjango }
  ? RequestSession<Dj, { readonly autoload: R extends { autoload: true } ? true : false }>
  : LazySession

/** The visitor of a request as the application registered it; else one with Django's own fields. */
export type RegisteredUser<R = Register> = R extends { django: infer Dj extends ReadOnlyDjango }
  ? RequestUser<Dj>
  : LazyUser

/** Headers of a request, of the web or of Node. */
export type HeadersLike =
  | { get(name: string): string | null }
  | { readonly [name: string]: string | readonly string[] | undefined }

/**
 * Wires settings and a store.
 *
 * @throws ImproperlyConfiguredError with the name of the setting; StoreCapabilityError.
 * @example
 * ```ts
 * const django = createDjango({
 *   settings: { secretKey: process.env.DJANGO_SECRET_KEY! },
 *   store: kyselyStore(db),
 * })
 * ```
 */
export function createDjango<T extends DjangoTypes = NoTypes>(
  options: DjangoOptions & { readonly readOnly: true },
): ReadOnlyDjango<T>
export function createDjango<T extends DjangoTypes = NoTypes>(
  options: DjangoOptions & { readonly readOnly?: false },
): Django<T>
export function createDjango<T extends DjangoTypes = NoTypes>(
  options: DjangoOptions,
): ReadOnlyDjango<T>
export function createDjango(options: DjangoOptions): Django | ReadOnlyDjango {
  checkOptions(options)
  const settings = resolveSettings(
    options.settings,
    readRelease(options.djangoVersion ?? defaultDjangoVersion),
    options.djangoExact,
  )
  const keyring = makeKeyring(options)
  const store = options.store(storeContext(options, settings, keyring))
  checkStore(store, options)
  const host = sessionHost(options, settings, store)
  const sessions = options.readOnly ? new ReadOnlySessions(host) : new Sessions(host, store)
  const users = makeUsers(options, host, sessions, keyring)
  return wire(options, host, sessions, keyring, users)
}

const optionNames: readonly string[] = [
  'settings',
  'store',
  'users',
  'auth',
  'csrf',
  'messages',
  'djangoVersion',
  'readOnly',
  'djangoExact',
  'sessionKeySalt',
  'preparedKeys',
  'sessionColumns',
  'schema',
  'onConflict',
  'onStoreError',
  'storeTimeoutMs',
  'limits',
  'now',
]

function checkOptions(options: DjangoOptions): void {
  for (const name of Object.keys(options)) {
    if (!optionNames.includes(name)) {
      throw new ImproperlyConfiguredError(name, 'there is no such option of createDjango().')
    }
  }
  if (typeof options.settings !== 'object' || options.settings === null) {
    throw new ImproperlyConfiguredError('settings', 'must be an object with secretKey in it.')
  }
  if (typeof options.store !== 'function') {
    throw new ImproperlyConfiguredError(
      'store',
      'must be what a function such as kyselyStore() returns.',
    )
  }
  checkChoice('onConflict', options.onConflict, ['merge', 'throw'])
  checkChoice('onStoreError', options.onStoreError, ['throw', 'anonymous'])
  checkPositive('storeTimeoutMs', options.storeTimeoutMs)
  for (const [name, value] of Object.entries(options.limits ?? {})) {
    if (!Object.hasOwn(defaultLimits, name)) {
      throw new ImproperlyConfiguredError(`limits.${name}`, 'there is no such limit.')
    }
    checkPositive(`limits.${name}`, value)
  }
}

function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return
  throw new ImproperlyConfiguredError(name, `must be one of ${choices.join(', ')}.`)
}

function checkPositive(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && value > 0)) return
  throw new ImproperlyConfiguredError(name, 'must be a number above 0.')
}

function makeKeyring({ settings, preparedKeys }: DjangoOptions): Keyring {
  const { secretKey, secretKeyFallbacks } = settings
  if (secretKey !== undefined) return secretKeyring(secretKey, secretKeyFallbacks)
  if (preparedKeys) return preparedKeyring(preparedKeys)
  throw new ImproperlyConfiguredError(
    'secretKey',
    "is missing: give the value of Django's SECRET_KEY.",
  )
}

const databaseSalt = 'django.contrib.sessions.SessionStore'
const legacySalt = 'django.contrib.sessionsSessionStore'

function storeContext(options: DjangoOptions, settings: Settings, keyring: Keyring): StoreContext {
  const limits = limitsOf(options)
  const now = options.now ?? (() => new Date())
  return {
    settings,
    limits,
    now,
    codecs: {
      signed: (salt = options.sessionKeySalt ?? databaseSalt) =>
        signedCodec({ salt, preparedKeys: keyring.keys(`${salt}signer`), limits, now }),
      legacy: () => legacyCodec({ preparedKeys: keyring.keys(legacySalt, 'sha1'), limits }),
    },
  }
}

function limitsOf({ djangoExact, limits }: DjangoOptions): Limits {
  return { ...(djangoExact ? djangoLimits : defaultLimits), ...limits }
}

function checkStore(store: SessionStore, { sessionColumns }: DjangoOptions): void {
  if (sessionColumns && !store.can.columns) {
    throw new StoreCapabilityError(store.name, 'sessionColumns', 'it has no columns of its own.')
  }
}

function sessionHost(options: DjangoOptions, settings: Settings, store: SessionStore): SessionHost {
  const { djangoExact = false, onConflict = 'merge', onStoreError = 'throw' } = options
  const limits = limitsOf(options)
  const host: SessionHost = {
    store,
    reader: new Late(async () => {
      const { RowReader } = await import('./session/row-reader.ts')
      return new RowReader(host, store)
    }),
    settings,
    limits: { ...limits, keyLength: Math.max(limits.keyLength, store.maxKeyLength ?? 0) },
    now: options.now ?? (() => new Date()),
    diagnostics: new Diagnostics(),
    djangoExact,
    renews: djangoExact && !options.readOnly,
    onConflict,
    onStoreError,
    storeTimeoutMs: options.storeTimeoutMs ?? 5000,
    sessionColumns: options.sessionColumns ?? null,
    schema: options.schema ? takeSchema(options.schema) : null,
  }
  return host
}

/** With other parameters than Django's, every password that is made or upgraded logs somebody out. */
function makeUsers(
  options: DjangoOptions,
  host: SessionHost,
  sessions: Sessions | ReadOnlySessions,
  keyring: Keyring,
): Users | ReadOnlyUsers | null {
  const { users, auth = {}, djangoVersion, readOnly = false, now = () => new Date() } = options
  if (!users) return null
  if (djangoVersion === undefined) {
    throw new ImproperlyConfiguredError(
      'djangoVersion',
      'is needed with users: passwords are hashed as that release of Django does.',
    )
  }
  const { makeStore, createUsers } = users
  return createUsers({
    makeStore,
    sessions,
    host,
    keyring,
    djangoVersion,
    readOnly,
    now,
    auth,
  })
}

function given(users: Users | ReadOnlyUsers | null): Users {
  if (users) return users as Users
  throw new ImproperlyConfiguredError(
    'users',
    'must be what a function such as kyselyUserStore() returns.',
  )
}

/** A request without a response: whatever needs a cookie is refused. */
function detached(headers: HeadersLike, cookieName: string): SessionOrigin {
  return {
    takeKey: () => readCookie(headerOf(headers, 'cookie'), cookieName)?.value ?? null,
    checkCookie(operation) {
      throw new HeadersSentError(operation)
    },
  }
}

function headerOf(headers: HeadersLike, name: string): string | null {
  if (typeof headers.get === 'function') return headers.get(name)
  const value = (headers as Readonly<Record<string, string | readonly string[] | undefined>>)[name]
  return typeof value === 'object' ? value.join('; ') : (value ?? null)
}

const noOptions: AdapterOptions = {}

function wire(
  { readOnly = false, now = () => new Date(), csrf, messages }: DjangoOptions,
  host: SessionHost,
  sessions: Sessions | ReadOnlySessions,
  keyring: Keyring,
  users: Users | ReadOnlyUsers | null,
): Django | ReadOnlyDjango {
  const { settings, diagnostics, djangoExact, storeTimeoutMs } = host
  const shared = { settings, readOnly, diagnostics, now }
  const parts = [messages, csrf].flatMap(
    (make) => make?.({ ...shared, djangoExact, keyring }) ?? [],
  )
  const middlewareHost = { ...shared, sessions, storeTimeoutMs, parts }
  return {
    settings,
    readOnly,
    sessions,
    hasUsers: users !== null,
    get users() {
      return given(users)
    },
    sessionOf: (headers) => sessions.open(detached(headers, settings.sessionCookieName)),
    begin: (exchange, options = noOptions) =>
      new SessionExchange(middlewareHost, exchange, options),
    // Few processes ask, and those once.
    check: async (options = {}) => {
      const { checkSessions } = await import('./session/check.ts')
      return checkSessions(host, now, options)
    },
    on: (event, listener) => diagnostics.on(event, listener),
  }
}
