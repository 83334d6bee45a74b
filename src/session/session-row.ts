/**
 * The row behind one session: what is known of it.
 *
 * @module
 */
import type { StoreError } from '../errors.ts'
import { emptyText } from './codec.ts'
import { isSessionKey } from './session-key.ts'
import type { StoredSession } from './store.ts'

/**
 * What is known of the row. `new`: there is no key. `missing`: there was one, and no row for it.
 * `gone`: there was a row, and it was deleted meanwhile. `undecodable`: there is a row that cannot
 * be read. `outage`: the store failed, and the visitor is treated as anonymous.
 */
export type RowState = 'unread' | 'new' | 'present' | 'missing' | 'gone' | 'undecodable' | 'outage'

/** What can be done about the cookie of a row. */
export interface RowOrigin {
  /**
   * Called before a write that changes the key, and so needs a cookie; throws where none can be set.
   * Default: one can always be set.
   */
  checkCookie?(operation: string): void
}

/** What a payload says. */
export interface Decoded {
  readonly text: string
  readonly data: Record<string, unknown>
}

/** One row, by its key, as `row-reader.ts` reads it and `row-writer.ts` writes it. */
export class SessionRow {
  readonly origin: RowOrigin
  key: string | null
  /** As it was last read or written. */
  stored: StoredSession | null = null
  state: RowState
  outage: StoreError | null = null
  /** What stands in the store is not known: a write ran into its deadline, or could not be merged. */
  isUncertain = false
  /** The look is to put an empty session where there is none to read, as some of Django's engines do. */
  needsRenewal = false
  #text: string = emptyText
  /** The data of the text, until somebody takes it: it is never shared. */
  #data: Record<string, unknown> | null = null

  constructor(key: string | null, origin: RowOrigin) {
    this.origin = origin
    this.key = isSessionKey(key) ? key : null
    this.state = this.key === null ? 'new' : 'unread'
  }

  /** When the row expires, where the store told. */
  get expireDate(): Date | null {
    return this.stored?.expireDate ?? null
  }

  /** The text of the data as it was last read or written; an empty object's where there is none. */
  get text(): string {
    return this.#text
  }

  set text(text: string) {
    this.#text = text
    this.#data = null
  }

  /** The data of the text, once; null where somebody took it. */
  takeData(): Record<string, unknown> | null {
    const data = this.#data
    this.#data = null
    return data
  }

  /** What was read, and what it says; null where that cannot be read. */
  take(stored: StoredSession, decoded: Decoded | null): void {
    this.stored = stored
    this.#text = decoded?.text ?? emptyText
    this.#data = decoded?.data ?? null
    this.state = decoded === null ? 'undecodable' : 'present'
  }

  /** Takes the row to be there, and whatever it holds to be written over: Django does after clear(). */
  assume(): void {
    if (this.state !== 'unread') return
    this.stored = { payload: '', expireDate: null }
    this.state = 'present'
  }

  /** As in Django, the key of a row that is not there is forgotten. */
  forget(state: 'new' | 'missing' | 'gone'): void {
    this.key = null
    this.stored = null
    this.text = emptyText
    this.state = state
  }
}
