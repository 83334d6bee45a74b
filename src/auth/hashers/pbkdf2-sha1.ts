/**
 * Django's `PBKDF2SHA1PasswordHasher`: `pbkdf2_sha1$<iterations>$<salt>$<base64>`.
 *
 * @module
 */
import { pbkdf2Hasher, type Pbkdf2Parameters } from './_pbkdf2.ts'
import type { PasswordHasher } from './hasher.ts'

/** PBKDF2 with HMAC-SHA1. */
export function pbkdf2Sha1(parameters: Pbkdf2Parameters): PasswordHasher {
  return pbkdf2Hasher({ algorithm: 'pbkdf2_sha1', digest: 'sha1', size: 20 }, parameters)
}
