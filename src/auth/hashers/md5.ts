/**
 * Django's `MD5PasswordHasher`, for old rows and for tests: `md5$<salt>$<hex>`.
 *
 * @module
 */
import { saltedDigestHasher } from './_salted-digest.ts'
import type { HasherRules, PasswordHasher } from './hasher.ts'

/** MD5 of salt and password. */
export function md5(rules: HasherRules): PasswordHasher {
  return saltedDigestHasher('md5', rules)
}
