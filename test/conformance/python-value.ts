/**
 * Whether a value that was read agrees with JSON text that Python wrote.
 *
 * @module
 */
import { splitElements, splitMembers } from '../../src/formats/json-source.ts'
import { Mismatch } from './vector.ts'

const words: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  null: null,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}

/**
 * Compares part by part: integers must be exact, a `bigint` from 2^53 on, and keys an object's own.
 *
 * @throws Mismatch
 */
export function checkValue(value: unknown, json: string, place: string = '$'): void {
  const source = json.trim()
  if (source.startsWith('[')) return checkArray(value, splitElements(source), place)
  if (source.startsWith('{')) return checkObject(value, source, place)
  const wanted = readScalar(source)
  if (!Object.is(value, wanted)) {
    throw new Mismatch(`${place}: ${source} was read as ${typeof value} ${String(value)}`)
  }
}

function readScalar(source: string): unknown {
  if (source.startsWith('"')) return JSON.parse(source)
  if (Object.hasOwn(words, source)) return words[source]
  if (!/^-?\d+$/.test(source)) return Number(source)
  const integer = BigInt(source)
  const isSafe = integer >= Number.MIN_SAFE_INTEGER && integer <= Number.MAX_SAFE_INTEGER
  return isSafe ? Number(integer) : integer
}

function checkArray(value: unknown, elements: readonly string[], place: string): void {
  if (!Array.isArray(value) || value.length !== elements.length) {
    throw new Mismatch(`${place} is no array of ${elements.length}`)
  }
  for (const [at, element] of elements.entries()) checkValue(value[at], element, `${place}[${at}]`)
}

function checkObject(value: unknown, source: string, place: string): void {
  const members = new Map(splitMembers(source).map((member) => [member.key, member.source]))
  const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isPlain || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new Mismatch(`${place} is no plain object`)
  }
  const keys = Object.keys(value)
  if (keys.length !== members.size) throw new Mismatch(`${place} has the keys ${keys.join()}`)
  for (const [key, member] of members) {
    const own = Object.getOwnPropertyDescriptor(value, key)
    if (own === undefined) throw new Mismatch(`${place} has no "${key}"`)
    checkValue(own.value, member, `${place}.${key}`)
  }
}
