/**
 * The time that store calls have.
 *
 * @module
 */
/** How long the store calls of one request, or of one operation, may take together. */
export class Deadline {
  readonly timeoutMs: number
  #leftMs: number

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs
    this.#leftMs = timeoutMs
  }

  /** Milliseconds that are left. */
  get leftMs(): number {
    return Math.max(0, this.#leftMs)
  }

  /** Takes the time that a call took. */
  spend(ms: number): void {
    this.#leftMs -= ms
  }
}
