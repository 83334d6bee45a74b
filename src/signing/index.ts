/**
 * Django's signing. Mirrors `django.core.signing`.
 *
 * @module
 */
export { decodeBase62, encodeBase62 } from '../formats/base62.ts'
export { type CookieSignerOptions, getCookieSigner } from './cookie-signer.ts'
export {
  constantTimeCompare,
  prepareKey,
  type PreparedKey,
  saltedHmac,
  type Secret,
} from './salted-hmac.ts'
export {
  type PreparedKeys,
  type SecretKeys,
  Signer,
  type SignerForm,
  type SignerOptions,
  type SignObjectOptions,
} from './signer.ts'
export {
  dumps,
  loads,
  TimestampSigner,
  type TimestampSignerOptions,
  type UnsignOptions,
} from './timestamp-signer.ts'
