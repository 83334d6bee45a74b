import { expect, test } from 'vitest'

import { isLookupKey, isSessionKey, makeSessionKey } from './session-key.ts'

test('keys are of 32 characters of a-z0-9', () => {
  for (let count = 0; count < 1000; count++) expect(makeSessionKey()).toMatch(/^[a-z0-9]{32}$/)
})

test('no two keys are the same', () => {
  expect(new Set(Array.from({ length: 10_000 }, makeSessionKey)).size).toBe(10_000)
})

test('all characters are equally likely', () => {
  const counts = new Map<string, number>()
  const keys = 20_000
  for (let made = 0; made < keys; made++) {
    for (const character of makeSessionKey()) {
      counts.set(character, (counts.get(character) ?? 0) + 1)
    }
  }
  const wanted = (keys * 32) / 36
  const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - wanted) ** 2 / wanted, 0)
  expect(counts.size).toBe(36)
  // 35 degrees of freedom: past 110 once in some hundred million runs.
  expect(chiSquare).toBeLessThan(110)
})

// What Django takes: 8 code points, whatever they are.
test.each([
  [null, false],
  [undefined, false],
  ['', false],
  ['1234567', false],
  ['12345678', true],
  ['        ', true],
  ['é'.repeat(7), false],
  ['é'.repeat(8), true],
  ['😀'.repeat(4), false],
  ['😀'.repeat(7), false],
  ['😀'.repeat(8), true],
  ['a'.repeat(300), true],
  ['null\0byte', true],
])('isSessionKey(%j) is %s', (key, isKey) => {
  expect(isSessionKey(key)).toBe(isKey)
})

// What is worth a query: printable ASCII, and no more of it than the column holds.
test.each([
  ['abcdefgh', true],
  ['A'.repeat(40), true],
  ['a'.repeat(41), false],
  ['abc def!', true],
  ['abcdefgé', false],
  ['abcdefg\0', false],
  ['abcdefg\n', false],
  ['abcdefg\u007f', false],
])('isLookupKey(%j, 40) is %s', (key, isKey) => {
  expect(isLookupKey(key, 40)).toBe(isKey)
})
