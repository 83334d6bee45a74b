/**
 * Node processes that run a TypeScript file of the tests.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What comes by message, in the order in which it came. */
class Inbox {
  readonly #source: NodeJS.EventEmitter
  readonly #messages: unknown[] = []

  constructor(source: NodeJS.EventEmitter) {
    this.#source = source
    source.on('message', (message) => this.#messages.push(message))
  }

  /** @throws Where the other side is gone. */
  async next<T>(): Promise<T> {
    if (this.#messages.length === 0) {
      await Promise.race([once(this.#source, 'message'), once(this.#source, 'disconnect')])
    }
    if (this.#messages.length === 0) throw new Error('The other process ended without a word.')
    return this.#messages.shift() as T
  }
}

/** A process that runs the `main` of a file. */
export class Child {
  readonly #process: ChildProcess
  readonly #inbox: Inbox
  readonly #exit: Promise<unknown[]>

  /** @param given - What `main` is called with, as JSON. */
  constructor(file: URL, given: unknown) {
    const runner = fileURLToPath(new URL('_child.mjs', import.meta.url))
    this.#process = fork(runner, [fileURLToPath(file), JSON.stringify(given)])
    this.#inbox = new Inbox(this.#process)
    this.#exit = once(this.#process, 'exit')
  }

  send(message: object): void {
    this.#process.send(message)
  }

  /** What it sends next. */
  receive<T>(): Promise<T> {
    return this.#inbox.next<T>()
  }

  /** Waits for its end. @throws Where it failed. */
  async end(): Promise<void> {
    const [code] = await this.#exit
    if (code !== 0) throw new Error(`A child process ended with the code ${String(code)}.`)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** Asks it to end. */
  terminate(): void {
    this.#process.kill('SIGTERM')
  }

  /** Waits until it is gone, however it ended. */
  async gone(): Promise<void> {
    await this.#exit
  }
}

/** The parent of this process, which `_child.mjs` runs. */
export class Parent {
  readonly #inbox = new Inbox(process)

  send(message: object): void {
    process.send?.(message)
  }

  receive<T>(): Promise<T> {
    return this.#inbox.next<T>()
  }
}
