/**
 * Reads what Python's `pickle` wrote, protocols 0 to 5, and calls nothing: only what plain data needs
 * is read, all else is refused by its name. A pickle is a string here, of one character per byte.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'
import type { JsonBounds } from './json-bounds.ts'
import { callGlobal, fillState, globalNamed } from './pickle-globals.ts'
import { checkDigits, decodeDouble, decodeLong } from './pickle-integers.ts'
import { containerOf, isHashable, type Item, Node } from './pickle-nodes.ts'
import { malformedPickle, refusedOpcode, unsafePickle } from './pickle-opcodes.ts'
import { decodeUtf8Pass } from './pickle-utf8.ts'
import type { PythonKind } from './pickle-values.ts'
import { pythonFloat, quoteString } from './python-json.ts'

/** How much is read, and of what. */
export interface PickleReadOptions {
  readonly bounds: JsonBounds
  /** Whether values of a kind are turned on. */
  readonly isOn: (kind: PythonKind) => boolean
}

/**
 * What a pickle holds.
 *
 * @throws PayloadError `unsafePickle`, `malformed`, `tooDeep`, `tooLarge`.
 */
export function readPickle(pickle: string, options: PickleReadOptions): Item {
  return new Machine(pickle, options).run()
}

const newestProtocol = 5
const stop = 0x2e
const plainAscii = /^[ !#-[\]-~]*$/

/** The machine that a pickle is a program for: a stack, marks in it, and a memo. */
class Machine {
  readonly #pickle: string
  readonly #options: PickleReadOptions
  #at = 0
  #stack: Item[] = []
  /** Stacks that wait below a mark. */
  readonly #below: Item[][] = []
  readonly #memo: (Item | undefined)[] = []
  #items = 0

  constructor(pickle: string, options: PickleReadOptions) {
    this.#pickle = pickle
    this.#options = options
  }

  run(): Item {
    for (;;) {
      const code = this.#pickle.charCodeAt(this.#at++)
      if (code === stop) return this.#pop()
      this.#step(code)
    }
  }

  #step(code: number): void {
    switch (code) {
      case 0x8c: // SHORT_BINUNICODE
        return this.#pushText(this.#take(this.#unsigned(1)))
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.length)
      case 0x4b: // BININT1
        return this.#push(String(this.#unsigned(1)))
      case 0x4e: // NONE
        return this.#push('null')
      case 0x88: // NEWTRUE
        return this.#push('true')
      case 0x89: // NEWFALSE
        return this.#push('false')
      case 0x28: // MARK
        return this.#mark()
      case 0x7d: // EMPTY_DICT
        return this.#push(new Node('dict'))
      case 0x5d: // EMPTY_LIST
        return this.#push(new Node('list'))
      case 0x75: // SETITEMS
        return this.#setItems(this.#toMark())
      case 0x73: // SETITEM
        return this.#setItem()
      case 0x65: // APPENDS
        return this.#addTo('list', this.#toMark())
      case 0x61: // APPEND
        return this.#addTo('list', [this.#pop()])
      case 0x68: // BINGET
        return this.#recall(this.#unsigned(1))
      case 0x95: // FRAME
        return this.#frame()
      case 0x80: // PROTO
        return this.#protocol()
      default:
        this.#stepOfValue(code)
    }
  }

  #stepOfValue(code: number): void {
    switch (code) {
      case 0x58: // BINUNICODE
        return this.#pushText(this.#take(this.#unsigned(4)))
      case 0x8d: // BINUNICODE8
        return this.#pushText(this.#take(this.#unsigned(8)))
      case 0x56: // UNICODE
        return this.#push(quoteString(unescapeRaw(this.#line())))
      case 0x4d: // BININT2
        return this.#push(String(this.#unsigned(2)))
      case 0x4a: // BININT
        return this.#push(String(this.#unsigned(4) | 0))
      case 0x8a: // LONG1
        return this.#pushLong(decodeLong(this.#take(this.#unsigned(1))))
      case 0x8b: // LONG4
        return this.#pushLong(decodeLong(this.#take(this.#unsigned(4))))
      case 0x49: // INT
        return this.#pushLong(readInt(this.#line()))
      case 0x4c: // LONG
        return this.#pushLong(readDigits(this.#line().replace(/L$/, '')))
      case 0x47: // BINFLOAT
        return this.#push(pythonFloat(decodeDouble(this.#take(8), 0)))
      case 0x46: // FLOAT
        return this.#push(readFloat(this.#line()))
      case 0x43: // SHORT_BINBYTES
        return this.#pushBytes(this.#take(this.#unsigned(1)))
      case 0x42: // BINBYTES
        return this.#pushBytes(this.#take(this.#unsigned(4)))
      case 0x8e: // BINBYTES8
        return this.#pushBytes(this.#take(this.#unsigned(8)))
      default:
        this.#stepOfContainer(code)
    }
  }

  #stepOfContainer(code: number): void {
    switch (code) {
      case 0x29: // EMPTY_TUPLE
        return this.#push(this.#contain('tuple', []))
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(this.#contain('tuple', this.#popMany(code - 0x84)))
      case 0x74: // TUPLE
        return this.#push(this.#contain('tuple', this.#toMark()))
      case 0x6c: // LIST
        return this.#push(this.#contain('list', this.#toMark()))
      case 0x64: // DICT
        return this.#pushDict(this.#toMark())
      case 0x8f: // EMPTY_SET
        return this.#push(this.#contain('set', []))
      case 0x90: // ADDITEMS
        return this.#addTo('set', this.#toMark())
      case 0x91: // FROZENSET
        return this.#push(this.#contain('frozenset', this.#toMark()))
      default:
        this.#stepOfObject(code)
    }
  }

  #stepOfObject(code: number): void {
    switch (code) {
      case 0x6a: // LONG_BINGET
        return this.#recall(this.#unsigned(4))
      case 0x67: // GET
        return this.#recall(Number(readDigits(this.#line())))
      case 0x71: // BINPUT
        return this.#remember(this.#unsigned(1))
      case 0x72: // LONG_BINPUT
        return this.#remember(this.#unsigned(4))
      case 0x70: // PUT
        return this.#remember(Number(readDigits(this.#line())))
      case 0x63: // GLOBAL
        return this.#pushGlobal(decodeUtf8Pass(this.#line()), decodeUtf8Pass(this.#line()))
      case 0x93: // STACK_GLOBAL
        return this.#stackGlobal()
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        return this.#call()
      case 0x62: // BUILD
        return this.#build()
      default:
        throw refusedOpcode(code)
    }
  }

  /** An unsigned integer of so many bytes, the lowest first. */
  #unsigned(size: number): number {
    const end = this.#at + size
    if (end > this.#pickle.length) throw truncated()
    let value = 0
    for (let at = end - 1; at >= this.#at; at--) value = value * 256 + this.#pickle.charCodeAt(at)
    this.#at = end
    return value
  }

  #take(size: number): string {
    const start = this.#at
    const end = start + size
    if (end > this.#pickle.length) throw truncated()
    this.#at = end
    return this.#pickle.slice(start, end)
  }

  /** Up to the end of the line. */
  #line(): string {
    const end = this.#pickle.indexOf('\n', this.#at)
    if (end === -1) throw truncated()
    const line = this.#pickle.slice(this.#at, end)
    this.#at = end + 1
    return line
  }

  #protocol(): void {
    if (this.#unsigned(1) <= newestProtocol) return
    throw malformedPickle('its protocol is not one of 0 to 5')
  }

  #frame(): void {
    const size = this.#unsigned(8)
    if (this.#at + size > this.#pickle.length) throw truncated()
  }

  #count(weight: number): void {
    this.#items += weight
    const { values } = this.#options.bounds
    if (this.#items > values) {
      throw new PayloadError('tooLarge', `A pickle holds more than ${values} values.`)
    }
  }

  #push(item: Item): void {
    this.#count(1)
    this.#stack.push(item)
  }

  #pushText(bytes: string): void {
    this.#push(plainAscii.test(bytes) ? `"${bytes}"` : quoteString(decodeUtf8Pass(bytes)))
  }

  #pushLong(digits: string): void {
    this.#count(digits.length >> 2)
    this.#push(digits)
  }

  #pushBytes(bytes: string): void {
    this.#push(new Node('bytes', bytes))
  }

  #pop(): Item {
    const item = this.#stack.pop()
    if (item === undefined) throw malformedPickle('its stack is empty')
    return item
  }

  #popMany(count: number): Item[] {
    if (this.#stack.length < count) throw malformedPickle('its stack is empty')
    return this.#stack.splice(-count)
  }

  #mark(): void {
    this.#count(1)
    if (this.#below.length >= this.#options.bounds.depth * 2) throw this.#tooDeep()
    this.#below.push(this.#stack)
    this.#stack = []
  }

  /** Everything down to the mark. */
  #toMark(): Item[] {
    const below = this.#below.pop()
    if (below === undefined) throw malformedPickle('it has no mark')
    const items = this.#stack
    this.#stack = below
    return items
  }

  #top(): Item {
    const item = this.#stack.at(-1)
    if (item === undefined) throw malformedPickle('its stack is empty')
    return item
  }

  #container(kind: Node['kind']): Node {
    const node = this.#top()
    if (typeof node !== 'string' && node.kind === kind) return node
    throw malformedPickle(`there is no ${kind} where one is due`)
  }

  #contain(kind: 'tuple' | 'list' | 'set' | 'frozenset', items: Item[]): Node {
    const node = containerOf(kind, items)
    if (kind === 'frozenset') for (const item of items) checkHashable(item)
    this.#checkDepth(node.depth)
    return node
  }

  #addTo(kind: 'list' | 'set', items: readonly Item[]): void {
    const node = this.#container(kind)
    for (const item of items) {
      if (kind === 'set') checkHashable(item)
      this.#checkDepth(node.add(item))
    }
  }

  #setItem(): void {
    this.#setItems(this.#popMany(2))
  }

  #setItems(items: readonly Item[]): void {
    const dict = this.#container('dict')
    if (items.length % 2 !== 0) throw malformedPickle('a key has no value')
    for (const [at, item] of items.entries()) {
      if (at % 2 === 0) checkHashable(item)
      this.#checkDepth(dict.add(item))
    }
  }

  #pushDict(items: readonly Item[]): void {
    this.#push(new Node('dict'))
    this.#setItems(items)
  }

  #checkDepth(depth: number): void {
    if (depth > this.#options.bounds.depth) throw this.#tooDeep()
  }

  #tooDeep(): PayloadError {
    const { depth } = this.#options.bounds
    return new PayloadError('tooDeep', `A pickle is nested past ${depth} levels.`)
  }

  #remember(index: number): void {
    // Python counts, from 0 or, up to 2.7, from 1.
    const isNext = index <= this.#memo.length + 1
    if (!isNext || index > this.#items) throw malformedPickle('its memo is not in order')
    this.#memo[index] = this.#top()
  }

  #recall(index: number): void {
    const item = this.#memo[index]
    if (item === undefined) throw malformedPickle('its memo has no such entry')
    this.#push(item)
  }

  #pushGlobal(module: string, name: string): void {
    this.#push(globalNamed(module, name, this.#options.isOn))
  }

  #stackGlobal(): void {
    const [module, name] = this.#popMany(2)
    if (typeof module !== 'string' || typeof name !== 'string') throw badGlobal()
    if (!module.startsWith('"') || !name.startsWith('"')) throw badGlobal()
    this.#pushGlobal(JSON.parse(module) as string, JSON.parse(name) as string)
  }

  #call(): void {
    const [callable = '', args = ''] = this.#popMany(2)
    this.#count(sizeOf(args))
    this.#push(callGlobal(callable, args))
  }

  #build(): void {
    const state = this.#pop()
    fillState(this.#top(), state)
  }
}

function badGlobal(): PayloadError {
  return malformedPickle('a name is no text')
}

function truncated(): PayloadError {
  return malformedPickle('it ends too early')
}

function checkHashable(item: Item): void {
  if (isHashable(item)) return
  if (typeof item !== 'string' && (item.kind === 'global' || item.kind === 'zone')) {
    throw unsafePickle(item.text)
  }
  throw malformedPickle('a key, or a member of a set, is one that Python does not take')
}

/** What a call takes, by its arguments: the same ones may be used again and again. */
function sizeOf(args: Item): number {
  if (typeof args === 'string') return 1
  return args.items.reduce(
    (sum, item) => sum + (typeof item === 'string' ? item.length >> 4 : item.items.length),
    args.items.length,
  )
}

const digitsForm = /^[+-]?\d+$/

/** Python's `int(text)`, as far as its pickler writes it. */
function readDigits(line: string): string {
  if (!digitsForm.test(line)) throw malformedPickle('a number is none')
  return BigInt(checkDigits(line.replace('+', ''))).toString()
}

/** `I01` and `I00` are true and false. */
function readInt(line: string): string {
  if (line === '01') return 'true'
  if (line === '00') return 'false'
  return readDigits(line)
}

const floatForm = /^[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|inf|nan)$/

function readFloat(line: string): string {
  if (!floatForm.test(line)) throw malformedPickle('a number is none')
  return pythonFloat(Number(line.replace('inf', 'Infinity').replace('nan', 'NaN')))
}

const rawEscape = /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|[^])/g

/** Python's `raw-unicode-escape`. */
function unescapeRaw(line: string): string {
  return line.replaceAll(rawEscape, (escape: string, short?: string, long?: string) => {
    const digits = short ?? long
    if (digits === undefined && !/[uU]$/.test(escape)) return escape
    const code = Number.parseInt(digits ?? '', 16)
    if (code <= 0x10ffff) return String.fromCodePoint(code)
    throw malformedPickle('an escape is no character')
  })
}
