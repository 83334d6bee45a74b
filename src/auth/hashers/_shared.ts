/**
 * What all hashers need: salts, and the parts of a stored hash.
 *
 * @module
 */
import { invalidArgument, PasswordHashError } from '../../errors.ts'
import { codePointLength, parseInteger, splitAtMost } from '../../formats/python-text.ts'
import { randomString } from '../../formats/random-string.ts'
import type { HasherRules, Password } from './hasher.ts'
import { platform } from '#platform'

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
/** 128 bits, in letters of the alphabet. */
const shortestSalt = 128 / Math.log2(alphabet.length)
const saltLength = Math.ceil(shortestSalt)

/** Random letters and digits: the alphabet that `get_random_string` takes by default. */
export function randomLetters(length: number): string {
  return randomString(length, alphabet)
}

/** A salt of 128 bits, as letters and digits. Mirrors `BasePasswordHasher.salt`. */
export function makeSalt(): string {
  return randomLetters(saltLength)
}

/** Whether a salt is shorter than those of today. Mirrors `must_update_salt`. */
export function mustUpdateSalt(salt: string): boolean {
  return codePointLength(salt) < shortestSalt
}

/** @throws TypeError for none, and for a salt that would be mistaken for something else. */
export function checkSalt(salt: string): void {
  if (!salt || salt.includes('$')) {
    throw invalidArgument('A salt must not be empty, and must not hold a "$".')
  }
}

/** What a stored hash is not. */
export function malformed(algorithm: string, message: string): PasswordHashError {
  return new PasswordHashError(algorithm, 'malformed', `a stored hash ${message}.`)
}

/**
 * The parts of a stored hash after its algorithm; the last one may hold a `$`.
 *
 * @throws PasswordHashError `malformed`.
 */
export function readParts(encoded: string, algorithm: string, count: number): string[] {
  const [name, ...parts] = splitAtMost(encoded, '$', count)
  if (name !== algorithm || parts.length !== count) {
    throw malformed(algorithm, `does not have ${count} parts after its algorithm`)
  }
  return parts
}

/** @throws PasswordHashError `malformed`. */
export function readInteger(text: string, algorithm: string): number {
  const value = parseInteger(text)
  if (value === null) throw malformed(algorithm, 'holds a parameter that is no integer')
  return value
}

/**
 * A password as bytes.
 *
 * @throws TypeError for none, for text without a UTF-8 form, and for bytes where the release takes
 *   none.
 */
export function passwordBytes(
  password: Password,
  { takesBytes }: Pick<HasherRules, 'takesBytes'>,
): Uint8Array {
  if (typeof password === 'string') return textBytes(password, 'A password')
  if (!(password instanceof Uint8Array)) throw invalidArgument('A password must be given.')
  if (takesBytes) return password
  throw invalidArgument('Before Django 6.0 only the PBKDF2 hashers take bytes as a password.')
}

/** @throws TypeError for text without a UTF-8 form. */
export function textBytes(text: string, what: string): Uint8Array {
  try {
    return platform.encodeUtf8(text)
  } catch {
    throw invalidArgument(`${what} holds a lone surrogate, which has no UTF-8 form.`)
  }
}

/** Runs a derivation whose parameters stand in a stored hash; what cannot run is malformed. */
export async function derive(
  algorithm: string,
  run: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  try {
    return await run()
  } catch {
    throw malformed(algorithm, 'holds parameters that make no sense')
  }
}
