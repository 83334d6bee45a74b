/**
 * Errors of users and their passwords.
 *
 * @module
 */
import { AsyncDjangoError } from './base.ts'

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
