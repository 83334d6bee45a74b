/**
 * What every error of this package is.
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

/** A `TypeError` for wrong use of this package's API, with a code. */
export function invalidArgument(message: string): TypeError & { code: 'ERR_INVALID_ARGUMENT' } {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARGUMENT' as const })
}
