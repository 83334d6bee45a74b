/**
 * The contract of a codec: how session data stands in a store.
 *
 * @module
 */
import { defaultBounds, type JsonBounds } from '../formats/json-bounds.ts'
import {
  canonicalize,
  isEqual,
  joinMembers,
  makeMember,
  type Member,
  splitMembers,
  stringifyLike,
} from '../formats/json-source.ts'
import { isNativeJson, parsePythonJson, stringifyPythonJson } from '../formats/python-json.ts'

/** Turns a payload, as a store keeps it, into the text of its data and back. */
export interface Codec<P = string> {
  /** Its name in messages. */
  readonly name: string
  /** Whether what `decode` takes was made with a secret of ours. Default true. */
  readonly isSigned?: boolean
  /**
   * The text of the data.
   *
   * @throws BadSignatureError; PayloadError.
   */
  decode(payload: P): string
  /**
   * The same, with what is known of the text, where a payload that comes again costs less by it.
   * Default: none.
   *
   * @throws BadSignatureError; PayloadError.
   */
  open?(payload: P): OpenedPayload
  /**
   * The payload for the text of data.
   *
   * @throws PayloadError `tooLarge` for one that `decode` would refuse.
   */
  encode(text: string): P
  /** When a payload was signed; null where it does not tell. The payload has been decoded before. */
  signedAt(payload: P): Date | null
  /** How that text is read and written. */
  readonly format: DataFormat
}

/** What was in a payload. */
export interface OpenedPayload {
  readonly text: string
  /** Its data, parsed anew at each call: nobody shares it. @throws PayloadError */
  parse(): unknown
}

/** How the text of session data is read and written, whole or by top-level keys. */
export interface DataFormat {
  /** @throws PayloadError */
  parse(text: string): unknown
  /**
   * Whether `JSON.parse` reads this text as `parse` does. Default: no.
   *
   * @throws PayloadError past the bounds.
   */
  isNative?(text: string): boolean
  /** The value at a top-level key of an object; null where there is none. @throws PayloadError */
  valueAt(text: string, key: string): unknown
  /** @throws UnserializableError */
  stringify(value: unknown): string
  /** Like `stringify`, but parts that equal the source's keep its text. */
  stringifyLike(value: unknown, source: string): string
  /** The text that Django would write after reading this one. */
  canonicalize(text: string): string
  /** Whether two values are stored as the same. */
  isEqual(a: unknown, b: unknown): boolean
  split(text: string): Member[]
  join(members: Iterable<Member>): string
  makeMember(key: string, source: string): Member
}

/** Python's JSON, within bounds. */
export function jsonFormat(bounds: JsonBounds = defaultBounds): DataFormat {
  const { depth } = bounds
  const parse = (text: string): unknown => parsePythonJson(text, bounds)
  return {
    parse,
    isNative: (text) => isNativeJson(text, bounds),
    valueAt(text, key) {
      // Any letter of a key may be written as an escape.
      if (!text.includes(key) && !text.includes('\\u00')) return null
      const data = parse(text) as Record<string, unknown>
      return Object.hasOwn(data, key) ? data[key] : null
    },
    stringify: (value) => stringifyPythonJson(value, depth),
    stringifyLike: (value, source) => stringifyLike(value, source, depth),
    canonicalize,
    isEqual,
    split: splitMembers,
    join: joinMembers,
    makeMember,
  }
}

/** An object without members, in every format. */
export const emptyText = '{}'
