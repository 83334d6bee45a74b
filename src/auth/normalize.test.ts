import { describe, expect, test } from 'vitest'

import { normalizeEmail, normalizeUsername } from './normalize.ts'

describe('normalizeEmail', () => {
  test.each([
    [null, ''],
    ['', ''],
    ['Ada@EXAMPLE.com', 'Ada@example.com'],
    ['a@b@C.D', 'a@b@c.d'],
    // Only an address is stripped.
    [' nobody ', ' nobody '],
    ['\u001fAda@X.Y\n', 'Ada@x.y'],
    ['@X', '@x'],
  ])('%o is %o', (email, normalized) => {
    expect(normalizeEmail(email)).toBe(normalized)
  })
})

describe('normalizeUsername', () => {
  test('writes compatible characters as one', () => {
    expect(normalizeUsername('\uFF41\u212B\u2460')).toBe('a\u00C51')
  })
})
