/**
 * What stood behind the ETags that the service gave out.
 *
 * @module
 */
import type { StoredSession } from '../session/store.ts'
import { etagOf } from '../stores/_http-wire.ts'

/**
 * Payloads by their ETags: a client sends back the ETag, and a store compares the payload. What is no
 * longer here is read from the store again, so that forgetting costs a query and nothing else.
 */
export class SeenSessions {
  readonly #seen = new Map<string, StoredSession>()
  readonly #maxSize: number
  #size = 0

  /** @param maxSize - In characters of all payloads together. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize
  }

  /** Takes a session in. Answers its ETag. */
  add(stored: StoredSession): string {
    const etag = etagOf(stored)
    this.#forget(etag)
    this.#seen.set(etag, stored)
    this.#size += stored.payload.length
    for (const oldest of this.#seen.keys()) {
      if (this.#size <= this.#maxSize) break
      this.#forget(oldest)
    }
    return etag
  }

  get(etag: string): StoredSession | null {
    return this.#seen.get(etag) ?? null
  }

  #forget(etag: string): void {
    this.#size -= this.#seen.get(etag)?.payload.length ?? 0
    this.#seen.delete(etag)
  }
}
