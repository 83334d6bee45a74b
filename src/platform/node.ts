/**
 * Primitives from `node:crypto` and `node:zlib`: Node, Bun, Deno, and workerd with `nodejs_compat`.
 * `process` is the global one: to import `node:process` opens its streams, which takes 3 ms.
 *
 * @module
 */
import { Buffer } from 'node:buffer'
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { channel } from 'node:diagnostics_channel'
import { deflateSync, inflateSync } from 'node:zlib'

import type { Alarm, Platform } from './platform.ts'

export { derivations } from './node-derivations.ts'

const smallestChunk = 1024
const largestChunk = 65_536
/** zlib allocates 256 kB per call by itself; what fits into its window needs no larger one. */
const forLittle = { chunkSize: smallestChunk, windowBits: 10, memLevel: 4 }
const loneSurrogate = /\p{Surrogate}/u
const warned = new Set<string>()

/** The primitives of Node. */
export const platform: Platform = {
  hash(algorithm, ...parts) {
    const hash = createHash(algorithm)
    for (const part of parts) hash.update(part)
    return hash.digest()
  },
  hmac(algorithm, key, message) {
    return createHmac(algorithm, key).update(message).digest()
  },
  hmacBase64url(algorithm, key, message) {
    return createHmac(algorithm, key).update(message).digest('base64url')
  },
  timingSafeEqual(a, b) {
    const left = Buffer.from(a)
    const right = Buffer.from(b)
    return left.length === right.length && timingSafeEqual(left, right)
  },
  randomBytes,
  deflate(bytes) {
    const chunkSize = chunkFor(bytes.length)
    return deflateSync(bytes, chunkSize > smallestChunk ? { chunkSize } : forLittle)
  },
  inflate(bytes, maxSize) {
    return inflateSync(bytes, { chunkSize: chunkFor(bytes.length * 4), maxOutputLength: maxSize })
  },
  encodeUtf8(text) {
    if (loneSurrogate.test(text)) throw new RangeError('a lone surrogate has no UTF-8 form')
    return Buffer.from(text, 'utf8')
  },
  encodeLatin1(text) {
    return Buffer.from(text, 'latin1')
  },
  decodeLatin1(bytes) {
    return asBuffer(bytes).toString('latin1')
  },
  encodeHex(bytes) {
    return asBuffer(bytes).toString('hex')
  },
  encodeBase64url(bytes) {
    return asBuffer(bytes).toString('base64url')
  },
  encodeBase64(bytes) {
    return asBuffer(bytes).toString('base64')
  },
  decodeBase64(text) {
    return Buffer.from(text, 'base64')
  },
  channel,
  delay(task, ms) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
  alarm(task) {
    return new NodeAlarm(task)
  },
  afterTurn(task) {
    setImmediate(task)
  },
  isProduction() {
    return process.env['NODE_ENV'] === 'production'
  },
  warn(code, message) {
    if (warned.has(code)) return
    warned.add(code)
    process.emitWarning(message, { type: 'AsyncDjangoWarning', code })
  },
}

class NodeAlarm implements Alarm {
  readonly #task: () => void
  #timer: NodeJS.Timeout | null = null
  #isKept = true

  constructor(task: () => void) {
    this.#task = task
  }

  set(ms: number): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#task, ms)
    if (!this.#isKept) this.#timer.unref()
  }

  keepProcess(isKept: boolean): void {
    this.#isKept = isKept
    if (isKept) this.#timer?.ref()
    else this.#timer?.unref()
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** zlib allocates a chunk per call: its default of 16 kB is far more than most sessions need. */
function chunkFor(size: number): number {
  return Math.min(Math.max(size, smallestChunk), largestChunk)
}
