import { expect, test } from 'vitest'

import { jsonFormat } from './codec.ts'

const { valueAt } = jsonFormat()

test.each([
  ['{"_a":1}', 1],
  ['{"b":"_a","_a":[1,{}]}', [1, {}]],
  ['{"_a":1,"_a":2}', 2],
  [String.raw`{"\u005fa":3}`, 3],
  [String.raw`{"\u005f\u0061":NaN}`, Number.NaN],
  ['{"_a":null}', null],
  ['{}', null],
  ['{"b":{"_a":1}}', null],
  ['{"b":"_a"}', null],
  [String.raw`{"b":"\u00e9"}`, null],
])('of %s, the value at _a is %j', (text, value) => {
  expect(valueAt(text, '_a')).toEqual(value)
})

test('members that every object inherits are not there', () => {
  expect(valueAt('{"a":"constructor"}', 'constructor')).toBeNull()
  expect(valueAt('{"__proto__":1}', '__proto__')).toBe(1)
})
