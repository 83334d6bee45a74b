/**
 * A parser of the JSON that Python writes and `JSON.parse` refuses or rounds: `NaN`, `Infinity`,
 * integers past 2^53. It takes a few times as long as the native one.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'
import { defineValue } from './define-value.ts'
import { endOfString, type JsonBounds, stringWeight, tooDeep, tooMany } from './json-bounds.ts'

/** Python refuses to read or write longer integers (`sys.int_info.default_max_str_digits`). */
export const maxIntegerDigits = 4300

/**
 * Parses text. Mirrors Python's `json.loads`.
 *
 * @throws PayloadError `malformed`; `tooDeep` and `tooLarge` past the bounds.
 */
export function parseCarefully(text: string, bounds: JsonBounds): unknown {
  return new CarefulParser(text, bounds).parse()
}

const quote = 0x22
const comma = 0x2c
const minus = 0x2d
const dot = 0x2e
const zero = 0x30
const nine = 0x39
const colon = 0x3a
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** What only `JSON.parse` can make of a string: escapes, and controls, which it refuses. */
const special = /[\\\u0000-\u001f]/

/** Words by their first character. */
const words: ReadonlyMap<string, readonly [word: string, value: unknown]> = new Map(
  [
    ['true', true] as const,
    ['false', false] as const,
    ['null', null] as const,
    ['NaN', Number.NaN] as const,
    ['Infinity', Number.POSITIVE_INFINITY] as const,
  ].map((entry) => [entry[0].charAt(0), entry]),
)

/** A plain recursive parser; `#at` is the position of what is read next. */
class CarefulParser {
  readonly #text: string
  readonly #bounds: JsonBounds
  #at = 0
  #depth = 0
  /** What the values count that have been read. */
  #values = 0

  constructor(text: string, bounds: JsonBounds) {
    this.#text = text
    this.#bounds = bounds
  }

  parse(): unknown {
    const value = this.#value()
    this.#peek()
    if (this.#at < this.#text.length) throw this.#malformed()
    return value
  }

  /** Passes spaces over; answers the character after them, NaN at the end. */
  #peek(): number {
    const text = this.#text
    let at = this.#at
    let code = text.charCodeAt(at)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      code = text.charCodeAt(++at)
    }
    this.#at = at
    return code
  }

  /** Passes over spaces and, if it is next, one character. */
  #take(code: number): boolean {
    if (this.#peek() !== code) return false
    this.#at++
    return true
  }

  #expect(code: number): void {
    if (!this.#take(code)) throw this.#malformed()
  }

  #count(weight: number): void {
    this.#values += weight
    if (this.#values > this.#bounds.values) throw tooMany(this.#bounds)
  }

  #value(): unknown {
    this.#count(1)
    const code = this.#peek()
    if (code === quote) return this.#string()
    if (code === openBrace || code === openBracket) return this.#container(code)
    if (code === minus || (code >= zero && code <= nine)) return this.#number()
    return this.#word()
  }

  #container(opener: number): unknown {
    this.#at++
    this.#depth++
    if (this.#depth > this.#bounds.depth) throw tooDeep(this.#bounds)
    const value = opener === openBrace ? this.#object() : this.#array()
    this.#depth--
    return value
  }

  #string(): string {
    this.#count(stringWeight)
    const end = endOfString(this.#text, this.#at)
    const source = this.#text.slice(this.#at, end)
    const isClosed = source.length > 1 && source.endsWith('"')
    if (!isClosed) throw this.#malformed()
    const value = special.test(source) ? this.#unescape(source) : source.slice(1, -1)
    this.#at = end
    return value
  }

  #unescape(source: string): string {
    try {
      return JSON.parse(source) as string
    } catch {
      throw this.#malformed()
    }
  }

  #number(): number | bigint {
    const start = this.#at
    if (this.#text.charCodeAt(start) === minus) {
      this.#at++
      if (this.#text.startsWith('Infinity', this.#at)) return -(this.#word() as number)
    }
    const digits = this.#integer()
    const hasFraction = this.#fraction()
    const hasExponent = this.#exponent()
    const source = this.#text.slice(start, this.#at)
    if (hasFraction || hasExponent) return Number(source)
    if (digits > maxIntegerDigits) throw this.#malformed()
    const value = Number(source)
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value
    this.#count(digits / 4)
    return BigInt(source)
  }

  /** Answers the number of digits; a leading zero stands alone. */
  #integer(): number {
    if (this.#text.charCodeAt(this.#at) === zero) {
      this.#at++
      return 1
    }
    const digits = this.#digits()
    if (digits === 0) throw this.#malformed()
    return digits
  }

  #digits(): number {
    const text = this.#text
    const start = this.#at
    let at = start
    for (let code = text.charCodeAt(at); code >= zero && code <= nine;) {
      code = text.charCodeAt(++at)
    }
    this.#at = at
    return at - start
  }

  #fraction(): boolean {
    if (this.#text.charCodeAt(this.#at) !== dot) return false
    this.#at++
    if (this.#digits() === 0) throw this.#malformed()
    return true
  }

  #exponent(): boolean {
    const mark = this.#text.charAt(this.#at)
    if (mark !== 'e' && mark !== 'E') return false
    this.#at++
    const sign = this.#text.charAt(this.#at)
    if (sign === '+' || sign === '-') this.#at++
    if (this.#digits() === 0) throw this.#malformed()
    return true
  }

  #word(): unknown {
    const [word, value] = words.get(this.#text.charAt(this.#at)) ?? ['', undefined]
    if (word === '' || !this.#text.startsWith(word, this.#at)) throw this.#malformed()
    this.#at += word.length
    return value
  }

  #object(): unknown {
    const object: Record<string, unknown> = {}
    if (this.#take(closeBrace)) return object
    do {
      if (this.#peek() !== quote) throw this.#malformed()
      const key = this.#string()
      this.#expect(colon)
      defineValue(object, key, this.#value())
    } while (this.#take(comma))
    this.#expect(closeBrace)
    return object
  }

  #array(): unknown {
    const array: unknown[] = []
    if (this.#take(closeBracket)) return array
    do {
      array.push(this.#value())
    } while (this.#take(comma))
    this.#expect(closeBracket)
    return array
  }

  #malformed(): PayloadError {
    return new PayloadError('malformed', `This is not JSON (character ${this.#at}).`)
  }
}
