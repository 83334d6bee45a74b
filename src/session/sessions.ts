/**
 * All sessions of one `django`.
 *
 * @module
 */
import { problemOf } from './codec.ts'
import { Deadline } from './deadline.ts'
import type { SessionHost } from './host.ts'
import type { LazyReadOnlySession, LazySession } from './lazy-session.ts'
import { ReadOnlySession, Session } from './session.ts'
import type { SessionOrigin } from './session-core.ts'
import { isLookupKey, isSessionKey } from './session-key.ts'
import type { ClearOptions, ClearProgress, SessionStore } from './store.ts'

/** How expired sessions are removed, and who is told. */
export interface ClearExpiredOptions extends ClearOptions {
  /** Told of each batch; where it answers false, that was the last. */
  readonly onProgress?: (progress: ClearProgress) => unknown
}

/** Sessions where nothing may be written. */
export class ReadOnlySessions<D extends object = Record<string, unknown>> {
  readonly #host: SessionHost

  /** Use `django.sessions`. */
  constructor(host: SessionHost) {
    this.#host = host
  }

  /** The session under a key; nothing is read until `load()`. A null key is a new visitor's. */
  get(key: string | null | undefined): LazyReadOnlySession<D> {
    return this.open({ takeKey: () => key ?? null })
  }

  /** For adapters: a session whose cookie belongs to a response. */
  open(origin: SessionOrigin): LazyReadOnlySession<D> {
    return new ReadOnlySession<D>(this.#host, origin)
  }

  /**
   * Whether there is a session under a key. As in Django, expired ones count, and those that visitors
   * keep themselves do not.
   */
  async exists(key: string): Promise<boolean> {
    const { store, reader, limits, storeTimeoutMs } = this.#host
    if (!store.can.revoke) return false
    if (!isSessionKey(key) || !isLookupKey(key, limits.keyLength)) return false
    return (await reader.load()).store.exists(key, new Deadline(storeTimeoutMs))
  }

  /**
   * The data in a payload, empty, and with a diagnostics event, where it cannot be read. Mirrors
   * `SessionBase.decode`, and like it answers what is no object as it is.
   */
  decode(payload: string): unknown {
    const { store, diagnostics } = this.#host
    try {
      return store.codec.format.parse(store.codec.decode(payload))
    } catch (error) {
      const reason = problemOf(error)
      diagnostics.publish('session.corrupt', () => ({ session: null, reason }))
      return {}
    }
  }
}

/** Sessions. */
export class Sessions<D extends object = Record<string, unknown>> extends ReadOnlySessions<D> {
  readonly #host: SessionHost
  readonly #store: SessionStore

  /** Use `django.sessions`. */
  constructor(host: SessionHost, store: SessionStore) {
    super(host)
    this.#host = host
    this.#store = store
  }

  override get(key: string | null | undefined): LazySession<D> {
    return this.open({ takeKey: () => key ?? null })
  }

  override open(origin: SessionOrigin): LazySession<D> {
    return new Session<D>(this.#host, origin)
  }

  /** Ends the session under a key, whoever holds it. Answers whether there was one. */
  async delete(key: string): Promise<boolean> {
    const { reader, storeTimeoutMs } = this.#host
    const { store } = await reader.load()
    return (await store.delete(key, undefined, new Deadline(storeTimeoutMs))) === 'deleted'
  }

  /**
   * The payload for data. Mirrors `SessionBase.encode`.
   *
   * @throws UnserializableError for data that cannot be stored.
   */
  encode(data: Record<string, unknown>): string {
    const { codec } = this.#host.store
    return codec.encode(codec.format.stringify(data))
  }

  /**
   * Removes expired sessions, in batches; of several processes that try, one works. Mirrors the
   * `clearsessions` command.
   *
   * @returns How many were removed.
   */
  async clearExpired(options: ClearExpiredOptions = {}): Promise<number> {
    let total = 0
    for await (const progress of this.#store.clearExpired(options)) {
      total += progress.deleted
      if (options.onProgress?.(progress) === false) break
    }
    return total
  }
}
