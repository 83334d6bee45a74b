/**
 * Holds a Node response back until its session is saved. A handler writes as ever, in as many calls
 * as it likes: the first that would send something has the session saved, and what is called
 * meanwhile waits in its order. One response is touched, and only by Node's public methods.
 *
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Buffer } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import process from 'node:process'

import { clearHead, isRefusedHead, takeHead } from './_node-head.ts'
import { headersSentError, lockResponse, type ResponseLock } from './_node-lock.ts'

/** What a gate is there for. */
export interface GateTasks {
  /**
   * Saves the session; null where there is nothing to wait for. Called once, when the status is
   * final and before the first byte leaves.
   */
  commit(): Promise<void> | null
  /** Answers for a save that failed, on a response of which nothing is left. */
  fail(error: unknown): void
}

/** `through`: calls reach the response as if there were no gate. */
type Phase = 'open' | 'held' | 'through' | 'failed'

type Args = readonly unknown[]
type Methods = Record<'writeHead' | 'flushHeaders' | 'write' | 'end', (...args: Args) => unknown>

interface HeldCall {
  readonly method: (...args: Args) => unknown
  readonly args: Args
}

/** Tells what an error handler writes from what the handler that had begun goes on writing. */
const answering = new AsyncLocalStorage<NodeGate>()

/** The gate of one response. */
export class NodeGate {
  readonly #response: ServerResponse
  readonly #tasks: GateTasks
  /** The response's methods as they were. */
  readonly #below: Methods
  readonly #gated: Methods
  #phase: Phase = 'open'
  #calls: HeldCall[] = []
  readonly #output = { length: 0, needsDrain: false, isEnded: false }
  #lock: ResponseLock | null = null

  constructor(response: ServerResponse, tasks: GateTasks) {
    this.#response = response
    this.#tasks = tasks
    const { writeHead, flushHeaders, write, end } = response as unknown as Methods
    this.#below = { writeHead, flushHeaders, write, end }
    this.#gated = {
      writeHead: (...args) => this.#writeHead(args),
      flushHeaders: () => this.#flushHeaders(),
      write: (...args) => this.#write(args),
      end: (...args) => this.#end(args),
    }
    lay(response as unknown as Methods, this.#gated)
  }

  /** Whether headers have left: those of a response that is held have not. */
  get headersSent(): boolean {
    return this.#phase !== 'held' && this.#response.headersSent
  }

  /** Changes headers, also of a response that is held. */
  changeHeaders(change: () => void): void {
    if (this.#lock) this.#lock.lift(change)
    else change()
  }

  #writeHead(args: Args): unknown {
    if (this.#isDiscarded()) return this.#response
    if (this.#phase === 'held') throw headersSentError('write')
    if (!this.#isFirst() || isRefusedHead(args)) return this.#pass(this.#below.writeHead, args)
    // The commit looks at the status, and adds to the headers.
    const head = takeHead(this.#response, args)
    if (this.#isHeld(this.#below.writeHead, head)) return this.#response
    return this.#pass(this.#below.writeHead, head)
  }

  #flushHeaders(): void {
    if (this.#isDiscarded() || this.#isHeld(this.#below.flushHeaders, [])) return
    this.#pass(this.#below.flushHeaders, [])
  }

  #write(args: Args): unknown {
    const [chunk, encoding] = args
    if (this.#isDiscarded()) return discard(args)
    if (!isChunk(chunk) || !this.#isHeld(this.#below.write, args)) {
      return this.#pass(this.#below.write, args)
    }
    const output = this.#output
    output.length += Buffer.byteLength(chunk, encoding as BufferEncoding)
    output.needsDrain ||= output.length >= this.#response.writableHighWaterMark
    return !output.needsDrain
  }

  #end(args: Args): unknown {
    if (this.#isDiscarded()) {
      discard(args)
      return this.#response
    }
    const [chunk] = args
    const isFit = !chunk || typeof chunk === 'function' || isChunk(chunk)
    if (!isFit || !this.#isHeld(this.#below.end, args)) return this.#pass(this.#below.end, args)
    this.#output.isEnded = true
    return this.#response
  }

  #isFirst(): boolean {
    return this.#phase === 'open' && !this.#response.headersSent
  }

  /** Whether a call has to wait. The first call begins the save. */
  #isHeld(method: HeldCall['method'], args: Args): boolean {
    if (this.#isFirst()) this.#begin()
    if (this.#phase !== 'held') return false
    this.#calls.push({ method, args })
    return true
  }

  #pass(method: HeldCall['method'], args: Args): unknown {
    return Reflect.apply(method, this.#response, args)
  }

  #begin(): void {
    this.#phase = 'through'
    const saving = this.#commit()
    if (saving === null) return
    this.#phase = 'held'
    this.#lock = lockResponse(this.#response, this.#output, (flush) => {
      this.#calls.push({ method: flush, args: [] })
    })
    saving.then(
      () => this.#release(),
      (error: unknown) => this.#drop(error),
    )
  }

  #commit(): Promise<void> | null {
    try {
      return this.#tasks.commit()
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #open(phase: 'through' | 'failed'): readonly HeldCall[] {
    this.#lock?.unlock()
    this.#lock = null
    this.#phase = phase
    const calls = this.#calls
    this.#calls = []
    return calls
  }

  /** Calls what waited. */
  #release(): void {
    const response = this.#response
    let isFull = false
    try {
      for (const { method, args } of this.#open('through')) {
        const answer = this.#pass(method, args)
        if (method === this.#below.write) isFull = answer === false
      }
    } catch (error) {
      if (!response.headersSent) this.#drop(error)
      else response.destroy(error instanceof Error ? error : undefined)
      return
    }
    const { needsDrain, isEnded } = this.#output
    if (needsDrain && !isFull && !isEnded && !response.destroyed) response.emit('drain')
  }

  /** Drops what waited, and has the failure answered. */
  #drop(error: unknown): void {
    const { isEnded, needsDrain } = this.#output
    const calls = this.#open(isEnded ? 'through' : 'failed')
    clearHead(this.#response)
    // What was laid over the gate has begun to work on a response that is no more.
    lay(this.#response as unknown as Methods, this.#gated)
    for (const { args } of calls) discard(args)
    if (isEnded) return this.#tasks.fail(error)
    answering.run(this, () => this.#tasks.fail(error))
    if (needsDrain) this.#response.emit('drain')
  }

  /** A handler that goes on with a response that failed writes to nowhere. */
  #isDiscarded(): boolean {
    return this.#phase === 'failed' && answering.getStore() !== this
  }
}

/** One by one: it takes half the time of `Object.assign()`. */
function lay(response: Methods, { writeHead, flushHeaders, write, end }: Methods): void {
  response.writeHead = writeHead
  response.flushHeaders = flushHeaders
  response.write = write
  response.end = end
}

function isChunk(value: unknown): value is string | Uint8Array {
  return typeof value === 'string' || value instanceof Uint8Array
}

/** Whoever waits for a write to be done is told that it is. */
function discard(args: Args): boolean {
  const callback = args.find((arg) => typeof arg === 'function')
  if (callback) process.nextTick(callback)
  return true
}
