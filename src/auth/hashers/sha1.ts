/**
 * Django's `SHA1PasswordHasher`, for old rows; gone in Django 5.1: `sha1$<salt>$<hex>`.
 *
 * @module
 */
import { saltedDigestHasher } from './_salted-digest.ts'
import type { HasherRules, PasswordHasher } from './hasher.ts'

/** SHA-1 of salt and password. */
export function sha1(rules: HasherRules): PasswordHasher {
  return saltedDigestHasher('sha1', rules)
}
