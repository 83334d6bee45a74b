/**
 * The time of one call of a store, as the store sees it.
 *
 * @module
 */
import type { Call } from './store.ts'

/** A call whose time somebody ends. Makes an abort signal only for stores that ask for one. */
export class TimedCall implements Call {
  #isOver = false
  #controller: AbortController | null = null
  #listener: (() => void) | null = null

  /** Whether its time is over. */
  get isOver(): boolean {
    return this.#isOver
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isOver) this.#controller.abort()
    return this.#controller.signal
  }

  onTimeout(listener: () => void): void {
    if (this.#isOver) return listener()
    const earlier = this.#listener
    this.#listener = earlier === null ? listener : () => (earlier(), listener())
  }

  /** Its time is over. */
  end(): void {
    this.#isOver = true
    this.#controller?.abort()
    this.#listener?.()
    this.#listener = null
  }
}

/** Starts a store's work: one that throws instead of rejecting fails like any other. */
export function start<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work()
  } catch (error) {
    return Promise.reject(error)
  }
}
