/**
 * Base 62 integers, as Django writes timestamps.
 * Mirrors `django.core.signing.b62_encode` and `b62_decode`.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const base62 = /^-?[0-9A-Za-z]*$/
const radix = 62n

/** Writes an integer, most significant digit first. */
export function encodeBase62(value: number | bigint): string {
  let rest = BigInt(value)
  if (rest === 0n) return '0'
  const sign = rest < 0n ? '-' : ''
  if (rest < 0n) rest = -rest
  let digits = ''
  for (; rest > 0n; rest /= radix) digits = alphabet.charAt(Number(rest % radix)) + digits
  return sign + digits
}

/**
 * Reads an integer.
 *
 * @throws PayloadError `malformed`: empty, or a character outside of the alphabet.
 */
export function decodeBase62(text: string): bigint {
  if (!isBase62(text)) throw new PayloadError('malformed', 'This is not a base 62 integer.')
  const negative = text.startsWith('-')
  let value = 0n
  for (const digit of negative ? text.slice(1) : text) {
    value = value * radix + BigInt(alphabet.indexOf(digit))
  }
  return negative ? -value : value
}

/** Whether `decodeBase62` reads this text. A lone minus reads as 0, as in Django. */
export function isBase62(text: string): boolean {
  return text !== '' && base62.test(text)
}
