/**
 * The keyed digest under everything that Django signs.
 * Mirrors `django.utils.crypto.salted_hmac` and `constant_time_compare`.
 *
 * @module
 */
import type { HashAlgorithm } from '../platform/platform.ts'
import { platform } from '#platform'

/** A secret key; bytes are taken as they are, text as UTF-8. */
export type Secret = string | Uint8Array

/** A key for one purpose, derived from a secret: all that a server needs to hold for it. */
export type PreparedKey = Uint8Array

/** Bytes of text, as Python's `force_bytes` makes them; bytes stay as they are. */
export function toBytes(text: Secret): Uint8Array {
  return typeof text === 'string' ? platform.encodeUtf8(text) : text
}

/**
 * Derives the key for one purpose: the digest of the salt followed by the secret.
 *
 * @param keySalt - What the key is for, such as `django.contrib.sessions.SessionStoresigner`.
 */
export function prepareKey(
  keySalt: string,
  secret: Secret,
  algorithm: HashAlgorithm = 'sha256',
): PreparedKey {
  return platform.hash(algorithm, toBytes(keySalt), toBytes(secret))
}

/** HMAC of a value under the key that salt and secret make together. */
export function saltedHmac(
  keySalt: string,
  value: string | Uint8Array,
  secret: Secret,
  algorithm: HashAlgorithm = 'sha256',
): Uint8Array {
  return platform.hmac(algorithm, prepareKey(keySalt, secret, algorithm), toBytes(value))
}

/** Whether two texts are equal, in a time that depends on their lengths only. */
export function constantTimeCompare(a: string, b: string): boolean {
  return platform.timingSafeEqual(a, b)
}
