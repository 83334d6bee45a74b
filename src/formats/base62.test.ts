import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { decodeBase62, encodeBase62, isBase62 } from './base62.ts'

// What Django's b62_encode answers.
test.each([
  [0, '0'],
  [9, '9'],
  [10, 'A'],
  [35, 'Z'],
  [36, 'a'],
  [61, 'z'],
  [62, '10'],
  [-1, '-1'],
  [-3844, '-100'],
  [1_781_123_818, '1wXPfW'],
  [2 ** 53, 'fFgnDxSe8'],
  [2n ** 64n, 'LygHa16AHYG'],
])('%d is %s', (value, text) => {
  expect(encodeBase62(value)).toBe(text)
  expect(decodeBase62(text)).toBe(BigInt(value))
})

test('gives back any integer', () => {
  fc.assert(fc.property(fc.bigInt(), (value) => decodeBase62(encodeBase62(value)) === value))
})

test.each([
  ['-', 0n],
  ['-0', 0n],
  ['0001', 1n],
])('reads %s as %d, as Django does', (text, value) => {
  expect(isBase62(text)).toBe(true)
  expect(decodeBase62(text)).toBe(value)
})

test.each(['', '!', ' 1', '1\n', '--1', '1-', '+1', 'é', '１'])('refuses %j', (text) => {
  expect(isBase62(text)).toBe(false)
  expect(() => decodeBase62(text)).toThrow(
    expect.objectContaining({ reason: 'malformed' }) as Error,
  )
})
