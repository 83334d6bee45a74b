/**
 * Cookies whose key no other signer shares. Mirrors `django.core.signing.get_cookie_signer`.
 *
 * @module
 */
import { type Secret, toBytes } from './salted-hmac.ts'
import type { SecretKeys } from './signer.ts'
import { TimestampSigner } from './timestamp-signer.ts'

/** The keys of a cookie signer, and what its signatures are for. */
export type CookieSignerOptions = SecretKeys & {
  /** What the signature is for. Default `django.core.signing.get_cookie_signer`. */
  readonly salt?: string
  /** The clock. Default: that of the machine. */
  readonly now?: () => Date
}

const keyPrefix = 'django.http.cookies'

/** A signer whose keys are no other signer's. Mirrors `get_cookie_signer`. */
export function getCookieSigner(options: CookieSignerOptions): TimestampSigner {
  const { salt = 'django.core.signing.get_cookie_signer', ...rest } = options
  return new TimestampSigner({
    ...rest,
    salt,
    key: withPrefix(rest.key),
    fallbackKeys: (rest.fallbackKeys ?? []).map(withPrefix),
  })
}

function withPrefix(secret: Secret): Uint8Array {
  return Uint8Array.from([...toBytes(keyPrefix), ...toBytes(secret)])
}
