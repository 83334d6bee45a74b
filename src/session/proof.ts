/**
 * Whether this process has shown that its secrets are the right ones. Until then it destroys
 * nothing on the word of a row that it cannot read or find.
 *
 * @module
 */

const rememberedKeys = 10_000

/** One process's proof. */
export class Proof {
  #isProven = false
  /** Keys of sessions that this process made: reading those back proves nothing. */
  readonly #own = new Set<string>()

  get isProven(): boolean {
    return this.#isProven
  }

  /** Something that others made was verified. */
  prove(): void {
    this.#isProven = true
    this.#own.clear()
  }

  /** The payload under this key was verified. */
  verified(key: string): void {
    if (!this.#isProven && !this.#own.has(key)) this.prove()
  }

  /** This process stored a new session under this key. */
  made(key: string): void {
    if (this.#isProven) return
    this.#own.add(key)
    if (this.#own.size > rememberedKeys) {
      for (const oldest of this.#own) {
        this.#own.delete(oldest)
        break
      }
    }
  }
}
