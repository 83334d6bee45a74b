/**
 * Tasks with the same key run one after the other, those with different keys side by side.
 *
 * @module
 */

/** A queue for each key that has work. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>()

  /** Whether a task with this key has not ended yet. */
  isBusy(key: string): boolean {
    return this.#tails.has(key)
  }

  /** Runs the task after all earlier ones with the same key, whether those failed or not. */
  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key)
    const result = before ? before.then(task, task) : task()
    this.#tails.set(key, result)
    const forget = (): void => {
      if (this.#tails.get(key) === result) this.#tails.delete(key)
    }
    result.then(forget, forget)
    return result
  }
}
