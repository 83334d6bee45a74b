/**
 * Signed cookies. Mirrors `HttpResponse.set_signed_cookie` and `HttpRequest.get_signed_cookie`.
 *
 * @module
 */
import { BadSignatureError, SignatureExpiredError } from '../errors.ts'
import { defaultDjangoVersion, type DjangoVersion, readRelease, type Release } from '../settings.ts'
import { getCookieSigner } from '../signing/cookie-signer.ts'
import type { SecretKeys } from '../signing/signer.ts'
import type { UnsignOptions } from '../signing/timestamp-signer.ts'

/** The keys of signed cookies, and the release that reads or wrote them. */
export type SignedCookieOptions = SecretKeys & {
  /** Sets one kind of cookie apart from another of the same name. Default none. */
  readonly salt?: string
  /** The release whose salt is written. Default: the newest. */
  readonly djangoVersion?: DjangoVersion
  /** Whether the salt of older releases is read too. Default as in the release. */
  readonly signedCookieLegacySaltFallback?: boolean
  /** The clock. Default: that of the machine. */
  readonly now?: () => Date
}

/** The value of a signed cookie. Mirrors `HttpResponse.set_signed_cookie`. */
export function signCookie(name: string, value: string, options: SignedCookieOptions): string {
  const { lengthPrefixedCookieSalt } = releaseOf(options)
  const salt = lengthPrefixedCookieSalt ? prefixedSalt(name, options) : legacySalt(name, options)
  return getCookieSigner({ ...options, salt }).sign(value)
}

/**
 * The value that a signed cookie holds. Mirrors `HttpRequest.get_signed_cookie`.
 *
 * @throws BadSignatureError; SignatureExpiredError; PayloadError.
 */
export function unsignCookie(
  name: string,
  signed: string,
  options: SignedCookieOptions & UnsignOptions,
): string {
  const release = releaseOf(options)
  const legacy = legacySalt(name, options)
  if (!release.lengthPrefixedCookieSalt) return unsignWith(legacy, signed, options)
  try {
    return unsignWith(prefixedSalt(name, options), signed, options)
  } catch (error) {
    const isBad = error instanceof BadSignatureError && !(error instanceof SignatureExpiredError)
    const readsLegacy = options.signedCookieLegacySaltFallback ?? release.series !== '6.1'
    if (!isBad || !readsLegacy) throw error
    return unsignWith(legacy, signed, options)
  }
}

function unsignWith(
  salt: string,
  signed: string,
  options: SignedCookieOptions & UnsignOptions,
): string {
  return getCookieSigner({ ...options, salt }).unsign(signed, options)
}

function releaseOf({ djangoVersion = defaultDjangoVersion }: SignedCookieOptions): Release {
  return readRelease(djangoVersion)
}

/** The length, in code points, keeps pairs of name and salt apart. */
function prefixedSalt(name: string, { salt = '' }: SignedCookieOptions): string {
  return `django.http.cookies.v2:${Array.from(salt).length}:${salt}${name}`
}

function legacySalt(name: string, { salt = '' }: SignedCookieOptions): string {
  return name + salt
}
