/**
 * How much this package reads before it calls a payload or a key unreadable.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'
import { defaultBounds, type JsonBounds } from '../formats/json-bounds.ts'

/** Bounds on what comes out of a store or a cookie. */
export interface Limits extends JsonBounds {
  /** Longest payload, in characters. Default 1 MiB. */
  readonly payloadSize: number
  /** Longest data once inflated, in bytes. Default 4 MiB. */
  readonly inflatedSize: number
  /** Longest session key, in characters. Default 40, the width of Django's column. */
  readonly keyLength: number
}

/** The bounds where none are given. */
export const defaultLimits: Limits = {
  payloadSize: 1024 * 1024,
  inflatedSize: 4 * 1024 * 1024,
  ...defaultBounds,
  keyLength: 40,
}

/** Bounds that Python has itself, and no others. */
export const djangoLimits: Limits = {
  payloadSize: Number.POSITIVE_INFINITY,
  inflatedSize: 2 ** 31,
  depth: 900,
  values: Number.POSITIVE_INFINITY,
  keyLength: Number.POSITIVE_INFINITY,
}

/**
 * The text, if it is not too long.
 *
 * @throws PayloadError `tooLarge`
 */
export function checkSize(text: string, maxSize: number): string {
  if (text.length <= maxSize) return text
  throw new PayloadError('tooLarge', `A payload is more than ${maxSize} bytes long.`)
}
