/**
 * Secrets and tokens: a token is a secret under a mask, so that no two are alike.
 * Mirrors `django.middleware.csrf`.
 *
 * @module
 */
import { randomString } from '../formats/random-string.ts'
import { constantTimeCompare } from '../signing/salted-hmac.ts'

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const secretLength = 32
const tokenLength = 2 * secretLength

/** What is wrong with the form of a token, as Django says it. */
export type TokenProblem = 'has incorrect length' | 'has invalid characters'

/** Mirrors `_check_token_format`; lengths are in code points. */
export function tokenProblem(token: string): TokenProblem | null {
  const { length } = Array.from(token)
  if (length !== secretLength && length !== tokenLength) return 'has incorrect length'
  return /[^a-zA-Z0-9]/.test(token) ? 'has invalid characters' : null
}

/** A secret that nobody had before. */
export function makeSecret(): string {
  return randomString(secretLength, alphabet)
}

/** A token for a secret, another one each time. Mirrors `_mask_cipher_secret`. */
export function maskSecret(secret: string, mask: string = makeSecret()): string {
  return mask + shift(secret, mask, 1)
}

/** The secret in what is a token, or a secret as it is. Mirrors `_unmask_cipher_token`. */
export function secretOf(token: string): string {
  if (token.length !== tokenLength) return token
  return shift(token.slice(secretLength), token.slice(0, secretLength), -1)
}

/** Moves every letter of a text by the letter of a mask. */
function shift(text: string, mask: string, sign: 1 | -1): string {
  const size = alphabet.length
  return text.replaceAll(/./g, (letter, at: number) => {
    const distance = sign * alphabet.indexOf(mask.charAt(at))
    return alphabet.charAt((alphabet.indexOf(letter) + distance + size) % size)
  })
}

/** Whether a token of the right form is for a secret. Mirrors `_does_token_match`. */
export function isTokenFor(token: string, secret: string): boolean {
  return constantTimeCompare(secretOf(token), secret)
}
