/**
 * Django's `PBKDF2PasswordHasher`, its default: `pbkdf2_sha256$<iterations>$<salt>$<base64>`.
 *
 * @module
 */
import { pbkdf2Hasher, type Pbkdf2Parameters } from './_pbkdf2.ts'
import type { PasswordHasher } from './hasher.ts'

/** PBKDF2 with HMAC-SHA256. */
export function pbkdf2Sha256(parameters: Pbkdf2Parameters): PasswordHasher {
  return pbkdf2Hasher({ algorithm: 'pbkdf2_sha256', digest: 'sha256', size: 32 }, parameters)
}
