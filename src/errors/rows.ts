/**
 * Errors of what others did to the row of a session.
 *
 * @module
 */
import { AsyncDjangoError } from './base.ts'

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
