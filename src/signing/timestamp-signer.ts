/**
 * Signed text that knows when it was signed.
 * Mirrors `django.core.signing.TimestampSigner`, `dumps` and `loads`.
 *
 * @module
 */
import { PayloadError, SignatureExpiredError } from '../errors.ts'
import { decodeBase62, encodeBase62, isBase62 } from '../formats/base62.ts'
import { readObject, Signer, type SignerOptions, type SignObjectOptions } from './signer.ts'

/** How a signer with timestamps signs. */
export type TimestampSignerOptions = SignerOptions & {
  /** The clock. Default: that of the machine. */
  readonly now?: () => Date
}

/** What a signature must satisfy besides being right. */
export interface UnsignOptions {
  /** How old it may be, in seconds. Default: of any age. */
  readonly maxAge?: number | null
}

/** Signs text together with the time. */
export class TimestampSigner extends Signer {
  readonly #now: () => Date

  constructor(options: TimestampSignerOptions) {
    super(options)
    this.#now = options.now ?? (() => new Date())
  }

  protected override get defaultSalt(): string {
    return 'django.core.signing.TimestampSigner'
  }

  /** The present time, in base 62 seconds. */
  timestamp(): string {
    return encodeBase62(Math.floor(this.#now().getTime() / 1000))
  }

  override sign(value: string): string {
    return super.sign(value + this.sep + this.timestamp())
  }

  /**
   * The value, without time and signature.
   *
   * @throws BadSignatureError; SignatureExpiredError; PayloadError where the signature is right and
   *   the timestamp is not.
   */
  override unsign(signed: string, { maxAge = null }: UnsignOptions = {}): string {
    const stamped = super.unsign(signed)
    const at = stamped.lastIndexOf(this.sep)
    const timestamp = stamped.slice(at + this.sep.length)
    if (at === -1 || !isBase62(timestamp)) {
      throw new PayloadError('malformed', 'A signed text has no timestamp.')
    }
    if (maxAge !== null) this.#checkAge(timestamp, maxAge)
    return stamped.slice(0, at)
  }

  #checkAge(timestamp: string, maxAge: number): void {
    const age = this.#now().getTime() / 1000 - Number(decodeBase62(timestamp))
    if (age > maxAge) throw new SignatureExpiredError(age, maxAge)
  }

  /** Reads what `signObject` wrote; throws as `unsign` does. */
  override unsignObject(signed: string, options: UnsignOptions = {}): unknown {
    return readObject(this.unsign(signed, options))
  }
}

const dumpsSalt = 'django.core.signing'

/**
 * A JSON value as signed, URL-safe text. Mirrors `django.core.signing.dumps`.
 *
 * @example
 * ```ts
 * const link = dumps({ id: 42 }, { key: secretKey, salt: 'invitation' })
 * ```
 * @throws UnserializableError for a value that is not JSON.
 */
export function dumps(value: unknown, options: TimestampSignerOptions & SignObjectOptions): string {
  return new TimestampSigner({ ...options, salt: options.salt || dumpsSalt }).signObject(
    value,
    options,
  )
}

/**
 * Reads what `dumps` wrote. Mirrors `django.core.signing.loads`.
 *
 * @throws BadSignatureError; SignatureExpiredError; PayloadError.
 */
export function loads(signed: string, options: TimestampSignerOptions & UnsignOptions): unknown {
  return new TimestampSigner({ ...options, salt: options.salt || dumpsSalt }).unsignObject(
    signed,
    options,
  )
}
