/**
 * Primary keys of users, as sessions and tables hold them. Mirrors `to_python` and
 * `value_to_string` of Django's fields.
 *
 * @module
 */
import { strip } from '../formats/python-text.ts'
import type { UserKeyType } from './user-model.ts'
import type { UserKey } from './user-store.ts'

const integer = /^[+-]?\d+(?:_\d+)*$/
const hex32 = /^[\da-f]{32}$/

/** The key that a text stands for; null for a text that is none of this type. */
export function parseUserKey(text: string, keyType: UserKeyType): UserKey | null {
  if (keyType === 'text') return text
  return keyType === 'uuid' ? parseUuid(text) : parseInteger(text)
}

/** The text of a key, as sessions hold it. */
export function userKeyText(key: UserKey): string {
  return String(key)
}

/** As `uuid.UUID` reads it: with or without hyphens, braces and `urn:uuid:`. */
function parseUuid(text: string): string | null {
  const hex = text
    .replaceAll('urn:', '')
    .replaceAll('uuid:', '')
    .replaceAll(/^[{}]+|[{}]+$/g, '')
    .replaceAll('-', '')
    .toLowerCase()
  return hex32.test(hex) ? withHyphens(hex) : null
}

/** The usual form of a UUID. @param hex - Its 32 digits. */
export function withHyphens(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function parseInteger(text: string): number | bigint | null {
  const stripped = strip(text)
  if (!integer.test(stripped)) return null
  return narrow(BigInt(stripped.replaceAll('_', '').replace(/^\+/, '')))
}

/** PostgreSQL refuses NUL, and drivers send every lone surrogate as the same replacement. */
const unstorable = /[\u0000\p{Cs}]/u

/** Whether text can stand in a table: no other text names a user. */
export function isStorableText(text: string): boolean {
  return !unstorable.test(text)
}

const bits: Readonly<Record<UserKeyType, bigint | null>> = {
  int: 31n,
  bigint: 63n,
  uuid: null,
  text: null,
}

/** Whether a key is of this type, and a column of this type can hold it: no other key is a user's. */
export function isStorableUserKey(key: UserKey, keyType: UserKeyType): boolean {
  const size = bits[keyType]
  if (size === null || typeof key === 'string') {
    return size === null && typeof key === 'string' && isStorableText(key)
  }
  if (typeof key === 'number' && !Number.isSafeInteger(key)) return false
  const bound = 1n << size
  return BigInt(key) >= -bound && BigInt(key) < bound
}

/** A number where it is exact. */
export function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
