/**
 * What was verified lately, so that a payload that comes again is not verified again: text to text,
 * as data would be shared by two requests.
 *
 * @module
 */
import { parseNatively } from '../../formats/python-json.ts'
import type { Codec, DataFormat, OpenedPayload } from '../codec.ts'

/** What each of the two generations holds at most, in characters: some 10,000 usual sessions. */
const generationSize = 8 * 1024 * 1024

/** What an entry takes besides its characters. */
const entrySize = 128

/** One that is larger pushes too many others out. */
const mostPerEntry = generationSize / 16

/**
 * A codec's `decode` and `open`, which answer what they answered lately without running this function
 * again. What it throws is not kept: it is run, and throws, again. Of what is kept, what nobody asks
 * for any more goes first.
 *
 * @param handleOf - A part of a payload that hardly any other has: to look it up takes a time that goes
 *   by its length. Default: all of it.
 */
export function remembered(
  decode: (payload: string) => string,
  format: DataFormat,
  handleOf: (payload: string) => string = (payload) => payload,
): Required<Pick<Codec, 'decode' | 'open'>> {
  let young = new Map<string, Verified>()
  let old: ReadonlyMap<string, Verified> = new Map()
  let size = 0
  const keep = (handle: string, verified: Verified): Verified => {
    const needed = verified.payload.length + verified.text.length + entrySize
    if (needed > mostPerEntry) return verified
    if (size + needed > generationSize) {
      old = young
      young = new Map()
      size = 0
    }
    size += needed
    young.set(handle, verified)
    return verified
  }
  const open = (payload: string): Verified => {
    const handle = handleOf(payload)
    const known = young.get(handle)
    if (known?.payload === payload) return known
    const older = old.get(handle)
    if (older?.payload === payload) return keep(handle, older)
    return keep(handle, new Verified(payload, decode(payload), format))
  }
  return { open, decode: (payload) => open(payload).text }
}

/** A payload that was verified, and its text: each who reads it parses data of their own. */
class Verified implements OpenedPayload {
  readonly payload: string
  readonly text: string
  readonly #format: DataFormat
  /** Whether `JSON.parse` is all that it takes; null until somebody asks. */
  #isNative: boolean | null = null

  constructor(payload: string, text: string, format: DataFormat) {
    this.payload = payload
    this.text = text
    this.#format = format
  }

  parse(): unknown {
    this.#isNative ??= this.#format.isNative?.(this.text) ?? false
    return this.#isNative ? parseNatively(this.text) : this.#format.parse(this.text)
  }
}
