/**
 * What a session holds of a login. Mirrors the three constants of `django.contrib.auth`.
 *
 * @module
 */
import { UserKeyError } from '../errors.ts'
import type { SessionCore } from '../session/session-core.ts'
import { parseUserKey } from './user-key.ts'
import type { UserKeyType } from './user-model.ts'
import type { UserKey } from './user-store.ts'

/** `SESSION_KEY`: the user's primary key, as text. */
export const userIdKey = '_auth_user_id'
/** `BACKEND_SESSION_KEY`: the dotted path of the backend that vouched for the user. */
export const userBackendKey = '_auth_user_backend'
/** `HASH_SESSION_KEY`: what binds the login to the user's password. */
export const userHashKey = '_auth_user_hash'

/**
 * The key of the user who is logged in by a session; null for nobody. Whether the login still
 * stands is not looked at.
 *
 * @throws UserKeyError
 */
export function loggedInKey({ draft }: SessionCore, keyType: UserKeyType): UserKey | null {
  const id = draft.get(userIdKey)
  if (id === undefined) return null
  const isText = typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint'
  const key = isText ? parseUserKey(String(id), keyType) : null
  if (key === null) throw new UserKeyError(keyType)
  return key
}

/** The text that a session holds under a key; empty where there is none. */
export function textAt({ draft }: SessionCore, key: string): string {
  const value = draft.get(key)
  return typeof value === 'string' ? value : ''
}
