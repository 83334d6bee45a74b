/**
 * The contract of a password hasher. Mirrors `django.contrib.auth.hashers.BasePasswordHasher`.
 *
 * @module
 */

/** A password; text is taken as UTF-8, and never normalised. */
export type Password = string | Uint8Array

/** What a stored hash says, by Django's names camelCased. */
export interface DecodedHash {
  readonly algorithm: string
  readonly [name: string]: string | number | null
}

/** Makes and reads the hashes of one algorithm, with the parameters that new ones get. */
export interface PasswordHasher {
  /** What a stored hash begins with, up to its first `$`. */
  readonly algorithm: string
  /** A new random salt. */
  salt(): string
  /**
   * A hash to be stored.
   *
   * @throws TypeError `ERR_INVALID_ARGUMENT` for a salt that the algorithm cannot take;
   *   PasswordHashError `passwordTooLong`.
   */
  encode(password: Password, salt: string): Promise<string>
  /**
   * Whether the password makes this hash.
   *
   * @throws PasswordHashError
   */
  verify(password: Password, encoded: string): Promise<boolean>
  /**
   * What a stored hash says of itself.
   *
   * @throws PasswordHashError `malformed`.
   */
  decode(encoded: string): DecodedHash
  /**
   * Whether a hash was made with other parameters than new ones are: weaker or stronger.
   *
   * @throws PasswordHashError `malformed`.
   */
  mustUpdate(encoded: string): boolean
  /**
   * Does the work by which a new hash would have cost more than this one, so that a wrong password
   * takes as long for both.
   *
   * @throws PasswordHashError `malformed`.
   */
  hardenRuntime(password: Password, encoded: string): Promise<void>
}

/** In what releases of Django differ, whatever the parameters. */
export interface HasherRules {
  /** Whether every hasher takes bytes as a password: from 6.0 on. PBKDF2 always does. */
  readonly takesBytes: boolean
  /** Whether a salt in base64 may hold nothing else: from 6.1 on. */
  readonly isBase64Strict: boolean
}
