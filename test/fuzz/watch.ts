/**
 * Looks whether something that was read is plain data, and whether reading it changed anything else.
 *
 * @module
 */
import { PythonValue } from '../../src/formats/pickle-values.ts'

/** What a value may be, beside what is no object. */
const allowed: ReadonlySet<unknown> = new Set([
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Uint8Array.prototype,
  PythonValue.prototype,
])

/** What is wrong with a value: something in it that is no plain data; null where all is well. */
export function foreignIn(value: unknown): string | null {
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (typeof value !== 'object' || value === null) return null
  if (!allowed.has(Object.getPrototypeOf(value))) return 'an object of another prototype'
  if (value instanceof Uint8Array) return null
  if (value instanceof Map) return firstIn([...value.keys(), ...value.values()])
  if (value instanceof Set) return firstIn([...value])
  for (const [key, { get, set }] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (get || set) return `an accessor, ${key}`
  }
  return firstIn(Object.values(value))
}

function firstIn(values: readonly unknown[]): string | null {
  for (const value of values) {
    const problem = foreignIn(value)
    if (problem !== null) return problem
  }
  return null
}

const watched: readonly object[] = [
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  String.prototype,
  Function.prototype,
  PythonValue.prototype,
]

/** What every object inherits, as a text that changes with it. */
export function inherited(): string {
  return watched.map((it) => Reflect.ownKeys(it).map(String).join()).join(' ')
}
