/**
 * One digest of salt and password: fast to make, and so fast to guess. For old rows only.
 *
 * @module
 */
import {
  checkSalt,
  makeSalt,
  malformed,
  mustUpdateSalt,
  passwordBytes,
  readParts,
  textBytes,
} from './_shared.ts'
import type { HasherRules, Password, PasswordHasher } from './hasher.ts'
import { platform } from '#platform'

/** A hasher named after its digest. */
export function saltedDigestHasher(algorithm: 'md5' | 'sha1', rules: HasherRules): PasswordHasher {
  const hash = (password: Password, salt: string): string => {
    const digest = platform.hash(
      algorithm,
      textBytes(salt, 'A salt'),
      passwordBytes(password, rules),
    )
    return `${algorithm}$${salt}$${platform.encodeHex(digest)}`
  }
  const decode = (encoded: string) => {
    const [salt = '', digest = ''] = readParts(encoded, algorithm, 2)
    return { algorithm, hash: digest, salt }
  }
  return {
    algorithm,
    decode,
    salt: makeSalt,
    async encode(password, salt) {
      checkSalt(salt)
      return hash(password, salt)
    },
    async verify(password, encoded) {
      const { salt } = decode(encoded)
      if (salt === '') throw malformed(algorithm, 'has no salt')
      return platform.timingSafeEqual(encoded, hash(password, salt))
    },
    mustUpdate: (encoded) => mustUpdateSalt(decode(encoded).salt),
    async hardenRuntime() {},
  }
}
