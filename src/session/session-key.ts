/**
 * Session keys. Mirrors `django.contrib.sessions.backends.base.SessionBase._get_new_session_key`
 * and `_validate_session_key`.
 *
 * @module
 */
import { randomString } from '../formats/random-string.ts'

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
const keyLength = 32
const shortest = 8

/** A new key: 32 characters of `a-z0-9`, all equally likely. */
export function makeSessionKey(): string {
  return randomString(keyLength, alphabet)
}

/** Whether Django takes this as a key at all: 8 code points or more. */
export function isSessionKey(key: string | null | undefined): key is string {
  if (!key) return false
  return key.length >= shortest * 2 || Array.from(key).length >= shortest
}

const printableAscii = /^[ -~]+$/

/** Whether a key is worth a query: within the limit, and of characters that a key may have. */
export function isLookupKey(key: string, maxLength: number): boolean {
  return key.length <= maxLength && printableAscii.test(key)
}
