/**
 * How Python's values look in JavaScript, and how they come into JSON that `pickle-text.ts` reads: a
 * tuple is an array, a set a `Set`, bytes are a `Uint8Array`, a dict with keys that are no strings is
 * a `Map`, and other values are a `PythonValue`.
 *
 * @module
 */
import { decodeBase64 } from './base64.ts'
import { defineValue } from './define-value.ts'
import { mark } from './pickle-text.ts'
import { isPythonKind, type PythonKind, PythonValue } from './pickle-values.ts'
import { stringifyPythonJson, UnserializableError } from './python-json.ts'
import { platform } from '#platform'

/** What was made a tuple, or a frozenset: as objects they are arrays and sets like all others. */
const tuples = new WeakSet<object>()
const frozensets = new WeakSet<object>()

/** The same array, which from now on is stored as a tuple wherever it stands; a new one is a list. */
export function tuple<A extends readonly unknown[]>(array: A): A {
  tuples.add(array)
  return array
}

/** Whether an array is stored as a tuple. */
export function isTuple(array: readonly unknown[]): boolean {
  return tuples.has(array)
}

/** The same set, which from now on is stored as a frozenset. */
export function frozenset<S extends ReadonlySet<unknown>>(set: S): S {
  frozensets.add(set)
  return set
}

/** Whether a set is stored as a frozenset. */
export function isFrozenset(set: ReadonlySet<unknown>): boolean {
  return frozensets.has(set)
}

type Marked = Record<string, unknown>

function marked(name: string, value: unknown): Marked {
  return { [mark + name]: value }
}

/** The way to a part of a value, by the way to it in the value with marks. */
export function unmarkedPath(path: readonly PropertyKey[], value: unknown): PropertyKey[] {
  const [part, ...rest] = path
  if (part === undefined) return []
  const isMark = typeof part === 'string' && part.startsWith(mark)
  if (!isMark || typeof value !== 'object' || value === null) {
    return [part, ...unmarkedPath(rest, memberAt(value, part))]
  }
  if (isSet(value)) return unmarkedPath(rest, [...value])
  if (part === `${mark}tuple`) return unmarkedPath(rest, value)
  if (part !== `${mark}dict`) return [nameOfKey(part)]
  const map = isMap(value) ? value : new Map<unknown, unknown>(Object.entries(value))
  const [at, side, ...inner] = rest
  const [key, member] = entriesOf(map)[Number(at)] ?? []
  return [nameOf(key), ...unmarkedPath(inner, side === 0 ? key : member)]
}

function memberAt(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, key)?.value
}

function entriesOf(map: ReadonlyMap<unknown, unknown>): [unknown, unknown][] {
  return [...map].filter(([, value]) => value !== undefined)
}

/**
 * The value that parsed JSON says. Parts without a mark stay the very same objects.
 */
export function fromMarked(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = fromMarked(value[at])
    return value
  }
  if (typeof value !== 'object' || value === null) return value
  const object = value as Record<string, unknown>
  const keys = Object.keys(object)
  const [first = ''] = keys
  if (keys.length === 1 && first.startsWith(mark)) {
    const made = valueOf(first.slice(mark.length), object[first])
    if (made !== undefined) return made
  }
  for (const key of keys) defineValue(object, key, fromMarked(object[key]))
  return object
}

/** undefined for a name that is none: it is a key then. */
function valueOf(name: string, value: unknown): unknown {
  switch (name) {
    case 'tuple':
      return tuple(fromMarked(value) as unknown[])
    case 'set':
      return new Set(fromMarked(value) as unknown[])
    case 'frozenset':
      return frozenset(new Set(fromMarked(value) as unknown[]))
    case 'bytes':
      return new Uint8Array(decodeBase64(value as string))
    case 'dict':
      return new Map(fromMarked(value) as [unknown, unknown][])
    default:
      return isPythonKind(name) ? new PythonValue(name, value as string) : undefined
  }
}

/** Turns values into what JSON can say. */
export class Marker {
  readonly #isOn: (kind: PythonKind) => boolean
  readonly #maxDepth: number

  constructor(isOn: (kind: PythonKind) => boolean, maxDepth: number) {
    this.#isOn = isOn
    this.#maxDepth = maxDepth
  }

  /**
   * A value that says the same with marks; the very same value where it needs none.
   *
   * @throws UnserializableError for what Python could not hold, with the way to it.
   */
  mark(value: unknown, path: readonly PropertyKey[] = []): unknown {
    if (typeof value !== 'object' || value === null) return value
    // JSON says what is wrong with it.
    if (path.length > this.#maxDepth) return value
    if (Array.isArray(value)) return this.#array(value, path)
    if (value instanceof PythonValue) return this.#pythonValue(value, path)
    if (isBytes(value)) return marked('bytes', platform.encodeBase64(value))
    if (isSet(value)) return this.#set(value, path)
    if (isMap(value)) return this.#map(value, path)
    return this.#object(value as Record<string, unknown>, path)
  }

  #array(array: readonly unknown[], path: readonly PropertyKey[]): unknown {
    const elements = this.#elements(array, path)
    return tuples.has(array) ? marked('tuple', elements) : elements
  }

  #elements(array: readonly unknown[], path: readonly PropertyKey[]): readonly unknown[] {
    let copy: unknown[] | null = null
    for (let at = 0; at < array.length; at++) {
      const made = this.mark(array[at], [...path, at])
      if (made === array[at]) continue
      copy ??= [...array]
      copy[at] = made
    }
    return copy ?? array
  }

  #object(object: Record<string, unknown>, path: readonly PropertyKey[]): unknown {
    const keys = Object.keys(object)
    if (keys.some((key) => key.startsWith(mark))) {
      return this.#map(new Map(Object.entries(object)), path)
    }
    let copy: Record<string, unknown> | null = null
    for (const key of keys) {
      const made = this.mark(object[key], [...path, key])
      if (made === object[key]) continue
      copy ??= copyOf(object)
      defineValue(copy, key, made)
    }
    return copy ?? object
  }

  #pythonValue(value: PythonValue, path: readonly PropertyKey[]): Marked {
    if (this.#isOn(value.kind)) return marked(value.kind, value.text)
    throw new UnserializableError(
      `a ${value.kind} cannot be stored: the store has it not among its values`,
      [...path],
    )
  }

  #set(set: ReadonlySet<unknown>, path: readonly PropertyKey[]): Marked {
    const elements = [...set]
    checkKeys(elements, path)
    return marked(frozensets.has(set) ? 'frozenset' : 'set', this.#elements(elements, path))
  }

  #map(map: ReadonlyMap<unknown, unknown>, path: readonly PropertyKey[]): Marked | object {
    const entries = entriesOf(map)
    const keys = entries.map(([key]) => key)
    checkKeys(keys, path)
    const pairs = entries.map(([key, value]) => {
      const inner = [...path, nameOf(key)]
      return [this.mark(key, inner), this.mark(value, inner)]
    })
    return marked('dict', pairs)
  }
}

/** With its prototype and symbols: JSON is to refuse the copy where it would refuse the object. */
export function copyOf(object: Record<string, unknown>): Record<string, unknown> {
  const prototype = Object.getPrototypeOf(object) as object | null
  const copy: unknown = Object.create(prototype, Object.getOwnPropertyDescriptors(object))
  return copy as Record<string, unknown>
}

/** Refuses what Python could not tell apart, or would not take as a key. */
function checkKeys(keys: readonly unknown[], path: readonly PropertyKey[]): void {
  const seen = new Set<unknown>()
  for (const key of keys) {
    if (!isHashable(key)) {
      throw new UnserializableError(
        'a key, or a member of a set, must be text, a number, a boolean, null, bytes, ' +
          'or what tuple() or frozenset() made of such',
        [...path],
      )
    }
    const identity = identityOf(key)
    if (seen.has(identity)) {
      throw new UnserializableError('two keys, or members of a set, are the same in Python', [
        ...path,
      ])
    }
    seen.add(identity)
  }
}

function isHashable(key: unknown): boolean {
  if (typeof key !== 'object' || key === null) {
    return key !== undefined && typeof key !== 'function' && typeof key !== 'symbol'
  }
  if (Array.isArray(key)) return tuples.has(key) && key.every(isHashable)
  if (isSet(key)) return frozensets.has(key)
  return isBytes(key) || key instanceof PythonValue
}

/** Python takes `1`, `1.0` and `True` for the same key. */
function identityOf(key: unknown): unknown {
  if (typeof key === 'boolean') return Number(key)
  if (typeof key !== 'bigint') return key
  const near = Number(key)
  return Number.isFinite(near) && BigInt(near) === key ? near : key
}

function nameOf(key: unknown): string {
  return typeof key === 'object' && key !== null ? `[${typeNameOf(key)}]` : String(key)
}

// By what they are called, not by their class: another realm has classes of its own.
function typeNameOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}

function isBytes(value: object): value is Uint8Array {
  return ArrayBuffer.isView(value) && typeNameOf(value) === 'Uint8Array'
}

function isSet(value: object): value is ReadonlySet<unknown> {
  return typeNameOf(value) === 'Set'
}

function isMap(value: object): value is ReadonlyMap<unknown, unknown> {
  return typeNameOf(value) === 'Map'
}

/**
 * The names that an application has for the keys of the top: a key that is no string has the name
 * that Python's JSON gives it, unless a string has it too.
 *
 * @param keys - As they stand in the text.
 * @returns Keys by their names, of those only whose name is another.
 */
export function namesOfKeys(keys: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const odd = keys.filter((key) => key.startsWith(mark))
  if (odd.length === 0) return names
  const taken = new Set(keys.filter((key) => !key.startsWith(mark)))
  for (const key of odd) {
    let name = nameOfKey(key)
    while (taken.has(name)) name = mark + name
    taken.add(name)
    names.set(name, key)
  }
  return names
}

function nameOfKey(key: string): string {
  const source = key.slice(mark.length)
  if (source.startsWith('"')) return JSON.parse(source) as string
  return source.startsWith('{') ? key : source
}

/** The key that an application's new name has in the text. */
export function keyOfName(name: string): string {
  return name.startsWith(mark) ? mark + stringifyPythonJson(name) : name
}
