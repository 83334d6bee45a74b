/**
 * What binds the sessions of one site to the passwords of its users, under its secrets of today and
 * of former days. Mirrors `get_session_auth_hash` and `get_session_auth_fallback_hash`.
 *
 * @module
 */
import { constantTimeCompare, type PreparedKey, toBytes } from '../signing/salted-hmac.ts'
import type { SessionHashMatch } from './session-hash.ts'
import type { ReadOnlyUser } from './user.ts'
import { platform } from '#platform'

/**
 * What a session keeps of its user, where `get_session_auth_hash` is not Django's own: an HMAC of
 * whatever ends the user's sessions when it changes.
 *
 * @param hmac - Of a text, in hexadecimal, as Django's own method makes it.
 * @example
 * ```ts
 * const sessionAuthHash = (user, hmac) => hmac(user.password + user.get('epoch'))
 * ```
 */
export type SessionAuthHash = (user: ReadOnlyUser, hmac: (value: string) => string) => string

/** The session hashes of a site. */
export class SessionHashes {
  readonly #keys: readonly PreparedKey[]
  readonly #hash: SessionAuthHash

  /** @param keys - Of the salt `sessionHashKeySalt`, the current one first. */
  constructor(keys: readonly PreparedKey[], hash: SessionAuthHash | undefined) {
    this.#keys = keys
    this.#hash = hash ?? ((user, hmac) => hmac(user.password))
  }

  /** The hash that a new login keeps. */
  current(user: ReadOnlyUser): string {
    const [key = new Uint8Array()] = this.#keys
    return this.#with(user, key)
  }

  /** Which secret made the hash that a session keeps; null for none, and for no hash. */
  match(user: ReadOnlyUser, sessionHash: string): SessionHashMatch | null {
    if (sessionHash === '') return null
    const at = this.#keys.findIndex((key) =>
      constantTimeCompare(sessionHash, this.#with(user, key)),
    )
    if (at === -1) return null
    return at === 0 ? 'current' : 'fallback'
  }

  #with(user: ReadOnlyUser, key: PreparedKey): string {
    return this.#hash(user, (value) =>
      platform.encodeHex(platform.hmac('sha256', key, toBytes(value))),
    )
  }
}
