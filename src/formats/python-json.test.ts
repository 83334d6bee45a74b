import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { PayloadError } from '../errors.ts'
import { parseCarefully } from './careful-json.ts'
import { defaultBounds } from './json-bounds.ts'
import { parsePythonJson, pythonFloat, quoteString, stringifyPythonJson } from './python-json.ts'

/** Why text is refused; null where it is read. */
function refusal(read: () => unknown): string | null {
  try {
    read()
    return null
  } catch (error) {
    if (error instanceof PayloadError) return error.reason
    throw error
  }
}

/** What a parser read, as `JSON.parse` reads it, or that it refused the text as no JSON. */
function answerOf(read: () => unknown): unknown {
  try {
    return { value: rounded(read()) }
  } catch (error) {
    if (error instanceof SyntaxError) return { refused: 'malformed' }
    if (error instanceof PayloadError) return { refused: error.reason }
    throw error
  }
}

/** As JSON.parse reads it: large integers rounded, and -0 no integer. */
function rounded(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value === 0) return 0
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rounded(each)]))
}

describe('parsePythonJson', () => {
  test.each([
    ['null', null],
    [' [ true , false ] ', [true, false]],
    ['"\\u00e9\\ud83d\\ude00\\/"', 'é😀/'],
    ['"\\ud83d"', '\ud83d'],
    ['"\u007f\u00a0"', '\u007f\u00a0'],
    ['0', 0],
    ['-0.0', -0],
    ['1.0', 1],
    ['1E+2', 100],
    ['1e400', Number.POSITIVE_INFINITY],
    ['5e-324', 5e-324],
    ['{"b":1,"a":2,"b":3}', { b: 3, a: 2 }],
  ])('reads %s as JSON.parse does', (text, value) => {
    expect(parsePythonJson(text)).toStrictEqual(value)
  })

  test.each([
    ['NaN', Number.NaN],
    ['[Infinity,-Infinity]', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['{"a":-0}', { a: 0 }],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['-9007199254740993', -9007199254740993n],
    ['[18446744073709551616]', [18446744073709551616n]],
    ['{"a":9007199254740993 }', { a: 9007199254740993n }],
    ['["9007199254740993",1.0]', ['9007199254740993', 1]],
    ['9007199254740993.0', 9007199254740992],
    ['[NaN,"\\u00e9\\n",-1.5e-3,{"":[]},{}]', [Number.NaN, 'é\n', -0.0015, { '': [] }, {}]],
  ])('reads %s as Python does', (text, value) => {
    expect(parsePythonJson(text)).toStrictEqual(value)
  })

  test.each([
    '',
    ' ',
    '[1,]',
    '{"a":1,}',
    '{,}',
    '{"a"}',
    '{a:1}',
    "{'a':1}",
    '{1:2}',
    '[1 2]',
    '1 2',
    '01',
    '-',
    '-01',
    '+1',
    '.5',
    '1.',
    '1.e5',
    '1e',
    '1e+',
    '0x1',
    '"',
    '"abc',
    '"abc\\"',
    '"\\x41"',
    '"\\u12"',
    '"a\nb"',
    '"\u0000"',
    'nul',
    'nan',
    '-NaN',
    '- Infinity',
    'Infinit',
    'True',
    'undefined',
    '[',
    ']',
    '{',
    '[}',
    '[1',
    '{"a":1',
    '\u00a01',
    '\f1',
    '\ufeff1',
    '1/**/',
  ])('refuses %j, also beside NaN', (text) => {
    expect(refusal(() => parsePythonJson(text))).toBe('malformed')
    expect(refusal(() => parsePythonJson(`[NaN,${text}]`))).toBe('malformed')
    expect(refusal(() => parsePythonJson(`{"a":NaN,"b":${text}}`))).toBe('malformed')
  })

  test('refuses integers of more digits than Python reads', () => {
    expect(parsePythonJson('9'.repeat(4300))).toBe(BigInt('9'.repeat(4300)))
    expect(refusal(() => parsePythonJson('9'.repeat(4301)))).toBe('malformed')
    expect(parsePythonJson(`${'9'.repeat(4301)}.0`)).toBe(Number.POSITIVE_INFINITY)
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    'reads the key %s like any other',
    (key) => {
      for (const text of [`{"${key}":{"x":1},"y":2}`, `{"${key}":{"x":1},"y":2,"z":NaN}`]) {
        const value = parsePythonJson(text) as object
        expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
        expect(Object.getOwnPropertyDescriptor(value, key)?.value).toEqual({ x: 1 })
        expect({}).not.toHaveProperty('x')
      }
    },
  )

  test('agrees with JSON.parse on what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(rounded(parseCarefully(text, defaultBounds))).toEqual(rounded(JSON.parse(text)))
      }),
    )
  })

  test('reads and refuses what JSON.parse does, but for NaN and Infinity', () => {
    const signs = '{}[],:"\\ \n019-+.eE'.split('')
    const piece = fc.constantFrom(...signs, 'true', 'null', '"a"', '\\u00e9')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        const read = answerOf(() => parseCarefully(text, defaultBounds))
        expect(read).toEqual(answerOf(() => JSON.parse(text)))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('stringifyPythonJson', () => {
  test.each([
    [null, 'null'],
    [true, 'true'],
    [1, '1'],
    [-9007199254740991, '-9007199254740991'],
    [9007199254740992, '9007199254740992.0'],
    [1e21, '1e+21'],
    [12345678901234567890n, '12345678901234567890'],
    [-0, '-0.0'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], '[Infinity,-Infinity]'],
    [{ b: 1, a: [{}, []], u: undefined }, '{"b":1,"a":[{},[]]}'],
    [Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
    [{ ['__proto__']: 1 }, '{"__proto__":1}'],
  ])('writes %o as %s', (value, text) => {
    expect(stringifyPythonJson(value)).toBe(text)
  })

  test('writes numbers so that they come back as numbers, the same ones', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(parsePythonJson(stringifyPythonJson(value))).toBe(value)
      }),
    )
  })

  test('writes what it reads back', () => {
    const leaf = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.bigInt(), fc.boolean())
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(leaf, fc.array(tie('value')), fc.dictionary(fc.string(), tie('value'))),
    }))
    fc.assert(
      fc.property(value, (written) => {
        const text = stringifyPythonJson(written)
        expect(text).toMatch(/^[ -~]*$/)
        expect(stringifyPythonJson(parsePythonJson(text))).toBe(text)
      }),
    )
  })

  class Point {
    readonly x = 1
  }
  const cycle: unknown[] = []
  cycle.push(cycle)

  test.each([
    ['a function', { a: [() => {}] }, ['a', 0]],
    ['a symbol', Symbol('s'), []],
    ['undefined alone', undefined, []],
    ['undefined in an array', { a: [1, undefined] }, ['a', 1]],
    // eslint-disable-next-line no-sparse-arrays
    ['a hole', [1, , 2], [1]],
    ['a date', { a: { b: new Date() } }, ['a', 'b']],
    ['a map', [new Map()], [0]],
    ['bytes', { b: new Uint8Array(1) }, ['b']],
    ['an instance', { p: new Point() }, ['p']],
    ['a symbol key', { o: { [Symbol('s')]: 1 } }, ['o']],
    ['a cycle', cycle, Array.from({ length: 10 }, () => 0)],
    ['an integer of 4301 digits', { n: 10n ** 4300n }, ['n']],
  ])('refuses %s, with the way to it', (_name, value, path) => {
    expect(() => stringifyPythonJson(value)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT', path }) as Error,
    )
    expect(() => stringifyPythonJson(value)).toThrow(TypeError)
  })

  test('writes as many digits, and levels, as it reads', () => {
    expect(stringifyPythonJson(10n ** 4300n - 1n)).toBe('9'.repeat(4300))
    expect(stringifyPythonJson(-(10n ** 4300n - 1n))).toBe(`-${'9'.repeat(4300)}`)
    const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
    expect(stringifyPythonJson(JSON.parse(deep(500)))).toBe(deep(500))
    expect(() => stringifyPythonJson(JSON.parse(deep(501)))).toThrow(TypeError)
  })
})

describe('quoteString', () => {
  test.each([
    ['plain', '"plain"'],
    ['"\\/', '"\\"\\\\/"'],
    ['\b\f\n\r\t\u0000\u001f', '"\\b\\f\\n\\r\\t\\u0000\\u001f"'],
    ['\u007f\u0080é', '"\\u007f\\u0080\\u00e9"'],
    ['\u2028', '"\\u2028"'],
    ['😀', '"\\ud83d\\ude00"'],
    ['\ud800', '"\\ud800"'],
    ["<&>'", '"<&>\'"'],
  ])('writes %j as Python does', (text, quoted) => {
    expect(quoteString(text)).toBe(quoted)
  })
})

// What repr() of Python 3.13 answers.
test.each([
  [0, '0.0'],
  [-0, '-0.0'],
  [1, '1.0'],
  [-12, '-12.0'],
  [0.1, '0.1'],
  [1 / 3, '0.3333333333333333'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [1.5e-7, '1.5e-07'],
  [5e-324, '5e-324'],
  [123456789012345.6, '123456789012345.6'],
  [1e15, '1000000000000000.0'],
  [9999999999999998, '9999999999999998.0'],
  [1e16, '1e+16'],
  [123456789012345680, '1.2345678901234568e+17'],
  [1e21, '1e+21'],
  [1e22, '1e+22'],
  [1e100, '1e+100'],
  [1.7976931348623157e308, '1.7976931348623157e+308'],
  [Number.NaN, 'NaN'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
])('pythonFloat writes %d as %s', (value, text) => {
  expect(pythonFloat(value)).toBe(text)
})
