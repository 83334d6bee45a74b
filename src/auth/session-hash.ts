/**
 * What binds a login to a password: an HMAC of the stored hash, kept in the session. Once the
 * password changes, it matches no more. Mirrors `AbstractBaseUser.get_session_auth_hash` and
 * `get_session_auth_fallback_hash`.
 *
 * @module
 */
import { constantTimeCompare, type PreparedKey, toBytes } from '../signing/salted-hmac.ts'
import type { PreparedKeys, SecretKeys } from '../signing/signer.ts'
import { prepareKeys } from './prepared-keys.ts'
import { platform } from '#platform'

/** What the keys of session hashes are prepared for. */
export const sessionHashKeySalt: string =
  'django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash'

/**
 * The hash that a new login keeps: 64 hexadecimal digits.
 *
 * @param password - The stored hash of the password, or the text that stands for none.
 * @throws TypeError without a key.
 */
export function getSessionAuthHash(password: string, keys: SecretKeys | PreparedKeys): string {
  return hashWith(prepareKeys(sessionHashKeySalt, keys).current, password)
}

/**
 * The hashes that logins keep from before the secret changed.
 *
 * @throws TypeError without a key.
 */
export function getSessionAuthFallbackHashes(
  password: string,
  keys: SecretKeys | PreparedKeys,
): readonly string[] {
  const { former } = prepareKeys(sessionHashKeySalt, keys)
  return former.map((key) => hashWith(key, password))
}

/** By which secret a session's hash was made: one of former days is to be replaced. */
export type SessionHashMatch = 'current' | 'fallback'

/**
 * Which secret made the hash that a session keeps; null for none, and for no hash.
 *
 * @throws TypeError without a key.
 */
export function matchSessionAuthHash(
  sessionHash: string,
  password: string,
  keys: SecretKeys | PreparedKeys,
): SessionHashMatch | null {
  if (constantTimeCompare(sessionHash, getSessionAuthHash(password, keys))) return 'current'
  const fallbacks = getSessionAuthFallbackHashes(password, keys)
  const isFallback = fallbacks.some((fallback) => constantTimeCompare(sessionHash, fallback))
  return isFallback ? 'fallback' : null
}

function hashWith(key: PreparedKey, password: string): string {
  return platform.encodeHex(platform.hmac('sha256', key, toBytes(password)))
}
