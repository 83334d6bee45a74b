/**
 * One call of a store, which ends in time and fails with errors of this package.
 *
 * @module
 */
import { type StoreFailure, StoreTimeoutError } from '../errors.ts'
import type { AskedCall } from './coalesce.ts'
import type { Deadline } from './deadline.ts'
import { asStoreError } from './store-failure.ts'
import { TimedCall } from './timed-call.ts'
import type { Timed, Timeouts } from './timeouts.ts'

/** What all calls of a store share. */
export interface Guard {
  readonly name: string
  readonly timeouts: Timeouts
}

/** One call on its way: an answer or the end of its time settles it, whichever comes first. */
export class GuardedCall<T> extends TimedCall implements Timed {
  readonly endsAt: number
  place = -1
  readonly #guard: Guard
  readonly #operation: string
  readonly #deadline: Deadline
  readonly #startedAt: number
  readonly #resolve: (value: T) => void
  readonly #reject: (error: unknown) => void

  constructor(
    guard: Guard,
    operation: string,
    deadline: Deadline,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    super()
    const now = performance.now()
    this.endsAt = now + deadline.leftMs
    this.#guard = guard
    this.#operation = operation
    this.#deadline = deadline
    this.#startedAt = now
    this.#resolve = resolve
    this.#reject = reject
    guard.timeouts.add(this, now)
  }

  succeed(value: T): void {
    if (this.#settle()) this.#resolve(value)
  }

  fail(error: unknown): void {
    if (this.#settle()) this.#reject(asStoreError(this.#failure(), error))
  }

  expire(): void {
    if (!this.#settle()) return
    this.#reject(new StoreTimeoutError(this.#failure(), this.#deadline.timeoutMs))
    this.end()
  }

  #settle(): boolean {
    if (!this.#guard.timeouts.remove(this)) return false
    this.#deadline.spend(performance.now() - this.#startedAt)
    return true
  }

  #failure(): StoreFailure {
    return { store: this.#guard.name, operation: this.#operation }
  }
}

/** One that may be made together with others of its kind. */
export class GuardedQuestion<Q, T> extends GuardedCall<T> implements AskedCall<Q, T> {
  readonly question: Q

  constructor(
    guard: Guard,
    operation: string,
    deadline: Deadline,
    question: Q,
    resolve: (answer: T) => void,
    reject: (error: unknown) => void,
  ) {
    super(guard, operation, deadline, resolve, reject)
    this.question = question
  }
}
