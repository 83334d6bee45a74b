import { describe, expect, test } from 'vitest'

import { checkBounds, defaultBounds, endOfString, type JsonBounds } from './json-bounds.ts'
import { parsePythonJson } from './python-json.ts'

function reasonOf(text: string, bounds: JsonBounds = defaultBounds): string | null {
  try {
    checkBounds(text, bounds)
    return null
  } catch (error) {
    return String(Reflect.get(error as object, 'reason'))
  }
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const objects = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)
const array = (element: string, count: number): string =>
  `[${Array.from({ length: count }, () => element).join()}]`

describe('checkBounds', () => {
  test('counts levels of arrays and objects', () => {
    expect(reasonOf(nested(500))).toBeNull()
    expect(reasonOf(nested(501))).toBe('tooDeep')
    expect(reasonOf(objects(500))).toBeNull()
    expect(reasonOf(objects(501))).toBe('tooDeep')
    expect(reasonOf(`[${array(nested(499), 3)}]`)).toBe('tooDeep')
    expect(reasonOf(array(nested(499), 3))).toBeNull()
  })

  test('counts values, and strings five more', () => {
    const bounds = { depth: 5, values: 20 }
    // The array is one; so is what has no comma after it.
    expect(reasonOf(array('1000', 19), bounds)).toBeNull()
    expect(reasonOf(array('1000', 20), bounds)).toBe('tooLarge')
    expect(reasonOf(array('"1000"', 3), bounds)).toBeNull()
    expect(reasonOf(array('"1000"', 4), bounds)).toBe('tooLarge')
    expect(reasonOf('{"a":1000,"b":1000,"c":1000}', bounds)).toBeNull()
    expect(reasonOf('{"a":1000,"b":1000,"c":1000,"d":1000}', bounds)).toBe('tooLarge')
    expect(reasonOf(array('{}', 9), bounds)).toBeNull()
    expect(reasonOf(array('{}', 10), bounds)).toBe('tooLarge')
  })

  test('steps over strings, whatever is in them', () => {
    const bounds = { depth: 2, values: 20 }
    for (const inner of [
      '[[[[[[',
      ']]]]]]',
      ',,,,,,,,,,,,,',
      '\\"[[[[\\\\',
      '\\\\\\"[[[',
      '\\\\',
    ]) {
      expect(reasonOf(`["${inner}",["${inner}"]]`, bounds)).toBeNull()
      expect(reasonOf(`["${inner}",[["${inner}"]]]`, bounds)).toBe('tooDeep')
    }
  })

  test('gives up on what cannot be JSON', () => {
    expect(reasonOf(']'.repeat(2000))).toBe('malformed')
    expect(reasonOf('"'.repeat(2000))).toBe('malformed')
    expect(reasonOf('"a"'.repeat(2000))).toBe('malformed')
  })

  test('holds for what is read', () => {
    const bounds = { depth: 2, values: 10 }
    expect(parsePythonJson('[1,2,[3]]', bounds)).toEqual([1, 2, [3]])
    expect(() => parsePythonJson('[1,2,[[3]]]', bounds)).toThrow(/past 2 levels/)
    expect(() => parsePythonJson(array('1', 11), bounds)).toThrow(/more than 10 values/)
  })

  test('counts long integers by their digits', () => {
    const bounds = { depth: 2, values: 100 }
    const long = '1'.repeat(40)
    expect(parsePythonJson(array(long, 9), bounds)).toHaveLength(9)
    expect(() => parsePythonJson(array(long, 10), bounds)).toThrow(/more than 100 values/)
  })
})

test.each([
  ['"abc",', 0, 5],
  ['""', 0, 2],
  ['x"a"', 1, 4],
  ['"a\\"b"c', 0, 6],
  ['"\\\\"b"', 0, 4],
  ['"\\\\\\"b"', 0, 7],
  ['"abc', 0, 4],
  ['"abc\\"', 0, 6],
])('endOfString(%j, %d) is %d', (text, start, end) => {
  expect(endOfString(text, start)).toBe(end)
})
