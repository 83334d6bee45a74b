/**
 * Every error that this package throws, with its stable code. No message and no property ever
 * holds a session key, a payload, a cookie, a token, a password hash or a secret.
 *
 * @module
 */

const brand = Symbol.for('async-django.error')

/** The codes of all errors, closed so that a `switch` over them is checked. */
export type ErrorCode =
  | 'ERR_IMPROPERLY_CONFIGURED'
  | 'ERR_MISSING_PACKAGE'
  | 'ERR_BAD_SIGNATURE'
  | 'ERR_SIGNATURE_EXPIRED'
  | 'ERR_PAYLOAD'
  | 'ERR_SESSION_INTERRUPTED'
  | 'ERR_SESSION_CONFLICT'
  | 'ERR_SESSION_KEY_COLLISION'
  | 'ERR_SESSION_DATA'
  | 'ERR_SESSION_TOO_LARGE'
  | 'ERR_HEADERS_SENT'
  | 'ERR_STORE'
  | 'ERR_STORE_UNAVAILABLE'
  | 'ERR_STORE_TIMEOUT'
  | 'ERR_SERVICE'
  | 'ERR_STORE_CAPABILITY'
  | 'ERR_SECRET_MISMATCH'
  | 'ERR_UNKNOWN_HASHER'
  | 'ERR_HASHER_BUSY'
  | 'ERR_PASSWORD_HASH'
  | 'ERR_PASSWORD_VALIDATION'
  | 'ERR_USER_DOES_NOT_EXIST'
  | 'ERR_USER_EXISTS'
  | 'ERR_USER_KEY'
  | 'ERR_LOGIN_THROTTLED'
  | 'ERR_PERMISSION_DENIED'
  | 'ERR_CSRF'
  | 'ERR_DISALLOWED_HOST'

/** Base of every error of this package. Tell them apart by `code`, never by message. */
export abstract class AsyncDjangoError extends Error {
  /** What went wrong, for code. */
  abstract readonly code: ErrorCode
  /** The HTTP status to answer with where nobody catches the error. */
  readonly status: number = 500

  /** The same, by the name that NestJS looks for. */
  get statusCode(): number {
    return this.status
  }

  /** Whether Koa and NestJS may show visitors the message: of what is their own fault. */
  get expose(): boolean {
    return this.status < 500
  }

  override get name(): string {
    return this.constructor.name
  }
}

Object.defineProperty(AsyncDjangoError.prototype, brand, { value: true })

/**
 * Whether a value is an error of this package. Tests a brand, not the class, so it also knows
 * errors of a second copy of this package in a bundle.
 */
export function isAsyncDjangoError(value: unknown): value is AsyncDjangoError {
  return typeof value === 'object' && value !== null && brand in value
}

/** A setting is missing, of the wrong type, or contradicts another. Thrown at start-up only. */
export class ImproperlyConfiguredError extends AsyncDjangoError {
  readonly code = 'ERR_IMPROPERLY_CONFIGURED'
  /** The setting to change, by its name in the options. */
  readonly setting: string

  constructor(setting: string, message: string) {
    super(`${setting}: ${message}`)
    this.setting = setting
  }
}

/** An optional package that is needed for what was asked is not installed. */
export class MissingPackageError extends AsyncDjangoError {
  readonly code = 'ERR_MISSING_PACKAGE'
  /** The package to install. */
  readonly packageName: string
  /** What needs it. */
  readonly usedBy: string

  constructor(packageName: string, usedBy: string, options?: ErrorOptions) {
    super(`${usedBy} needs the package "${packageName}": npm install ${packageName}`, options)
    this.packageName = packageName
    this.usedBy = usedBy
  }
}

/** No secret and no fallback secret made this signature. Django: `django.core.signing.BadSignature`. */
export class BadSignatureError extends AsyncDjangoError {
  readonly code: 'ERR_BAD_SIGNATURE' | 'ERR_SIGNATURE_EXPIRED' = 'ERR_BAD_SIGNATURE'
  override readonly status = 400
}

/** The signature is right, and older than `maxAge`. Django: `django.core.signing.SignatureExpired`. */
export class SignatureExpiredError extends BadSignatureError {
  override readonly code = 'ERR_SIGNATURE_EXPIRED'
  /** Age of the signature, in seconds. */
  readonly age: number

  constructor(age: number, maxAge: number) {
    super(`The signature is ${age} s old, ${maxAge} s are allowed. Ask for a new one.`)
    this.age = age
  }
}

/** Why a payload cannot be read. */
export type PayloadProblem =
  | 'malformed'
  | 'tooLarge'
  | 'tooDeep'
  | 'notAnObject'
  | 'unknownForm'
  /** A pickle asks for what is not read: to call something, or for a value that is not turned on. */
  | 'unsafePickle'

/** A stored or signed payload cannot be decoded. Inside a request it reads as an empty session. */
export class PayloadError extends AsyncDjangoError {
  readonly code = 'ERR_PAYLOAD'
  override readonly status = 400
  /** Why. */
  readonly reason: PayloadProblem

  constructor(reason: PayloadProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/**
 * The session was deleted while this request used it: the visitor logged out elsewhere, say. It is
 * never brought back. Django: `django.contrib.sessions.exceptions.SessionInterrupted`.
 */
export class SessionInterruptedError extends AsyncDjangoError {
  readonly code = 'ERR_SESSION_INTERRUPTED'
  override readonly status = 400

  constructor() {
    super(
      'The session was deleted before the request completed; ' +
        'the visitor may have logged out in another request. Nothing was saved.',
    )
  }
}

/** The session was changed elsewhere in a way that cannot be merged, or too often. */
export class SessionConflictError extends AsyncDjangoError {
  readonly code = 'ERR_SESSION_CONFLICT'
  override readonly status = 409
  /** How often saving was tried. */
  readonly attempts: number
  /** The top-level keys that both sides changed. */
  readonly keys: readonly string[]

  constructor(message: string, attempts: number, keys: readonly string[] = []) {
    super(message)
    this.attempts = attempts
    this.keys = keys
  }
}

/** No free session key was found. Django: `django.contrib.sessions.backends.base.CreateError`. */
export class SessionKeyCollisionError extends AsyncDjangoError {
  readonly code = 'ERR_SESSION_KEY_COLLISION'
  /** How many keys were tried. */
  readonly attempts: number

  constructor(attempts: number) {
    super(
      `${attempts} new session keys in a row were taken. The store answers "taken" to every key, ` +
        'or its source of random numbers is broken.',
    )
    this.attempts = attempts
  }
}

/** One thing that is wrong with session data, in the shape of a Standard Schema issue. */
export interface DataIssue {
  readonly message: string
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined
}

/** A value that cannot be stored, or data that the schema refuses. Nothing was written. */
export class SessionDataError extends AsyncDjangoError {
  readonly code = 'ERR_SESSION_DATA'
  /** Where, from the top of the session data. */
  readonly path: readonly PropertyKey[]
  /** Everything that is wrong. */
  readonly issues: readonly DataIssue[]

  constructor(message: string, path: readonly PropertyKey[], issues?: readonly DataIssue[]) {
    super(
      `session.data${path.map((part) => `[${JSON.stringify(String(part))}]`).join('')}: ${message}`,
    )
    this.path = path
    this.issues = issues ?? [{ message, path }]
  }
}

/** A session whose cookie holds it is larger than what browsers keep. Nothing was saved. */
export class SessionTooLargeError extends AsyncDjangoError {
  readonly code = 'ERR_SESSION_TOO_LARGE'
  /** The size of the session, signed, in bytes. */
  readonly size: number
  /** What there is room for. */
  readonly limit: number

  constructor(size: number, limit: number) {
    super(
      `The session takes ${size} bytes, and its cookie has room for ${limit}. Keep less in it, or use ` +
        'a store that keeps sessions on the server.',
    )
    this.size = size
    this.limit = limit
  }
}

/** A cookie is due after the response's headers have left, or where there is no response. */
export class HeadersSentError extends AsyncDjangoError {
  readonly code = 'ERR_HEADERS_SENT'

  constructor(operation: string) {
    super(
      `${operation} needs to set a cookie, and the response's headers have already left ` +
        '(or there is no response, as in a WebSocket). Do it before the response begins.',
    )
  }
}

/** What a failed store call carries of the driver's own error: never its text. */
export interface StoreFailure {
  readonly store: string
  readonly operation: string
  readonly cause?: unknown
}

/** The engine behind a store failed. `cause` holds the driver's codes, without its text. */
export class StoreError extends AsyncDjangoError {
  readonly code: 'ERR_STORE' | 'ERR_STORE_UNAVAILABLE' | 'ERR_STORE_TIMEOUT' | 'ERR_SERVICE' =
    'ERR_STORE'
  override readonly status: 500 | 503 = 500
  /** The store, by its factory's name. */
  readonly store: string
  /** The store's method. */
  readonly operation: string

  constructor(failure: StoreFailure, message?: string) {
    super(
      message ?? `${failure.store}.${failure.operation} failed${causeCode(failure.cause)}.`,
      failure.cause === undefined ? {} : { cause: withoutText(failure.cause) },
    )
    this.store = failure.store
    this.operation = failure.operation
  }
}

/** The engine behind a store cannot be reached. */
export class StoreUnavailableError extends StoreError {
  override readonly code = 'ERR_STORE_UNAVAILABLE'
  override readonly status = 503

  constructor(failure: StoreFailure) {
    super(
      failure,
      `${failure.store}.${failure.operation}: the engine cannot be reached${causeCode(failure.cause)}.`,
    )
  }
}

/** A store call did not answer within its deadline. Whether a write happened is unknown. */
export class StoreTimeoutError extends StoreError {
  override readonly code = 'ERR_STORE_TIMEOUT'
  override readonly status = 503

  constructor(failure: StoreFailure, timeoutMs: number) {
    super(failure, `${failure.store}.${failure.operation} did not answer within ${timeoutMs} ms.`)
  }
}

/** A session service refused a request, or what answered is none: its URL or its token is wrong. */
export class ServiceError extends StoreError {
  override readonly code = 'ERR_SERVICE'
  /** The status that was answered. */
  readonly answered: number

  constructor(failure: StoreFailure, answered: number) {
    super(
      failure,
      `${failure.store}.${failure.operation}: the service answered ${answered}. ` +
        "Look at its URL and token, and at the service's own log.",
    )
    this.answered = answered
  }
}

/**
 * Saving over a stored session that this process cannot decode, while it has not yet decoded any:
 * its secret, or its salt, is most likely wrong. Nothing was written.
 */
export class SecretMismatchError extends AsyncDjangoError {
  readonly code = 'ERR_SECRET_MISMATCH'
  override readonly status = 503
  /** The store, by its factory's name. */
  readonly store: string

  constructor(store: string) {
    super(
      `${store} holds a session that cannot be decoded, and this process has decoded none so far. ` +
        'Nothing was written. Compare secretKey, secretKeyFallbacks and sessionKeySalt with ' +
        "Django's settings; await django.check() tells more.",
    )
    this.store = store
  }
}

/** An option that this store cannot honour. Thrown when the store is made. */
export class StoreCapabilityError extends AsyncDjangoError {
  readonly code = 'ERR_STORE_CAPABILITY'
  /** The option. */
  readonly option: string

  constructor(store: string, option: string, message: string) {
    super(`${store} cannot honour ${option}: ${message}`)
    this.option = option
  }
}

/** No configured hasher has this algorithm. Django: the `ValueError` of `get_hasher`. */
export class UnknownHasherError extends AsyncDjangoError {
  readonly code = 'ERR_UNKNOWN_HASHER'
  /** The algorithm; null where a stored value names none. */
  readonly algorithm: string | null

  constructor(algorithm: string | null) {
    super(
      `${algorithm === null ? 'A stored password' : `The algorithm "${algorithm}"`} is of no hasher ` +
        'in passwordHashers. Add the one that Django has in PASSWORD_HASHERS.',
    )
    this.algorithm = algorithm
  }
}

/** Too many passwords wait to be hashed, or too many of one user. Nothing was hashed. */
export class HasherBusyError extends AsyncDjangoError {
  readonly code = 'ERR_HASHER_BUSY'
  override readonly status = 503
  /** The setting that was reached. */
  readonly limit: 'maxWaiting' | 'maxPerUser'

  constructor(limit: 'maxWaiting' | 'maxPerUser') {
    super(
      limit === 'maxWaiting'
        ? 'Too many passwords wait to be hashed (maxWaiting). Try again later.'
        : 'Too many passwords of one user wait to be hashed (maxPerUser). Try again later.',
    )
    this.limit = limit
  }
}

/** Why a password cannot be hashed, or held against a stored hash. */
export type PasswordHashProblem = 'malformed' | 'unsupported' | 'passwordTooLong'

/** A stored hash cannot be used, or a hasher takes no such password. Django: `ValueError`. */
export class PasswordHashError extends AsyncDjangoError {
  readonly code = 'ERR_PASSWORD_HASH'
  override readonly status: 400 | 500
  /** The hasher's algorithm. */
  readonly algorithm: string
  /** Why. */
  readonly reason: PasswordHashProblem

  constructor(algorithm: string, reason: PasswordHashProblem, message: string) {
    super(`${algorithm}: ${message}`)
    this.algorithm = algorithm
    this.reason = reason
    this.status = reason === 'passwordTooLong' ? 400 : 500
  }
}

/** What a password validator has against a password. */
export interface PasswordProblem {
  /** Django's code, such as `password_too_short`. */
  readonly code: string
  /** Django's message, in English. */
  readonly message: string
}

/** Validators refused a password. Django: `django.core.exceptions.ValidationError`. */
export class PasswordValidationError extends AsyncDjangoError {
  readonly code = 'ERR_PASSWORD_VALIDATION'
  override readonly status = 400
  /** Everything that is wrong, in the order of the validators. */
  readonly problems: readonly PasswordProblem[]

  constructor(problems: readonly PasswordProblem[]) {
    super(problems.map(({ message }) => message).join(' '))
    this.problems = problems
  }
}

/** Why a request was refused: one for each `REASON_…` of `django.middleware.csrf`. */
export type CsrfReason =
  | 'badOrigin'
  | 'noReferer'
  | 'malformedReferer'
  | 'insecureReferer'
  | 'badReferer'
  | 'noCookie'
  | 'badCookie'
  | 'tokenMissing'
  | 'badToken'
  | 'tokenIncorrect'

/**
 * A request that may be forged: its CSRF token, `Origin` or `Referer` is not that of a page of ours.
 * The message is Django's. Django: `RejectRequest`, answered by `CSRF_FAILURE_VIEW`.
 */
export class CsrfError extends AsyncDjangoError {
  readonly code = 'ERR_CSRF'
  override readonly status = 403
  /** Why. */
  readonly reason: CsrfReason

  constructor(reason: CsrfReason, message: string) {
    super(message)
    this.reason = reason
  }
}

/** A `Host` header that `allowedHosts` does not allow. Django: `DisallowedHost`. */
export class DisallowedHostError extends AsyncDjangoError {
  readonly code = 'ERR_DISALLOWED_HOST'
  override readonly status = 400
}

/** There is no user with this key or name. Django: `User.DoesNotExist`. */
export class UserDoesNotExistError extends AsyncDjangoError {
  readonly code = 'ERR_USER_DOES_NOT_EXIST'
  override readonly status = 404

  constructor() {
    super('There is no such user; it may have been deleted meanwhile.')
  }
}

/** The name of a new user, or another value that is to be unique, is taken. */
export class UserExistsError extends AsyncDjangoError {
  readonly code = 'ERR_USER_EXISTS'
  override readonly status = 409

  constructor() {
    super('There is a user with this name already, or with another value that is to be unique.')
  }
}

/** A session names a user by what is no key of a user. Django: the `ValidationError` of `to_python`. */
export class UserKeyError extends AsyncDjangoError {
  readonly code = 'ERR_USER_KEY'
  /** What keys of users are, by the user store's options. */
  readonly keyType: string

  constructor(keyType: string) {
    super(
      `A session's user is named by what is no key of type "${keyType}": ` +
        "set keyType to that of Django's user model.",
    )
    this.keyType = keyType
  }
}

/** The application's `throttle` refused a login before its password was looked at. */
export class LoginThrottledError extends AsyncDjangoError {
  readonly code = 'ERR_LOGIN_THROTTLED'
  override readonly status = 429

  constructor() {
    super('Too many logins were tried; try again later.')
  }
}

/** The visitor may not do this. Django: `django.core.exceptions.PermissionDenied`. */
export class PermissionDeniedError extends AsyncDjangoError {
  readonly code = 'ERR_PERMISSION_DENIED'
  override readonly status = 403
  /** What is missing, as `app_label.codename`; null where it is no permission. */
  readonly perm: string | null

  constructor(perm: string | null = null) {
    super(perm === null ? 'This is not allowed.' : `This needs the permission "${perm}".`)
    this.perm = perm
  }
}

/** A `TypeError` for wrong use of this package's API, with a code. */
export function invalidArgument(message: string): TypeError & { code: 'ERR_INVALID_ARGUMENT' } {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARGUMENT' as const })
}

const codeNames = ['code', 'errno', 'sqlState', 'syscall'] as const

/** Drivers put keys and payloads into messages and details: only their codes travel on. */
function withoutText(cause: unknown): Error {
  const copy = new Error('details are withheld: they may hold session data')
  copy.stack = ''
  if (typeof cause !== 'object' || cause === null) return copy
  if ('name' in cause && typeof cause.name === 'string') copy.name = cause.name
  for (const name of codeNames) {
    const value: unknown = Reflect.get(cause, name)
    if (typeof value === 'string' || typeof value === 'number') Reflect.set(copy, name, value)
  }
  return copy
}

function causeCode(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return ''
  const code: unknown = Reflect.get(cause, 'code') ?? Reflect.get(cause, 'errno')
  return typeof code === 'string' || typeof code === 'number' ? ` (${code})` : ''
}
