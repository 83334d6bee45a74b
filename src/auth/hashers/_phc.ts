/**
 * The text of an Argon2 hash. Two readers, for Django has two: `argon2.extract_parameters` of
 * Python's argon2-cffi looks at the parameters, and the C library is strict about everything.
 *
 * @module
 */
import { parseInteger } from '../../formats/python-text.ts'
import { malformed } from './_shared.ts'
import { platform } from '#platform'

/** The three ways to walk through memory. */
export type Argon2Variety = 'argon2d' | 'argon2i' | 'argon2id'

/** What Django compares to find out whether a hash is as new ones are. */
export interface Argon2Shape {
  readonly variety: string
  readonly version: number
  readonly memoryCost: number
  readonly timeCost: number
  readonly parallelism: number
  /** In bytes. */
  readonly hashLength: number
  /** In base64. */
  readonly salt: string
  /** In base64. */
  readonly hash: string
}

/** A hash that the C library would compute. */
export interface Phc {
  readonly variety: Argon2Variety
  readonly version: number
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Uint8Array
  /** Length of the hash, in bytes. */
  readonly size: number
  /** In base64, without padding. */
  readonly hash: string
}

/** Shorter salts are no Argon2 salts. */
export const smallestSalt = 8

const algorithm = 'argon2'
const varieties: readonly string[] = ['argon2d', 'argon2i', 'argon2id'] satisfies Argon2Variety[]
/** What argon2-cffi takes a hash for that names no version; the C library takes it for 16. */
const unnamedVersion = 'v=18'

/**
 * Mirrors `argon2.extract_parameters`.
 *
 * @param phc - What follows `argon2` in a stored hash, with its `$`.
 * @throws PasswordHashError `malformed`.
 */
export function readShape(phc: string): Argon2Shape {
  const parts = phc.split('$').slice(1)
  if (parts.length === 4) parts.splice(1, 0, unnamedVersion)
  const [variety = '', version = '', costs = '', salt = '', hash = ''] = parts
  const values = readValues([version, ...costs.split(',')])
  if (parts.length !== 5 || !varieties.includes(variety) || values === null) {
    throw malformed(algorithm, 'is no Argon2 hash')
  }
  const { v, m, t, p } = values
  const hashLength = byteLength(hash.length)
  return { variety, version: v, memoryCost: m, timeCost: t, parallelism: p, hashLength, salt, hash }
}

type Values = Readonly<Record<'v' | 'm' | 't' | 'p', number>>

/** `v=19`, `m=8`, `t=1` and `p=1`, in any order; null for anything else. */
function readValues(pairs: readonly string[]): Values | null {
  const values = new Map<string, number>()
  for (const pair of pairs) {
    const [name = '', text = '', ...more] = pair.split('=')
    const value = parseInteger(text)
    if (value === null || more.length > 0) return null
    values.set(name, value)
  }
  const [v, m, t, p] = ['v', 'm', 't', 'p'].map((name) => values.get(name))
  const isComplete = v !== undefined && m !== undefined && t !== undefined && p !== undefined
  return isComplete && values.size === 4 ? { v, m, t, p } : null
}

/** Bytes in so many letters of base64, as argon2-cffi counts them. */
function byteLength(letters: number): number {
  return Math.floor(letters / 4) * 3 + Math.max(0, (letters % 4) - 1)
}

const decimal = '(0|[1-9][0-9]*)'
const base64 = '([A-Za-z0-9+/]+)'
const strictPhc = new RegExp(
  String.raw`^\$(argon2id|argon2i|argon2d)(?:\$v=${decimal})?` +
    String.raw`\$m=${decimal},t=${decimal},p=${decimal}\$${base64}\$${base64}$`,
)

/**
 * Mirrors `argon2.PasswordHasher.verify` and `decode_string` of the C library.
 *
 * @param phc - What follows `argon2` in a stored hash, with its `$`.
 * @returns Null for a hash that no password makes.
 * @throws PasswordHashError `malformed`, where argon2-cffi does not even ask the library.
 */
export function readPhc(phc: string): Phc | null {
  if (!/^[\0-\x7f]*$/.test(phc) || !/^\$argon2(?:i\$|d\$|id)/.test(phc)) {
    throw malformed(algorithm, 'is no Argon2 hash')
  }
  const match = strictPhc.exec(phc)
  if (match === null) return null
  const [, variety, version = '16', memory, passes, parallelism, saltText = '', hash = ''] = match
  const salt = strictBytes(saltText)
  const size = strictBytes(hash)?.length ?? 0
  if (salt === null) return null
  const read: Phc = {
    variety: variety as Argon2Variety,
    version: Number(version),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt,
    size,
    hash,
  }
  return isPossible(read) ? read : null
}

/** Null unless this is the one text that stands for the bytes. */
function strictBytes(text: string): Uint8Array | null {
  const bytes = platform.decodeBase64(text)
  return encodeUnpadded(bytes) === text ? bytes : null
}

/** Base64 as Argon2 writes it. */
export function encodeUnpadded(bytes: Uint8Array): string {
  return platform.encodeBase64(bytes).replaceAll('=', '')
}

/** The library takes any number; no Django ever made another one. */
const versions: readonly number[] = [16, 19]
const largestParameter = 2 ** 32 - 1
const mostLanes = 2 ** 24 - 1

/** Mirrors `validate_inputs` of the C library. */
function isPossible({ version, memory, passes, parallelism, salt, size }: Phc): boolean {
  return (
    versions.includes(version) &&
    salt.length >= smallestSalt &&
    size >= 4 &&
    passes >= 1 &&
    passes <= largestParameter &&
    parallelism >= 1 &&
    parallelism <= mostLanes &&
    memory >= 8 * parallelism &&
    memory <= largestParameter
  )
}
