/**
 * What was verified lately, so that a payload that comes again is not verified again: text to text,
 * as data would be shared by two requests.
 *
 * @module
 */
import { parseNatively } from '../formats/python-json.ts'
import type { Codec, DataFormat } from './codec.ts'

/** What each of the two generations holds at most, in characters: some 10,000 usual sessions. */
const generationSize = 8 * 1024 * 1024

/** What an entry takes besides its characters. */
const entrySize = 128

/** One that is larger pushes too many others out. */
const mostPerEntry = generationSize / 16

/**
 * A codec that remembers what it decoded. What it refuses is not kept: it is decoded, and refused,
 * again. Of what is kept, what nobody asks for any more goes first.
 */
export class VerifiedPayloads {
  readonly #codec: Codec
  #young = new Map<string, Verified>()
  #old: ReadonlyMap<string, Verified> = new Map()
  #size = 0

  constructor(codec: Codec) {
    this.#codec = codec
  }

  /** @throws BadSignatureError; PayloadError. */
  open(payload: string): Verified {
    const handle = this.#codec.handleOf?.(payload) ?? payload
    const known = this.#young.get(handle)
    if (known?.payload === payload) return known
    const older = this.#old.get(handle)
    if (older?.payload === payload) return this.#keep(handle, older)
    const text = this.#codec.decode(payload)
    return this.#keep(handle, new Verified(payload, text, this.#codec.format))
  }

  #keep(handle: string, verified: Verified): Verified {
    const needed = verified.payload.length + verified.text.length + entrySize
    if (needed > mostPerEntry) return verified
    if (this.#size + needed > generationSize) {
      this.#old = this.#young
      this.#young = new Map()
      this.#size = 0
    }
    this.#size += needed
    this.#young.set(handle, verified)
    return verified
  }
}

/** A payload that was verified, and its text: each who reads it parses data of their own. */
export class Verified {
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

  /** Its data, parsed anew at each call: nobody shares it. @throws PayloadError */
  parse(): unknown {
    this.#isNative ??= this.#format.isNative?.(this.text) ?? false
    return this.#isNative ? parseNatively(this.text) : this.#format.parse(this.text)
  }
}
