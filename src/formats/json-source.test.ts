import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  canonicalize,
  isEqual,
  joinMembers,
  makeMember,
  splitElements,
  splitMembers,
  stringifyLike,
} from './json-source.ts'
import { parsePythonJson } from './python-json.ts'

describe('splitMembers', () => {
  test.each([
    ['{}', []],
    [' { } ', []],
    ['{"a":1}', [['a', '"a"', '1']]],
    [
      '{ "a" : [1, {"b":"]}"}] , "\\u00e9":"x\\"y" }',
      [
        ['a', '"a"', '[1, {"b":"]}"}]'],
        ['é', '"\\u00e9"', '"x\\"y"'],
      ],
    ],
    [
      '{"a":1,"a":NaN,"":-Infinity}',
      [
        ['a', '"a"', '1'],
        ['a', '"a"', 'NaN'],
        ['', '""', '-Infinity'],
      ],
    ],
    ['{"a":"\\\\"}', [['a', '"a"', '"\\\\"']]],
  ])('takes %s apart', (text, members) => {
    const wanted = members.map(([key, keySource, source]) => ({ key, keySource, source }))
    expect(splitMembers(text)).toEqual(wanted)
  })

  test('is undone by joinMembers, without spaces', () => {
    expect(joinMembers(splitMembers('{ "b" : [1, 2] , "a" : 1.0 }'))).toBe('{"b":[1, 2],"a":1.0}')
    expect(joinMembers([])).toBe('{}')
    expect(joinMembers([makeMember('é', '1')])).toBe('{"\\u00e9":1}')
  })
})

test.each([
  ['[]', []],
  ['[ 1 , "a,b" , [2 ,3], {"c":4} ]', ['1', '"a,b"', '[2 ,3]', '{"c":4}']],
])('splitElements takes %s apart', (text, elements) => {
  expect(splitElements(text)).toEqual(elements)
})

// What json.dumps(json.loads(text), separators=(",", ":")) answers.
test.each([
  [' [ 1 , 2 ] ', '[1,2]'],
  ['{"a":1,"b":2,"a":3}', '{"a":3,"b":2}'],
  ['[1.0,1.50,1E5,1e-7,0.00001,1e400,-0.0,-0]', '[1.0,1.5,100000.0,1e-07,1e-05,Infinity,-0.0,0]'],
  ['[12345678901234567890,NaN]', '[12345678901234567890,NaN]'],
  ['"\\u00E9\\/\\u0041é"', '"\\u00e9/A\\u00e9"'],
  ['{"\\u0061":[{},[],"",null,true]}', '{"a":[{},[],"",null,true]}'],
  ['{"10":1,"2":2,"__proto__":3}', '{"10":1,"2":2,"__proto__":3}'],
])('canonicalize writes %s as %s', (text, canonical) => {
  expect(canonicalize(text)).toBe(canonical)
  expect(canonicalize(canonical)).toBe(canonical)
})

describe('isEqual', () => {
  test.each<[unknown, unknown, boolean]>([
    [1, 1, true],
    [1, 1n, false],
    [0, -0, false],
    [Number.NaN, Number.NaN, true],
    [null, undefined, false],
    ['1', 1, false],
    [[1, [2]], [1, [2]], true],
    [[1, 2], [2, 1], false],
    [[1], [1, 2], false],
    [[], {}, false],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: undefined }, {}, true],
    [{}, { a: undefined }, true],
    [{ a: undefined }, { a: null }, false],
    [{ toString: 1 }, {}, false],
    [{}, { toString: 1 }, false],
    [JSON.parse('{"__proto__":1}'), {}, false],
    [JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":1}'), true],
  ])('%o and %o: %s', (a, b, equal) => {
    expect(isEqual(a, b)).toBe(equal)
    expect(isEqual(b, a)).toBe(equal)
  })
})

describe('stringifyLike', () => {
  /** The text after a change of the value that it was read as. */
  function changed(text: string, change: (data: Record<string, unknown>) => void): string {
    const data = parsePythonJson(text) as Record<string, unknown>
    change(data)
    return stringifyLike(data, text)
  }

  const text =
    '{ "f":1.0, "n":NaN, "i":12345678901234567890, "10":1, "2":2, "e":"\\u00E9\\/",' +
    ' "d":1, "d":2.0, "__proto__":{"x":1.0}, "o":{ "k":[1.0, {"z":-0.0}], "m":1E5 } }'
  /** The same, put together anew. */
  const joined = joinMembers(splitMembers(text))

  test('is the very text where nothing changed', () => {
    expect(changed(text, () => {})).toBe(text)
  })

  test('keeps every other member as it was written', () => {
    const before = (from: string, to: string): string => joined.replace(from, to)
    expect(changed(text, (data) => (data['f'] = 2))).toBe(before('"f":1.0', '"f":2'))
    expect(changed(text, (data) => delete data['n'])).toBe(before('"n":NaN,', ''))
    expect(changed(text, (data) => (data['new'] = 'é'))).toBe(
      before('"m":1E5 }}', '"m":1E5 },"new":"\\u00e9"}'),
    )
  })

  test('of duplicate keys keeps all until one is changed, and one then', () => {
    expect(changed(text, (data) => (data['f'] = 2))).toContain('"d":1,"d":2.0')
    expect(changed(text, (data) => (data['d'] = 3))).toContain('"e":"\\u00E9\\/","d":3,"__proto__"')
    expect(changed(text, (data) => delete data['d'])).not.toContain('"d"')
  })

  test('keeps the parts around a change inside a value', () => {
    const changeInside = (data: Record<string, unknown>): void => {
      const { k } = data['o'] as { k: [number, Record<string, unknown>] }
      k[1]['new'] = 1
    }
    expect(changed(text, changeInside)).toContain('"o":{"k":[1.0,{"z":-0.0,"new":1}],"m":1E5}')
  })

  test('keeps elements when others come and go around them', () => {
    const list = '{"l":[1.0, 2.0, {"a":3.0}, "\\u00E9"]}'
    const items = (data: Record<string, unknown>): unknown[] => data['l'] as unknown[]
    expect(changed(list, (data) => items(data).shift())).toBe('{"l":[2.0,{"a":3.0},"\\u00E9"]}')
    expect(changed(list, (data) => items(data).unshift(0))).toBe(
      '{"l":[0,1.0,2.0,{"a":3.0},"\\u00E9"]}',
    )
    const reverse = (data: Record<string, unknown>): void => {
      items(data).reverse()
    }
    expect(changed(list, reverse)).toBe('{"l":["\\u00E9",{"a":3.0},2.0,1.0]}')
    expect(changed(list, (data) => items(data).splice(1, 1, 5, 6))).toBe(
      '{"l":[1.0,5,6,{"a":3.0},"\\u00E9"]}',
    )
  })

  test('writes a value of another kind anew', () => {
    expect(changed('{"a":[1.0]}', (data) => (data['a'] = { b: 1 }))).toBe('{"a":{"b":1}}')
    expect(changed('{"a":{"b":1.0}}', (data) => (data['a'] = [1]))).toBe('{"a":[1]}')
    expect(changed('{"a":1}', (data) => (data['a'] = 1n))).toBe('{"a":1}')
    expect(changed('{"a":0}', (data) => (data['a'] = -0))).toBe('{"a":-0.0}')
  })

  test('leaves out members that are undefined', () => {
    expect(changed('{"a":1.0,"b":{"c":2.0,"d":3.0}}', (data) => (data['a'] = undefined))).toBe(
      '{"b":{"c":2.0,"d":3.0}}',
    )
  })

  test('refuses what cannot be stored', () => {
    expect(() => changed('{"a":1}', (data) => (data['a'] = new Date()))).toThrow(TypeError)
    expect(() => changed('{"a":[]}', (data) => (data['a'] = [() => {}]))).toThrow(TypeError)
  })

  test('changes no byte of what nobody changed, whatever Python wrote', () => {
    fc.assert(
      fc.property(pythonObject(), fc.nat(), fc.jsonValue(), (source, place, value) => {
        const members = splitMembers(source)
        fc.pre(members.length > 0)
        const key = members[place % members.length]?.key ?? ''
        const data = parsePythonJson(source) as object
        Object.defineProperty(data, key, { value, enumerable: true, writable: true })
        const kept = splitMembers(stringifyLike(data, source)).filter((each) => each.key !== key)
        expect(kept).toEqual(members.filter((each) => each.key !== key))
        expect(isEqual(parsePythonJson(stringifyLike(data, source)), data)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('reads back as the value, wherever it was changed', () => {
    fc.assert(
      fc.property(pythonObject(), pythonObject(), (before, after) => {
        const value = parsePythonJson(after)
        const written = stringifyLike(value, before)
        expect(isEqual(parsePythonJson(written), value)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

/** Text of objects, in all the forms that Python reads: spaces, escapes, floats, duplicate keys. */
function pythonObject(): fc.Arbitrary<string> {
  const space = fc.constantFrom('', '', '', ' ', '\n ')
  const key = fc.constantFrom('a', 'b', '10', '2', '', '__proto__', 'toString', '\\u00E9', 'é')
  const scalar = fc.constantFrom(
    '1',
    '1.0',
    '1.50',
    '1E+5',
    '-0.0',
    '0',
    '9007199254740993',
    '123456789012345678901234567890',
    'NaN',
    '-Infinity',
    'true',
    'null',
    '""',
    '"\\u00e9"',
    '"\\/"',
    '"é"',
    '"a,]}"',
    '"\\\\"',
  )
  const list = (items: string[], [open, close]: string, gap: string): string =>
    open + gap + items.join(`${gap},${gap}`) + gap + close
  const { object } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, scalar, tie('array'), tie('object')),
    array: fc
      .tuple(fc.array(tie('value'), { maxLength: 5 }), space)
      .map(([items, gap]) => list(items, '[]', gap)),
    object: fc
      .tuple(fc.array(fc.tuple(key, space, tie('value')), { maxLength: 6 }), space)
      .map(([members, gap]) =>
        list(
          members.map(([name, pad, value]) => `"${name}"${pad}:${pad}${value}`),
          '{}',
          gap,
        ),
      ),
  }))
  return object
}
