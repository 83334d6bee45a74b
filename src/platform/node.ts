/**
 * Primitives from `node:crypto` and `node:zlib`: Node, Bun, Deno, and workerd with `nodejs_compat`.
 *
 * @module
 */
import { Buffer } from 'node:buffer'
import crypto, {
  createHash,
  createHmac,
  pbkdf2,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from 'node:crypto'
import { channel } from 'node:diagnostics_channel'
import { availableParallelism } from 'node:os'
import process from 'node:process'
import { promisify } from 'node:util'
import { deflateSync, inflateSync } from 'node:zlib'

import type { Alarm, Argon2Derivation, Platform } from './platform.ts'

const smallestChunk = 1024
const largestChunk = 65_536
const loneSurrogate = /\p{Surrogate}/u
const warned = new Set<string>()
/** Threads that files, DNS and zlib keep for themselves. */
const threadsForOthers = 2

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
    return deflateSync(bytes, { chunkSize: chunkFor(bytes.length) })
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
  async pbkdf2({ password, salt, iterations, size, algorithm }) {
    return derivePbkdf2(password, salt, iterations, size, algorithm)
  },
  async scrypt({ password, salt, size, workFactor, blockSize, parallelism, maxMemory }) {
    const costs = { N: workFactor, r: blockSize, p: parallelism }
    return deriveScrypt(password, salt, size, maxMemory ? { ...costs, maxmem: maxMemory } : costs)
  },
  argon2: findArgon2(),
  derivationsAtOnce() {
    return Math.max(1, Math.min(availableParallelism(), threadPoolSize() - threadsForOthers))
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

const derivePbkdf2 = promisify(pbkdf2)
const deriveScrypt = promisify<
  Uint8Array,
  Uint8Array,
  number,
  { N: number; r: number; p: number; maxmem?: number },
  Uint8Array
>(scrypt)

/** `crypto.argon2` came with Node 24.7; it knows version 19 of Argon2 only. */
function findArgon2(): Platform['argon2'] {
  const found: unknown = Reflect.get(crypto, 'argon2')
  if (typeof found !== 'function') return null
  const derive = promisify(found as NodeArgon2)
  return ({ variety, password, salt, size, memory, passes, parallelism }) =>
    derive(variety, {
      message: password,
      nonce: salt,
      tagLength: size,
      memory,
      passes,
      parallelism,
    })
}

type NodeArgon2 = (
  variety: Argon2Derivation['variety'],
  parameters: Readonly<Record<string, Uint8Array | number>>,
  done: (error: Error | null, key: Uint8Array) => void,
) => void

/** What libuv makes of the variable: four threads by default, at most 1,024. */
function threadPoolSize(): number {
  const given = process.env['UV_THREADPOOL_SIZE']
  if (given === undefined) return 4
  return Math.min(Math.max(Number.parseInt(given, 10) || 1, 1), 1024)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** zlib allocates a chunk per call: its default of 16 kB is far more than most sessions need. */
function chunkFor(size: number): number {
  return Math.min(Math.max(size, smallestChunk), largestChunk)
}
