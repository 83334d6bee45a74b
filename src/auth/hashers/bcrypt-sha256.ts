/**
 * Django's `BCryptSHA256PasswordHasher`: bcrypt over the hexadecimal SHA-256 of a password, so that
 * passwords may be long. `bcrypt_sha256$$2b$<rounds>$<salt><hash>`. Needs `@node-rs/bcrypt`.
 *
 * @module
 */
import { bcryptHasher, type BcryptParameters } from './_bcrypt.ts'
import { passwordBytes } from './_shared.ts'
import type { HasherRules, PasswordHasher } from './hasher.ts'
import { platform } from '#platform'

/** bcrypt for passwords of any length. */
export function bcryptSha256(parameters: BcryptParameters, rules: HasherRules): PasswordHasher {
  return bcryptHasher(
    {
      algorithm: 'bcrypt_sha256',
      prepare(password) {
        const digest = platform.hash('sha256', passwordBytes(password, rules))
        return platform.encodeLatin1(platform.encodeHex(digest))
      },
    },
    parameters,
  )
}
