/**
 * Django's `BCryptPasswordHasher`: bcrypt over the password itself, which has at most 72 bytes.
 * `bcrypt$$2b$<rounds>$<salt><hash>`. Needs `@node-rs/bcrypt`.
 *
 * @module
 */
import { bcryptHasher, type BcryptParameters } from './_bcrypt.ts'
import { passwordBytes } from './_shared.ts'
import type { HasherRules, PasswordHasher } from './hasher.ts'

/** bcrypt for passwords of at most 72 bytes: longer ones are refused, never cut off. */
export function bcrypt(parameters: BcryptParameters, rules: HasherRules): PasswordHasher {
  return bcryptHasher(
    { algorithm: 'bcrypt', prepare: (password) => passwordBytes(password, rules) },
    parameters,
  )
}
