/**
 * Errors of requests that are refused.
 *
 * @module
 */
import { AsyncDjangoError } from './base.ts'

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
