/**
 * Django's `ScryptPasswordHasher`:
 * `scrypt$<work factor>$<salt>$<block size>$<parallelism>$<base64>`.
 *
 * @module
 */
import {
  checkSalt,
  derive,
  makeSalt,
  malformed,
  passwordBytes,
  readInteger,
  readParts,
  textBytes,
} from './_shared.ts'
import type { HasherRules, Password, PasswordHasher } from './hasher.ts'
import { derivations, platform } from '#platform'

/** How new hashes are made, and how much memory any hash may take. */
export interface ScryptParameters {
  /** A power of two. */
  readonly workFactor: number
  readonly blockSize: number
  readonly parallelism: number
  /** In bytes; 0 for the 32 MiB of OpenSSL. */
  readonly maxmem: number
}

type Costs = Omit<ScryptParameters, 'maxmem'>

const algorithm = 'scrypt'
const keySize = 64

/** scrypt, with a key of 64 bytes. */
export function scrypt(parameters: ScryptParameters, rules: HasherRules): PasswordHasher {
  const hash = async (password: Password, salt: string, costs: Costs): Promise<string> => {
    const derivation = {
      password: passwordBytes(password, rules),
      salt: textBytes(salt, 'A salt'),
      size: keySize,
      maxMemory: parameters.maxmem,
      workFactor: costs.workFactor || parameters.workFactor,
      blockSize: costs.blockSize || parameters.blockSize,
      parallelism: costs.parallelism || parameters.parallelism,
    }
    const key = await derive(algorithm, () => derivations.scrypt(derivation))
    const { workFactor, blockSize, parallelism } = derivation
    const parts = [workFactor, salt, blockSize, parallelism, platform.encodeBase64(key)]
    return `${algorithm}$${parts.join('$')}`
  }
  return {
    algorithm,
    decode,
    salt: makeSalt,
    async encode(password, salt) {
      checkSalt(salt)
      return hash(password, salt, parameters)
    },
    async verify(password, encoded) {
      const { salt, ...costs } = decode(encoded)
      if (salt === '') throw malformed(algorithm, 'has no salt')
      return platform.timingSafeEqual(encoded, await hash(password, salt, costs))
    },
    mustUpdate(encoded) {
      const { workFactor, blockSize, parallelism } = decode(encoded)
      return (
        workFactor !== parameters.workFactor ||
        blockSize !== parameters.blockSize ||
        parallelism !== parameters.parallelism
      )
    },
    // As in Django: its runtime is too complicated to be bridged.
    async hardenRuntime() {},
  }
}

function decode(encoded: string) {
  const [workFactor = '', salt = '', blockSize = '', parallelism = '', hash = ''] = readParts(
    encoded,
    algorithm,
    5,
  )
  if (hash.includes('$')) throw malformed(algorithm, 'has more than 5 parts after its algorithm')
  return {
    algorithm,
    workFactor: readInteger(workFactor, algorithm),
    salt,
    blockSize: readInteger(blockSize, algorithm),
    parallelism: readInteger(parallelism, algorithm),
    hash,
  }
}
