/**
 * JSON kept as its source text, so that what nobody changed goes back byte for byte: `1.0` stays
 * `1.0`, and key order, duplicate keys and escapes survive. All text that comes in here has been
 * parsed before, so it is known to be JSON.
 *
 * @module
 */
import { defaultBounds, endOfString, type JsonBounds } from './json-bounds.ts'
import {
  parsePythonJson,
  pythonFloat,
  quoteString,
  stringifyMembers,
  stringifyPythonJson,
} from './python-json.ts'

/** One `"key": value` of an object, as text. */
export interface Member {
  readonly key: string
  /** The key as it was written, with its quotes. */
  readonly keySource: string
  /** The value as it was written. */
  readonly source: string
}

/** The members of an object, in order, duplicate keys included. */
export function splitMembers(text: string): Member[] {
  const scanner = new Scanner(text)
  const members: Member[] = []
  scanner.enter()
  while (!scanner.leave()) {
    const keySource = scanner.step()
    members.push({ key: readKey(keySource), keySource, source: scanner.step() })
  }
  return members
}

function readKey(keySource: string): string {
  return keySource.includes('\\') ? (JSON.parse(keySource) as string) : keySource.slice(1, -1)
}

/** The elements of an array, as text. */
export function splitElements(text: string): string[] {
  const scanner = new Scanner(text)
  const elements: string[] = []
  scanner.enter()
  while (!scanner.leave()) elements.push(scanner.step())
  return elements
}

/** The opposite of `splitMembers`, without spaces, as Django writes. */
export function joinMembers(members: Iterable<Member>): string {
  let text = ''
  for (const { keySource, source } of members) {
    text += `${text === '' ? '' : ','}${keySource}:${source}`
  }
  return `{${text}}`
}

/** A member whose text is made anew. */
export function makeMember(key: string, source: string): Member {
  return { key, keySource: quoteString(key), source }
}

const scalarEnd = /[,:\]}\s]|$/g
const separators = ' \t\n\r,:'

/** Steps over valid JSON a value at a time; separators and spaces are passed over. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The first character of the next value. */
  peek(): string {
    while (this.#at < this.#text.length && separators.includes(this.#text.charAt(this.#at))) {
      this.#at++
    }
    return this.#text.charAt(this.#at)
  }

  /** Goes into the container that is next; answers where it begins. */
  enter(): number {
    this.peek()
    return this.#at++
  }

  /** Whether the container has ended, and if so goes out of it. */
  leave(): boolean {
    const mark = this.peek()
    if (mark !== '}' && mark !== ']' && mark !== '') return false
    this.#at++
    return true
  }

  /** The text from a position to here. */
  since(start: number): string {
    return this.#text.slice(start, this.#at)
  }

  /** Steps over the next value and answers its text. */
  step(): string {
    const mark = this.peek()
    const start = this.#at
    if (mark === '"') this.#string()
    else if (mark === '{' || mark === '[') this.#container()
    else this.#scalar()
    return this.since(start)
  }

  #string(): void {
    this.#at = endOfString(this.#text, this.#at)
  }

  #container(): void {
    let depth = 0
    do {
      const mark = this.#text[this.#at]
      if (mark === '"') {
        this.#string()
        continue
      }
      if (mark === '{' || mark === '[') depth++
      else if (mark === '}' || mark === ']') depth--
      this.#at++
    } while (depth > 0)
  }

  #scalar(): void {
    scalarEnd.lastIndex = this.#at
    this.#at = scalarEnd.exec(this.#text)?.index ?? this.#text.length
  }
}

/** For text, and for parts of values, that were within the bounds as a whole. */
const unbounded: JsonBounds = {
  depth: Number.POSITIVE_INFINITY,
  values: Number.POSITIVE_INFINITY,
}

function print(value: unknown): string {
  return stringifyPythonJson(value, unbounded.depth)
}

/** A value with the text that it, and every part of it, was written with. */
type Source =
  | { readonly kind: 'scalar'; readonly text: string; readonly value: unknown }
  | { readonly kind: 'array'; readonly text: string; readonly elements: readonly Source[] }
  | { readonly kind: 'object'; readonly text: string; readonly members: readonly SourceMember[] }

interface SourceMember extends Member {
  readonly value: Source
}

function readSource(scanner: Scanner): Source {
  const mark = scanner.peek()
  if (mark === '[') {
    const elements: Source[] = []
    const start = scanner.enter()
    while (!scanner.leave()) elements.push(readSource(scanner))
    return { kind: 'array', text: scanner.since(start), elements }
  }
  if (mark === '{') {
    const members: SourceMember[] = []
    const start = scanner.enter()
    while (!scanner.leave()) {
      const keySource = scanner.step()
      const value = readSource(scanner)
      members.push({ key: readKey(keySource), keySource, source: value.text, value })
    }
    return { kind: 'object', text: scanner.since(start), members }
  }
  const text = scanner.step()
  return { kind: 'scalar', text, value: parsePythonJson(text, unbounded) }
}

/**
 * Writes a value, taking the source text for every part of it that equals what the source says.
 *
 * @param source - How the value was written before; parts without a like are written anew.
 * @throws UnserializableError for anything that is not JSON, with the way to it.
 */
export function stringifyLike(
  value: unknown,
  source: string,
  maxDepth: number = defaultBounds.depth,
): string {
  // Refuses what cannot be stored, whether or not the source has a part like it.
  if (!isObject(value) || new Scanner(source).peek() !== '{') {
    stringifyPythonJson(value, maxDepth)
    return writeLike(value, readSource(new Scanner(source)))
  }
  const printed = stringifyMembers(value, maxDepth)
  return writeMembers(source, splitMembers(source), printed.keys(), (key, before) => {
    const text = printed.get(key) ?? null
    if (!before || text === null || text === before.source) return text
    return writeLike(value[key], readSource(new Scanner(before.source)))
  })
}

/** The text of a value that is the same as its source is that source's text, the very string. */
function writeLike(value: unknown, source: Source): string {
  if (source.kind === 'array' && Array.isArray(value)) return writeArray(value, source)
  if (source.kind === 'object' && isObject(value)) return writeObject(value, source)
  if (source.kind === 'scalar' && Object.is(value, source.value)) return source.text
  return print(value)
}

function writeObject(object: Record<string, unknown>, source: Source & { kind: 'object' }): string {
  const keys = Object.keys(object).filter((key) => object[key] !== undefined)
  return writeMembers(source.text, source.members, keys, (key, before) => {
    const value = Object.hasOwn(object, key) ? object[key] : undefined
    if (value === undefined) return null
    return before ? writeLike(value, before.value) : print(value)
  })
}

/**
 * The text of an object, with the members that it has now.
 *
 * @param keys - Those that it has now.
 * @param write - The text of a value as it is now, by its key and the member that was there; null
 *   where there is none.
 */
function writeMembers<M extends Member>(
  text: string,
  members: readonly M[],
  keys: Iterable<string>,
  write: (key: string, before: M | null) => string | null,
): string {
  const winners = new Map(members.map((member) => [member.key, member]))
  const changed = new Map<string, string | null>()
  for (const [key, before] of winners) {
    const now = write(key, before)
    if (now !== before.source) changed.set(key, now)
  }
  const added: Member[] = []
  for (const key of keys) {
    if (!winners.has(key)) added.push(makeMember(key, write(key, null) ?? ''))
  }
  if (changed.size === 0 && added.length === 0) return text
  return joinMembers([...replaceMembers(members, changed), ...added])
}

/** Untouched members stay as they are; of a changed key's duplicates only the first stays. */
function replaceMembers(
  members: readonly Member[],
  changed: ReadonlyMap<string, string | null>,
): Member[] {
  const seen = new Set<string>()
  const kept: Member[] = []
  for (const member of members) {
    const { key, keySource } = member
    const text = changed.get(key)
    const isFirst = !seen.has(key)
    seen.add(key)
    if (text === undefined) kept.push(member)
    else if (text !== null && isFirst) kept.push({ key, keySource, source: text })
  }
  return kept
}

/** Elements that were not touched keep their text, also where others came or went around them. */
function writeArray(array: readonly unknown[], source: Source & { kind: 'array' }): string {
  const before = source.elements
  if (array.length !== before.length) return `[${writeMoved(array, before).join(',')}]`
  const texts = array.map((value, at) => writeElement(value, before[at]))
  const changed = [...texts.keys()].filter((at) => texts[at] !== before[at]?.text)
  if (changed.length === 0) return source.text
  const moved = matchEqual(
    changed.map((at) => array[at]),
    changed.map((at) => before[at]),
  )
  for (const [index, at] of changed.entries()) texts[at] = moved[index]?.text ?? texts[at] ?? ''
  return `[${texts.join(',')}]`
}

function writeElement(value: unknown, before: Source | undefined): string {
  return before ? writeLike(value, before) : print(value)
}

/** Equal elements take an old text each; of the others, the first takes the first old one as its like. */
function writeMoved(array: readonly unknown[], before: readonly Source[]): string[] {
  const matched = matchEqual(array, before)
  const taken = new Set(matched)
  const others = before.filter((old) => !taken.has(old)).values()
  return array.map((value, at) => matched[at]?.text ?? writeElement(value, others.next().value))
}

/** For each value an old one that is equal, and no other value's. */
function matchEqual(
  values: readonly unknown[],
  before: ReadonlyArray<Source | undefined>,
): ReadonlyArray<Source | undefined> {
  const free = new Map<string, Source[]>()
  for (const old of before.toReversed()) {
    if (!old) continue
    const printed = print(parsePythonJson(old.text, unbounded))
    const likes = free.get(printed)
    if (likes) likes.push(old)
    else free.set(printed, [old])
  }
  return values.map((value) => free.get(print(value))?.pop())
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether two JSON values are the same; members that are `undefined` count as absent. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a)) return Array.isArray(b) && isEqualArray(a, b)
  return isObject(a) && isObject(b) && isEqualObject(a, b)
}

function isEqualArray(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, index) => isEqual(value, b[index]))
}

function isEqualObject(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  let members = 0
  for (const key of Object.keys(a)) {
    if (a[key] === undefined) continue
    if (!Object.hasOwn(b, key) || !isEqual(a[key], b[key])) return false
    members++
  }
  return members === Object.keys(b).filter((key) => b[key] !== undefined).length
}

const integer = /^-?\d+$/

/**
 * Writes JSON text the way Django does after it has read it: a duplicate key keeps its last value at
 * its first place, numbers and strings take Python's form.
 */
export function canonicalize(text: string): string {
  return canonical(readSource(new Scanner(text)))
}

function canonical(source: Source): string {
  if (source.kind === 'array') return `[${source.elements.map(canonical).join(',')}]`
  if (source.kind === 'object') {
    const members = new Map<string, Member>()
    for (const { key, value } of source.members) members.set(key, makeMember(key, canonical(value)))
    return joinMembers(members.values())
  }
  if (typeof source.value !== 'number') return stringifyPythonJson(source.value)
  if (!integer.test(source.text)) return pythonFloat(source.value)
  return source.text === '-0' ? '0' : source.text
}
