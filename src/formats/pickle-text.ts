/**
 * The text of what a pickle holds: JSON, wherever JSON has a form for it. For what it lacks there is
 * an object whose one key begins with U+0000 and names it, `{"\u0000tuple":[1,2]}`; a key of the top
 * that is no string, or a string that begins so, is U+0000 and the key's own text: `{"\u00001":"a"}`.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'
import { decodeBase64 } from './base64.ts'
import { endOfString, type JsonBounds, stringWeight } from './json-bounds.ts'
import { containerOf, type ContainerKind, type Item, Node } from './pickle-nodes.ts'
import { malformedPickle, unsafePickle } from './pickle-opcodes.ts'
import { isPythonKind, isValue } from './pickle-values.ts'
import { quoteString } from './python-json.ts'
import { platform } from '#platform'

/** What the keys begin with that JSON itself does not have. */
export const mark = '\0'

/** The same in the text of a key. */
export const quotedMark: string = String.raw`"\u0000`

/** How much text is written. */
export interface TextBounds extends JsonBounds {
  /** Longest text, in characters. */
  readonly size: number
}

/**
 * Writes text.
 *
 * @throws PayloadError `tooLarge`, `tooDeep`; `unsafePickle` for what cannot be kept.
 */
export function writeText(item: Item, bounds: TextBounds): string {
  return new TextWriter(bounds).write(item)
}

class TextWriter {
  readonly #bounds: TextBounds
  #size = 0
  #values = 0

  constructor(bounds: TextBounds) {
    this.#bounds = bounds
  }

  write(item: Item): string {
    if (typeof item === 'string' || item.kind !== 'dict') return this.#value(item, 0)
    return this.#object(item, 1)
  }

  /** What is shared is written at each of its places, so there may be more text than there is pickle. */
  #spend(text: string): string {
    this.#size += text.length + 1
    this.#values += text.startsWith('"') ? 1 + stringWeight : 1
    const { size, values } = this.#bounds
    if (this.#size > size || this.#values > values) {
      throw new PayloadError(
        'tooLarge',
        `A pickle holds more than ${values} values, or ${size} bytes.`,
      )
    }
    return text
  }

  #value(item: Item, depth: number): string {
    if (typeof item === 'string') return this.#spend(item)
    switch (item.kind) {
      case 'list':
        return `[${this.#elements(item, depth + 1)}]`
      case 'dict':
        return item.items.every(isPlainAt)
          ? this.#object(item, depth + 1)
          : this.#tagged('dict', `[${this.#pairs(item, depth + 3)}]`)
      case 'bytes':
        return this.#tagged('bytes', this.#spend(`"${toBase64(item.text)}"`))
      case 'value':
        return this.#tagged(item.type, this.#spend(quoteString(item.text)))
      case 'tuple':
      case 'set':
      case 'frozenset':
        if (item.kind !== 'tuple') checkNans(item.items)
        return this.#tagged(item.kind, `[${this.#elements(item, depth + 2)}]`)
      default:
        throw unsafePickle(item.text === '' ? 'an unusual uuid.UUID' : item.text)
    }
  }

  #tagged(name: string, text: string): string {
    return `{${this.#spend(`${quotedMark}${name}"`)}:${text}}`
  }

  #open(node: Node, depth: number): readonly Item[] {
    if (node.isOpen) throw unsafePickle('a value that contains itself')
    if (depth > this.#bounds.depth) {
      throw new PayloadError('tooDeep', `A pickle is nested past ${this.#bounds.depth} levels.`)
    }
    this.#spend('')
    node.isOpen = true
    return node.items
  }

  #elements(node: Node, depth: number): string {
    let text = ''
    for (const item of this.#open(node, depth)) {
      text += (text === '' ? '' : ',') + this.#value(item, depth)
    }
    node.isOpen = false
    return text
  }

  #pairs(node: Node, depth: number): string {
    const items = this.#open(node, depth)
    checkNans(items.filter((_item, at) => at % 2 === 0))
    let text = ''
    for (let at = 0; at < items.length; at += 2) {
      const key = this.#value(items[at] ?? '', depth)
      const value = this.#value(items[at + 1] ?? '', depth)
      text += `${text === '' ? '' : ','}[${key},${value}]`
    }
    node.isOpen = false
    return text
  }

  #object(node: Node, depth: number): string {
    const items = this.#open(node, depth)
    let text = ''
    for (let at = 0; at < items.length; at += 2) {
      const key = this.#key(items[at] ?? '', depth)
      text += `${text === '' ? '' : ','}${key}:${this.#value(items[at + 1] ?? '', depth)}`
    }
    node.isOpen = false
    return `{${text}}`
  }

  #key(item: Item, depth: number): string {
    if (isPlainKey(item)) return this.#spend(item)
    return this.#spend(quoteString(mark + this.#value(item, depth)))
  }
}

/** Each NaN is another one in Python; in JavaScript they are one, and the others would be lost. */
function checkNans(items: readonly Item[]): void {
  if (items.indexOf('NaN') !== items.lastIndexOf('NaN')) {
    throw unsafePickle('more than one NaN in a set, or as keys')
  }
}

function isPlainAt(item: Item, at: number): boolean {
  return at % 2 === 1 || isPlainKey(item)
}

/** Whether an object of JSON can have this key. */
function isPlainKey(item: Item): item is string {
  return typeof item === 'string' && item.startsWith('"') && !item.startsWith(quotedMark)
}

function toBase64(bytes: string): string {
  return platform.encodeBase64(platform.encodeLatin1(bytes))
}

/**
 * Reads text that was written here, or by the JSON of this package.
 *
 * @throws PayloadError `malformed`
 */
export function readText(text: string): Item {
  const reader = new TextReader(text)
  const item = reader.value()
  reader.end()
  return item
}

const scalar = /[^\s,:\]}[{"]+/y
const spaces = ' \t\n\r'

class TextReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The next character that is no space. */
  #peek(): string {
    while (spaces.includes(this.#text.charAt(this.#at)) && this.#at < this.#text.length) this.#at++
    return this.#text.charAt(this.#at)
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false
    this.#at++
    return true
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw notText()
  }

  end(): void {
    if (this.#peek() !== '') throw notText()
  }

  value(): Item {
    const next = this.#peek()
    if (next === '"') return this.#string()
    if (next === '{') return this.#object()
    if (next === '[') return containerOf('list', this.#array())
    scalar.lastIndex = this.#at
    const [source] = scalar.exec(this.#text) ?? []
    if (source === undefined) throw notText()
    this.#at += source.length
    return source
  }

  #string(): string {
    if (this.#peek() !== '"') throw notText()
    const start = this.#at
    this.#at = endOfString(this.#text, start)
    return this.#text.slice(start, this.#at)
  }

  #array(): Item[] {
    const items: Item[] = []
    this.#expect('[')
    if (this.#take(']')) return items
    do items.push(this.value())
    while (this.#take(','))
    this.#expect(']')
    return items
  }

  #object(): Item {
    const items: Item[] = []
    this.#expect('{')
    if (this.#take('}')) return containerOf('dict', items)
    do {
      const key = this.#string()
      this.#expect(':')
      items.push(key, this.value())
    } while (this.#take(','))
    this.#expect('}')
    return unmarked(items)
  }
}

/** What an object's members are, whose keys may be marked. */
function unmarked(items: Item[]): Item {
  const [first = '', value = ''] = items
  if (items.length === 2 && isMarked(first)) {
    const tagged = taggedValue(unmark(first), value)
    if (tagged !== null) return tagged
  }
  return containerOf(
    'dict',
    items.map((item, at) => (at % 2 === 0 && isMarked(item) ? readText(unmark(item)) : item)),
  )
}

function isMarked(key: Item): key is string {
  return typeof key === 'string' && key.startsWith(quotedMark)
}

/** What follows the mark. */
function unmark(key: string): string {
  return unquote(key).slice(mark.length)
}

function unquote(source: Item): string {
  try {
    return JSON.parse(source as string) as string
  } catch {
    throw notText()
  }
}

/** The value that a name says; null where the name is none: then it is the text of a key. */
function taggedValue(name: string, value: Item): Item | null {
  if (isPythonKind(name)) {
    const text = unquote(value)
    if (!isValue(name, text)) throw notText()
    return new Node('value', text, name)
  }
  if (name === 'bytes') return bytesOf(unquote(value))
  if (name === 'dict') return containerOf('dict', itemsOf(value).flatMap(pairOf))
  return name === 'tuple' || name === 'set' || name === 'frozenset'
    ? containerOf(name satisfies ContainerKind, [...itemsOf(value)])
    : null
}

function bytesOf(base64: string): Node {
  return new Node('bytes', platform.decodeLatin1(decodeBase64(base64)))
}

function itemsOf(value: Item): readonly Item[] {
  if (typeof value === 'string' || value.kind !== 'list') throw notText()
  return value.items
}

function pairOf(pair: Item): readonly Item[] {
  const items = itemsOf(pair)
  if (items.length !== 2) throw notText()
  return items
}

function notText(): PayloadError {
  return malformedPickle('it is to be made of text that is none of session data')
}
