/**
 * Calls of a store that may be down: each ends in time, and after some that failed the store is left
 * alone for a while.
 *
 * @module
 */
import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleAll,
} from 'cockatiel'

import { isAsyncDjangoError, StoreTimeoutError, StoreUnavailableError } from '../errors.ts'
import type { Call } from '../session/store.ts'
import { asStoreError } from '../session/store-failure.ts'
import { start, TimedCall } from '../session/timed-call.ts'
import { whenOver } from './_when-over.ts'
import { platform } from '#platform'

/** When a store is left alone. */
export interface BreakerOptions {
  /** What one call may take, in milliseconds. */
  readonly timeoutMs: number
  /** Calls in a row that fail before it is left alone. */
  readonly failures: number
  /** For how long, in milliseconds, before one call tries it again. */
  readonly retryAfterMs: number
}

/** The name of the store in errors. */
const store = 'fallbackStore'

/** Whether this says that a store is down. */
export function isOutage(error: unknown): boolean {
  if (!isAsyncDjangoError(error)) return false
  return error.code === 'ERR_STORE_UNAVAILABLE' || error.code === 'ERR_STORE_TIMEOUT'
}

/** The calls of one store. */
export class Breaker {
  readonly #policy: CircuitBreakerPolicy
  readonly #timeoutMs: number
  readonly #onSuccess: Array<() => void> = []

  constructor({ timeoutMs, failures, retryAfterMs }: BreakerOptions) {
    this.#timeoutMs = timeoutMs
    this.#policy = circuitBreaker(handleAll, {
      halfOpenAfter: retryAfterMs,
      breaker: new ConsecutiveBreaker(failures),
    })
  }

  /** Calls a function when the store is left alone, or taken up again. */
  onChange(listener: (isDown: boolean) => void): void {
    this.#policy.onBreak(() => listener(true))
    this.#policy.onReset(() => listener(false))
  }

  /** Calls a function after each call that the store answered. */
  onSuccess(listener: () => void): void {
    this.#onSuccess.push(listener)
  }

  /**
   * Makes a call, if the store is not left alone.
   *
   * @throws StoreUnavailableError, StoreTimeoutError; what the store throws for other reasons.
   */
  async run<T>(operation: string, work: (call: Call) => Promise<T>, outer?: Call): Promise<T> {
    // One call tries a store that was down; the others do not wait for what comes of it.
    if (this.#policy.state === CircuitState.HalfOpen) throw unavailable(operation)
    const result = await this.#policy
      .execute(() => this.#settle(operation, work, outer))
      .catch((error: unknown) => {
        throw error instanceof BrokenCircuitError ? unavailable(operation) : error
      })
    for (const listener of this.#onSuccess) listener()
    if ('value' in result) return result.value
    throw result.error
  }

  /** Rejects for an outage only: other errors say nothing against the store. */
  async #settle<T>(
    operation: string,
    work: (call: Call) => Promise<T>,
    outer: Call | undefined,
  ): Promise<Settled<T>> {
    try {
      return { value: await this.#limit(operation, work, outer) }
    } catch (cause) {
      const error = asStoreError({ store, operation }, cause)
      if (isOutage(error)) throw error
      return { error }
    }
  }

  #limit<T>(
    operation: string,
    work: (call: Call) => Promise<T>,
    outer: Call | undefined,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = new TimedCall()
      const expire = (): void => {
        cancel()
        reject(new StoreTimeoutError({ store, operation }, this.#timeoutMs))
        call.end()
      }
      const cancel = platform.delay(expire, this.#timeoutMs)
      if (outer) whenOver(outer, expire)
      if (call.isOver) return
      start(() => work(call))
        .then(resolve, reject)
        .finally(cancel)
    })
  }
}

type Settled<T> = { readonly value: T } | { readonly error: unknown }

function unavailable(operation: string): StoreUnavailableError {
  return new StoreUnavailableError({ store, operation })
}
