/**
 * JSON as Python's `json` module reads and writes it for Django: ASCII only, no spaces, floats that
 * show that they are floats, `NaN` and `Infinity`, integers of any size.
 * Mirrors `django.core.signing.JSONSerializer`.
 *
 * Reading goes through `JSON.parse`; only what it would refuse or round takes the careful path.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'
import { maxIntegerDigits, parseCarefully } from './careful-json.ts'
import { checkBounds, defaultBounds, type JsonBounds } from './json-bounds.ts'

/** A value that has no form in JSON, with the way to it. A `TypeError`, as in Python. */
export class UnserializableError extends TypeError {
  readonly code = 'ERR_INVALID_ARGUMENT'
  /** Where, from the top of the value. */
  readonly path: readonly PropertyKey[]
  /** What is wrong, without the place. */
  readonly problem: string

  constructor(problem: string, path: readonly PropertyKey[]) {
    super(`${problem} (at ${path.length === 0 ? 'the top' : path.map(String).join('.')})`)
    this.path = path
    this.problem = problem
  }
}

/** What `JSON.parse` refuses. In strings it counts too: reading carefully is only slower. */
function holdsWords(text: string): boolean {
  return text.includes('NaN') || text.includes('Infinity')
}

// Integers that JSON.parse reads as another number: those past 2 ** 53, and -0, which is 0 in Python.
const oddInteger = /-0(?![\d.eE])|(?<![\d.])\d{16}(?!\d*[.eE])/

/**
 * Reads text that Python's `json.dumps` wrote. Integers past 2^53 become `bigint`.
 *
 * @throws PayloadError `malformed` where Python's `json.loads` refuses it; `tooDeep` and `tooLarge`
 *   past the bounds.
 */
export function parsePythonJson(text: string, bounds: JsonBounds = defaultBounds): unknown {
  return isNativeJson(text, bounds) ? parseNatively(text) : parseCarefully(text, bounds)
}

/**
 * Whether `JSON.parse` reads text as Python does, or refuses it as Python does.
 *
 * @throws PayloadError `tooDeep` and `tooLarge` past the bounds.
 */
export function isNativeJson(text: string, bounds: JsonBounds): boolean {
  if (holdsWords(text)) return false
  checkBounds(text, bounds)
  return !oddInteger.test(text)
}

/** @throws PayloadError `malformed`, for text that `JSON.parse` refuses. */
export function parseNatively(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new PayloadError('malformed', 'This is not JSON.')
  }
}

/**
 * Writes a value as Django does. Safe integers and `bigint` print as Python's int, other numbers as
 * its float; `undefined` members of objects are left out.
 *
 * @throws UnserializableError for anything that is not JSON, with the way to it.
 */
export function stringifyPythonJson(
  value: unknown,
  maxDepth: number = defaultBounds.depth,
): string {
  return stringify(value, [], maxDepth)
}

/**
 * The members of an object, each written like `stringifyPythonJson` does.
 *
 * @throws UnserializableError for anything that is not JSON, with the way to it.
 */
export function stringifyMembers(
  object: Record<string, unknown>,
  maxDepth: number,
): ReadonlyMap<string, string> {
  checkContainer(object, [], maxDepth)
  const members = new Map<string, string>()
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (value !== undefined) members.set(key, stringify(value, [key], maxDepth))
  }
  return members
}

function stringify(value: unknown, path: PropertyKey[], maxDepth: number): string {
  switch (typeof value) {
    case 'string':
      return quoteString(value)
    case 'number':
      return isInteger(value) ? String(value) : pythonFloat(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return checkedDigits(value.toString(), path)
    case 'object':
      if (value === null) return 'null'
      checkContainer(value, path, maxDepth)
      return Array.isArray(value)
        ? stringifyArray(value, path, maxDepth)
        : stringifyObject(value as Record<string, unknown>, path, maxDepth)
    default:
      throw new UnserializableError(`a ${typeof value} cannot be stored`, [...path])
  }
}

function stringifyArray(array: readonly unknown[], path: PropertyKey[], maxDepth: number): string {
  let text = ''
  for (let index = 0; index < array.length; index++) {
    if (array[index] === undefined) {
      throw new UnserializableError('undefined, or a hole in an array, cannot be stored', [
        ...path,
        index,
      ])
    }
    path.push(index)
    text += (index === 0 ? '' : ',') + stringify(array[index], path, maxDepth)
    path.pop()
  }
  return `[${text}]`
}

function stringifyObject(
  object: Record<string, unknown>,
  path: PropertyKey[],
  maxDepth: number,
): string {
  let text = ''
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (value === undefined) continue
    path.push(key)
    text += `${text === '' ? '' : ','}${quoteString(key)}:${stringify(value, path, maxDepth)}`
    path.pop()
  }
  return `{${text}}`
}

/** Refuses containers that would not come back as they are. */
function checkContainer(value: object, path: readonly PropertyKey[], maxDepth: number): void {
  if (path.length >= maxDepth) {
    throw new UnserializableError(
      `nested past ${maxDepth} levels, or contains itself`,
      path.slice(0, 10),
    )
  }
  if (Array.isArray(value)) return
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype && !isForeignPlain(prototype)) {
    const name = value.constructor?.name
    throw new UnserializableError(
      `${name ? `an instance of ${name}` : 'an object with a prototype'} cannot be stored`,
      [...path],
    )
  }
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw new UnserializableError('a symbol key cannot be stored', [...path])
  }
}

/** `Object.prototype` of another realm: a vm context, a worker's module loader. */
function isForeignPlain(prototype: unknown): boolean {
  return (
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype as object, 'hasOwnProperty') &&
    Object.hasOwn(prototype as object, 'isPrototypeOf')
  )
}

const plainAscii = /^[ !#-[\]-~]*$/
const notAscii = /[\u007f-\uffff]/g

/** A string as Python's `json` writes it: everything outside of U+0020 to U+007E is escaped. */
export function quoteString(text: string): string {
  if (plainAscii.test(text)) return `"${text}"`
  return JSON.stringify(text).replace(
    notAscii,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** From 2^53 on, numbers are floats: as an integer they would come back as a `bigint`. */
function isInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0)
}

function checkedDigits(digits: string, path: readonly PropertyKey[]): string {
  if (digits.replace('-', '').length <= maxIntegerDigits) return digits
  throw new UnserializableError(`an integer of more than ${maxIntegerDigits} digits`, [...path])
}

/** Python's `repr(float)`: the shortest text that reads back, and always a float to the eye. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  if (Object.is(value, -0)) return '-0.0'
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
