/**
 * Django's `Argon2PasswordHasher`: `argon2` and a PHC string,
 * `argon2$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<base64 salt>$<base64 hash>`. Hashes of all
 * varieties and of version 16 are read. Uses `crypto.argon2` where the runtime has it; needs
 * `@node-rs/argon2` where not, and for version 16.
 *
 * @module
 */
import { invalidArgument, MissingPackageError, PasswordHashError } from '../../errors.ts'
import { decodeBase64 } from '../../formats/base64.ts'
import { encodeUnpadded, type Phc, readPhc, readShape, smallestSalt } from './_phc.ts'
import {
  derive,
  makeSalt,
  malformed,
  mustUpdateSalt,
  passwordBytes,
  readParts,
  textBytes,
} from './_shared.ts'
import type { HasherRules, PasswordHasher } from './hasher.ts'
import { derivations, platform } from '#platform'

/** How new hashes are made. */
export interface Argon2Parameters {
  /** Passes over the memory. */
  readonly timeCost: number
  /** In KiB. */
  readonly memoryCost: number
  /** Lanes. */
  readonly parallelism: number
}

/** What is called of `@node-rs/argon2`. */
interface Argon2Package {
  hashRaw(
    password: Uint8Array,
    options: {
      readonly salt: Uint8Array
      readonly memoryCost: number
      readonly timeCost: number
      readonly parallelism: number
      readonly outputLen: number
      readonly algorithm: number
      readonly version: number
    },
  ): Promise<Uint8Array>
}

type Request = Omit<Phc, 'hash'>

const algorithm = 'argon2'
const variety = 'argon2id'
const version = 19
const hashLength = 32
/** 4 GiB: the library ends the process where it gets no memory. In KiB. */
const mostMemory = 4 * 1024 * 1024

/** Argon2id, version 19, with a hash of 32 bytes. */
export function argon2(parameters: Argon2Parameters, rules: HasherRules): PasswordHasher {
  const { timeCost, memoryCost, parallelism } = parameters
  return {
    algorithm,
    salt: makeSalt,
    async encode(password, text) {
      const salt = textBytes(text, 'A salt')
      if (salt.length < smallestSalt) {
        throw invalidArgument(`An Argon2 salt has ${smallestSalt} bytes or more.`)
      }
      const costs = { memory: memoryCost, passes: timeCost, parallelism }
      const request = { variety, version, ...costs, salt, size: hashLength } as const
      const hash = await compute(passwordBytes(password, rules), request)
      const setting = `v=${version}$m=${memoryCost},t=${timeCost},p=${parallelism}`
      return `${algorithm}$${variety}$${setting}$${encodeUnpadded(salt)}$${encodeUnpadded(hash)}`
    },
    async verify(password, encoded) {
      const phc = readPhc(phcOf(encoded))
      // Django hands bytes on as they are here, in every release.
      const bytes = passwordBytes(password, { takesBytes: true })
      if (phc === null) return false
      const hash = await compute(bytes, phc)
      return platform.timingSafeEqual(phc.hash, encodeUnpadded(hash))
    },
    decode(encoded) {
      const { hashLength: _length, salt, ...rest } = readShape(phcOf(encoded))
      return { algorithm, ...rest, salt: decodeSalt(salt, rules) }
    },
    mustUpdate(encoded) {
      const shape = readShape(phcOf(encoded))
      const isAsNew =
        shape.variety === variety &&
        shape.version === version &&
        shape.memoryCost === memoryCost &&
        shape.timeCost === timeCost &&
        shape.parallelism === parallelism &&
        shape.hashLength === hashLength
      return mustUpdateSalt(decodeSalt(shape.salt, rules)) || !isAsNew
    },
    // As in Django: its runtime is too complicated to be bridged.
    async hardenRuntime() {},
  }
}

/** What follows the algorithm, with its `$`. */
function phcOf(encoded: string): string {
  const [rest = ''] = readParts(encoded, algorithm, 1)
  return `$${rest}`
}

/** The salt of today is text, so the bytes of any are read as text. */
function decodeSalt(text: string, { isBase64Strict }: HasherRules): string {
  if (isBase64Strict && !/^[A-Za-z0-9+/]*$/.test(text)) {
    throw malformed(algorithm, 'has a salt that is not base64')
  }
  try {
    return platform.decodeLatin1(decodeBase64(text + '='.repeat((4 - (text.length % 4)) % 4)))
  } catch {
    throw malformed(algorithm, 'has a salt that is not base64')
  }
}

async function compute(password: Uint8Array, request: Request): Promise<Uint8Array> {
  if (request.memory > mostMemory) {
    throw new PasswordHashError(algorithm, 'unsupported', 'a stored hash takes more than 4 GiB.')
  }
  const run = derivations.argon2
  if (run !== null && request.version === version) {
    return derive(algorithm, () => run({ password, ...request }))
  }
  const { hashRaw } = await loadPackage()
  return derive(algorithm, () => hashRaw(password, packageOptions(request)))
}

const packageAlgorithms = { argon2d: 0, argon2i: 1, argon2id: 2 } as const

function packageOptions(request: Request): Parameters<Argon2Package['hashRaw']>[1] {
  return {
    salt: request.salt,
    memoryCost: request.memory,
    timeCost: request.passes,
    parallelism: request.parallelism,
    outputLen: request.size,
    algorithm: packageAlgorithms[request.variety],
    version: request.version === version ? 1 : 0,
  }
}

async function loadPackage(): Promise<Argon2Package> {
  try {
    return await import('@node-rs/argon2')
  } catch (cause) {
    throw new MissingPackageError('@node-rs/argon2', `The hasher ${algorithm}`, { cause })
  }
}
