/**
 * PBKDF2, whatever the digest. Mirrors `PBKDF2PasswordHasher` and what inherits from it.
 *
 * @module
 */
import {
  checkSalt,
  derive,
  makeSalt,
  malformed,
  mustUpdateSalt,
  passwordBytes,
  readInteger,
  readParts,
  textBytes,
} from './_shared.ts'
import type { Password, PasswordHasher } from './hasher.ts'
import { derivations, platform } from '#platform'

/** How new hashes are made. */
export interface Pbkdf2Parameters {
  readonly iterations: number
}

/** A digest, and what Django calls PBKDF2 with it. */
export interface Pbkdf2Variety {
  readonly algorithm: string
  readonly digest: 'sha1' | 'sha256'
  /** Length of the digest, in bytes. */
  readonly size: number
}

/** A hasher with one of the digests. */
export function pbkdf2Hasher(
  { algorithm, digest, size }: Pbkdf2Variety,
  parameters: Pbkdf2Parameters,
): PasswordHasher {
  const hash = async (password: Password, salt: string, iterations: number): Promise<string> => {
    const derivation = {
      algorithm: digest,
      password: passwordBytes(password, { takesBytes: true }),
      salt: textBytes(salt, 'A salt'),
      iterations,
      size,
    }
    const key = await derive(algorithm, () => derivations.pbkdf2(derivation))
    return `${algorithm}$${iterations}$${salt}$${platform.encodeBase64(key)}`
  }
  const decode = (encoded: string) => {
    const [iterations = '', salt = '', key = ''] = readParts(encoded, algorithm, 3)
    return { algorithm, hash: key, iterations: readInteger(iterations, algorithm), salt }
  }
  return {
    algorithm,
    decode,
    salt: makeSalt,
    async encode(password, salt) {
      checkSalt(salt)
      return hash(password, salt, parameters.iterations)
    },
    async verify(password, encoded) {
      const { salt, iterations } = decode(encoded)
      if (salt === '') throw malformed(algorithm, 'has no salt')
      const again = await hash(password, salt, iterations || parameters.iterations)
      return platform.timingSafeEqual(encoded, again)
    },
    mustUpdate(encoded) {
      const { salt, iterations } = decode(encoded)
      return iterations !== parameters.iterations || mustUpdateSalt(salt)
    },
    async hardenRuntime(password, encoded) {
      const { salt, iterations } = decode(encoded)
      const missing = parameters.iterations - iterations
      if (missing > 0) await hash(password, salt, missing)
    },
  }
}
