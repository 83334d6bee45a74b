/**
 * bcrypt, whatever is done to the password before. Mirrors `BCryptSHA256PasswordHasher`, what
 * inherits from it, and Python's `bcrypt.hashpw` 5.0.
 *
 * @module
 */
import { invalidArgument, MissingPackageError, PasswordHashError } from '../../errors.ts'
import { malformed, readInteger, readParts } from './_shared.ts'
import type { Password, PasswordHasher } from './hasher.ts'
import { platform } from '#platform'

/** How new hashes are made. */
export interface BcryptParameters {
  /** 4 to 31; one more doubles the work. */
  readonly rounds: number
}

/** What is done to a password before bcrypt. */
export interface BcryptVariety {
  readonly algorithm: string
  prepare(password: Password): Uint8Array
}

/** What is called of `@node-rs/bcrypt`. */
interface BcryptPackage {
  hash(
    password: Uint8Array,
    options: { readonly salt: Uint8Array; readonly cost: number; readonly version: '2b' },
  ): Promise<string>
}

/** A salt as `bcrypt.gensalt` writes it, taken apart. */
interface BcryptSalt {
  readonly version: string
  readonly cost: number
  readonly bytes: Uint8Array
}

const longestPassword = 72
const saltSize = 16
const saltLength = 22
/** `$2b$12$` and the salt. */
const settingLength = 29

/** A hasher that hands passwords to bcrypt in one of the ways. */
export function bcryptHasher(
  { algorithm, prepare }: BcryptVariety,
  { rounds }: BcryptParameters,
): PasswordHasher {
  const hash = async (password: Password, salt: BcryptSalt): Promise<string> => {
    const bytes = prepare(password)
    if (bytes.length > longestPassword) throw tooLong(algorithm)
    const options = { salt: salt.bytes, cost: salt.cost, version: '2b' } as const
    const { hash: run } = await loadPackage(algorithm)
    const [, , , data = ''] = (await run(bytes, options)).split('$')
    return `${algorithm}$$${salt.version}$${twoDigits(salt.cost)}$${data}`
  }
  const decode = (encoded: string) => {
    const [, algostr = '', cost = '', data = ''] = readParts(encoded, algorithm, 4)
    return {
      algorithm,
      algostr,
      checksum: data.slice(saltLength),
      salt: data.slice(0, saltLength),
      workFactor: readInteger(cost, algorithm),
    }
  }
  const readStored = (text: string): BcryptSalt => {
    const salt = /^[\0-\x7f]*$/.test(text) ? readSalt(text) : null
    if (salt === null) throw malformed(algorithm, 'has no bcrypt salt')
    return salt
  }
  return {
    algorithm,
    decode,
    salt() {
      const salt = encodeBcrypt64(platform.randomBytes(saltSize))
      return `$2b$${twoDigits(rounds)}$${salt}`
    },
    async encode(password, text) {
      const salt = readSalt(text)
      if (salt === null) throw invalidArgument('A bcrypt salt looks like "$2b$12$" and 22 letters.')
      return hash(password, salt)
    },
    async verify(password, encoded) {
      const salt = readStored(restOf(encoded, algorithm))
      return platform.timingSafeEqual(encoded, await hash(password, salt))
    },
    mustUpdate: (encoded) => decode(encoded).workFactor !== rounds,
    async hardenRuntime(password, encoded) {
      const rest = restOf(encoded, algorithm)
      const cost = readInteger(rest.split('$')[2] ?? '', algorithm)
      const missing = 2 ** (rounds - cost) - 1
      if (missing <= 0) return
      const salt = readStored(rest.slice(0, settingLength))
      for (let done = 0; done < missing; done++) await hash(password, salt)
    },
  }
}

/** What follows the algorithm. */
function restOf(encoded: string, algorithm: string): string {
  const [rest = ''] = readParts(encoded, algorithm, 1)
  return rest
}

/** Longer ones would be cut off without a word, as Python's bcrypt did before 5.0. */
function tooLong(algorithm: string): PasswordHashError {
  return new PasswordHashError(
    algorithm,
    'passwordTooLong',
    `a password has at most ${longestPassword} bytes. bcrypt_sha256 takes longer ones.`,
  )
}

/** Read as `hashpw` reads it: a whole hash is a salt too. Null where that raises. */
function readSalt(text: string): BcryptSalt | null {
  const [version = '', cost = '', data = '', ...more] = text.split('$').filter((it) => it !== '')
  const bytes = decodeBcrypt64(data.slice(0, saltLength))
  const rounds = Number(/^\+?\d+$/.test(cost) ? cost : Number.NaN)
  const isKnown = /^2[abxy]$/.test(version) && rounds >= 4 && rounds <= 31 && more.length === 0
  return isKnown && bytes !== null ? { version, cost: rounds, bytes } : null
}

function twoDigits(cost: number): string {
  return String(cost).padStart(2, '0')
}

const bcryptAlphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const base64Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function encodeBcrypt64(bytes: Uint8Array): string {
  const text = platform.encodeBase64(bytes).replaceAll('=', '')
  return translate(text, base64Alphabet, bcryptAlphabet)
}

/** The 16 bytes of a salt; null unless this is the one text that stands for them. */
function decodeBcrypt64(text: string): Uint8Array | null {
  if (!/^[./A-Za-z0-9]{22}$/.test(text)) return null
  const bytes = platform.decodeBase64(translate(text, bcryptAlphabet, base64Alphabet))
  return encodeBcrypt64(bytes) === text ? bytes : null
}

function translate(text: string, from: string, to: string): string {
  return Array.from(text, (letter) => to.charAt(from.indexOf(letter))).join('')
}

async function loadPackage(usedBy: string): Promise<BcryptPackage> {
  try {
    return await import('@node-rs/bcrypt')
  } catch (cause) {
    throw new MissingPackageError('@node-rs/bcrypt', `The hasher ${usedBy}`, { cause })
  }
}
