/**
 * Errors of what was signed, or stored, and cannot be read.
 *
 * @module
 */
import { AsyncDjangoError } from './base.ts'

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
