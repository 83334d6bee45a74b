/**
 * Writes to a session that is not loaded: kept until `save()`, which loads, applies and compares.
 *
 * @module
 */
import { SessionDataError } from '../errors.ts'
import { UnserializableError } from '../formats/python-json.ts'
import type { DataFormat } from './codec.ts'
import type { Draft } from './draft.ts'

type Write = { readonly kind: 'set'; readonly value: unknown } | { readonly kind: 'delete' }

/** Writes in the order in which they were made; a later one to the same key replaces it. */
export class PendingWrites {
  readonly #writes = new Map<string, Write>()
  #cleared = false

  get isEmpty(): boolean {
    return !this.#cleared && this.#writes.size === 0
  }

  /** Whether a value is set. */
  get holdsValues(): boolean {
    return [...this.#writes.values()].some(
      (write) => write.kind === 'set' && write.value !== undefined,
    )
  }

  /** Whether the session was cleared without a look at it. */
  get cleared(): boolean {
    return this.#cleared
  }

  set(key: string, value: unknown): void {
    this.#writes.set(key, { kind: 'set', value })
  }

  delete(key: string): void {
    this.#writes.set(key, { kind: 'delete' })
  }

  clear(): void {
    this.#writes.clear()
    this.#cleared = true
  }

  /**
   * A copy that later changes to the values do not reach.
   *
   * @throws SessionDataError for a value that cannot be stored.
   */
  copy(format: DataFormat): PendingWrites {
    const copied = new PendingWrites()
    copied.#cleared = this.#cleared
    for (const [key, write] of this.#writes) {
      if (write.kind === 'delete') copied.delete(key)
      else copied.set(key, copyValue(key, write.value, format))
    }
    return copied
  }

  /** Answers whether anything was written. */
  applyTo(draft: Draft): boolean {
    if (this.#cleared) draft.clear()
    let wrote = this.#cleared
    for (const [key, write] of this.#writes) {
      if (write.kind === 'delete') wrote = draft.delete(key) || wrote
      else {
        draft.set(key, write.value)
        wrote = true
      }
    }
    return wrote
  }
}

function copyValue(key: string, value: unknown, format: DataFormat): unknown {
  if (value === undefined) return undefined
  try {
    return format.parse(format.stringify(value))
  } catch (error) {
    if (!(error instanceof UnserializableError)) throw error
    throw new SessionDataError(error.problem, [key, ...error.path])
  }
}
