import { describe, expect, test } from 'vitest'

import {
  codePointLength,
  isDigits,
  parseInteger,
  splitAtMost,
  splitWords,
  strip,
} from './python-text.ts'

/** All code points but surrogates. */
const everyCharacter = Array.from({ length: 0x11_0000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code))

describe('strip', () => {
  test('takes away what str.isspace calls space, and nothing else', () => {
    const space = everyCharacter.filter((character) => strip(character) === '')
    expect(space.map((character) => character.codePointAt(0)?.toString(16)).join(' ')).toBe(
      '9 a b c d 1c 1d 1e 1f 20 85 a0 1680 2000 2001 2002 2003 2004 2005 2006 2007 2008 2009 200a ' +
        '2028 2029 202f 205f 3000',
    )
    expect(strip('\u001f a b\u0085\n')).toBe('a b')
    expect(strip('\uFEFFa')).toBe('\uFEFFa')
  })
})

describe('isDigits', () => {
  test.each(['0', '0123', '٣', '２', '²', '①', '⓪', '𝟗'])('%s is', (text) => {
    expect(isDigits(text)).toBe(true)
  })

  test.each(['', '1.5', '-1', '1 ', '½', 'Ⅳ', '㊉', '十', '1a'])('%o is not', (text) => {
    expect(isDigits(text)).toBe(false)
  })

  test('counts 128 characters besides the decimal ones, as Unicode does', () => {
    const decimal = /^\p{Nd}$/u
    const others = everyCharacter.filter((it) => isDigits(it) && !decimal.test(it))
    expect(others).toHaveLength(128)
  })
})

describe('splitWords', () => {
  test.each([
    ['ada.lovelace@example.com', ['ada', 'lovelace', 'example', 'com']],
    ['-ada_1-', ['', 'ada_1', '']],
    ['', ['']],
    ['!!', ['', '']],
    ['héllo wörld', ['héllo', 'wörld']],
    ['१२ ⅳ', ['१२', 'ⅳ']],
    ['e\u0301a', ['e', 'a']],
  ])('%o', (text, words) => {
    expect(splitWords(text)).toEqual(words)
  })
})

test('codePointLength counts no UTF-16 units', () => {
  expect(codePointLength('a🔑é')).toBe(3)
})

describe('splitAtMost', () => {
  test.each([
    ['a$b$c', 1, ['a', 'b$c']],
    ['a$b$c', 2, ['a', 'b', 'c']],
    ['a$b$c', 5, ['a', 'b', 'c']],
    ['', 1, ['']],
    ['$', 1, ['', '']],
  ])('%o in %d cuts', (text, cuts, parts) => {
    expect(splitAtMost(text, '$', cuts)).toEqual(parts)
  })
})

describe('parseInteger', () => {
  test.each([
    ['10', 10],
    ['+10', 10],
    ['-10', -10],
    [' 10\n', 10],
    ['1_0', 10],
    ['010', 10],
  ])('%o', (text, value) => {
    expect(parseInteger(text)).toBe(value)
  })

  test.each(['', ' ', '1.0', '1e1', '0x1', '1__0', '_1', '1_', '+-1', 'ten', '\uFEFF1'])(
    'refuses %o',
    (text) => {
      expect(parseInteger(text)).toBeNull()
    },
  )
})
