/**
 * One digest of the password alone: equal passwords have equal hashes. For the oldest rows only.
 *
 * @module
 */
import { invalidArgument } from '../../errors.ts'
import { passwordBytes } from './_shared.ts'
import type { HasherRules, PasswordHasher } from './hasher.ts'
import { platform } from '#platform'

/** A digest, and how Django writes it down. */
export interface UnsaltedVariety {
  readonly algorithm: string
  readonly digest: 'md5' | 'sha1'
  /** What is stored, for a hexadecimal digest. */
  encodedOf(digest: string): string
  /** The one form of a stored hash that may have several. */
  canonical(encoded: string): string
  /** What Django's `decode` calls the hash. */
  hashIn(encoded: string): string
}

/** A hasher with one of the digests. */
export function unsaltedDigestHasher(
  { algorithm, digest, encodedOf, canonical, hashIn }: UnsaltedVariety,
  rules: HasherRules,
): PasswordHasher {
  const hash: PasswordHasher['encode'] = async (password, salt) => {
    if (salt !== '') throw invalidArgument(`${algorithm} takes an empty salt only.`)
    return encodedOf(platform.encodeHex(platform.hash(digest, passwordBytes(password, rules))))
  }
  return {
    algorithm,
    salt: () => '',
    encode: hash,
    async verify(password, encoded) {
      return platform.timingSafeEqual(canonical(encoded), await hash(password, ''))
    },
    decode: (encoded) => ({ algorithm, hash: hashIn(encoded), salt: null }),
    mustUpdate: () => false,
    async hardenRuntime() {},
  }
}
