/**
 * What is loaded when it is first needed, so that a process that never needs it starts without.
 *
 * @module
 */

/** Something that comes with an import of its own. */
export class Late<T> {
  readonly #load: () => Promise<T>
  #value: T | null = null
  #loading: Promise<T> | null = null

  constructor(load: () => Promise<T>) {
    this.#load = load
  }

  /** null until it is loaded. */
  get value(): T | null {
    return this.#value
  }

  /** Loads it, once; after a failure, anew. */
  load(): Promise<T> {
    this.#loading ??= this.#load().then(
      (value) => (this.#value = value),
      (error: unknown) => {
        this.#loading = null
        throw error
      },
    )
    return this.#loading
  }
}
