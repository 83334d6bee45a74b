/**
 * The contract of a codec: how session data stands in a store.
 *
 * @module
 */
import { BadSignatureError, PayloadError } from '../errors.ts'
import type * as JsonSource from '../formats/json-source.ts'
import { defaultBounds, type JsonBounds } from '../formats/json-bounds.ts'
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
   * A part of a payload that hardly any other has, by which what was decoded is found again: to look
   * it up takes a time that goes by its length. Default: all of it.
   */
  handleOf?(payload: P): string
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

/** How the text of session data, which is JSON in every format, is read and written. */
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
  /** What compares data with their text, by what does so for JSON: that comes with the first session. */
  editing(json: JsonEditing): DataEditing
}

/** What `formats/json-source.ts` does for JSON of a certain depth. */
export type JsonEditing = Pick<typeof JsonSource, 'isEqual' | 'stringifyLike'>

/** Compares data with the text that they were read from. */
export interface DataEditing {
  /** Like `stringify`, but parts that equal the source's keep its text. @throws UnserializableError */
  stringifyLike(value: unknown, source: string): string
  /** Whether two values are stored as the same. */
  isEqual(a: unknown, b: unknown): boolean
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
    editing: ({ isEqual, stringifyLike }) => ({
      isEqual,
      stringifyLike: (value, source) => stringifyLike(value, source, depth),
    }),
  }
}

/** An object without members, in every format. */
export const emptyText = '{}'

/** Why a payload cannot be read; anything but a bad payload is thrown on. */
export function problemOf(error: unknown): 'badSignature' | PayloadError['reason'] {
  if (error instanceof BadSignatureError) return 'badSignature'
  if (error instanceof PayloadError) return error.reason
  throw error
}
