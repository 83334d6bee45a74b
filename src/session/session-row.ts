/**
 * The row behind one session: reads it, and knows what became of it.
 *
 * @module
 */
import { sessionDigest } from '../diagnostics.ts'
import { BadSignatureError, PayloadError, StoreError } from '../errors.ts'
import { type Codec, emptyText, type OpenedPayload } from './codec.ts'
import { Draft } from './draft.ts'
import type { Deadline } from './deadline.ts'
import type { SessionHost } from './host.ts'
import { isLookupKey, isSessionKey, makeSessionKey } from './session-key.ts'
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

/** One row, by its key, as `row-writer.ts` writes it. */
export class SessionRow {
  readonly #host: SessionHost
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

  constructor(host: SessionHost, key: string | null, origin: RowOrigin) {
    this.#host = host
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

  /** The same as a draft of its own. */
  draft(): Draft {
    const { format } = this.#host.store.codec
    const data = this.#data ?? (format.parse(this.#text) as Record<string, unknown>)
    this.#data = null
    return new Draft(this.#text, data, format)
  }

  /** Reads the row anew. */
  read(deadline: Deadline): Promise<void> {
    const reading = this.readStrictly(deadline)
    if (this.#host.onStoreError !== 'anonymous') return reading
    return reading.catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
      this.#beAnonymous(error)
    })
  }

  /** The same, also where visitors are anonymous while the store fails. @throws StoreError */
  async readStrictly(deadline: Deadline): Promise<void> {
    this.outage = null
    if (this.key === null) return
    const { store, limits } = this.#host
    const isLookup = isLookupKey(this.key, limits.keyLength)
    const found = isLookup ? await store.load(this.key, deadline) : null
    const stored = found ?? (await this.#follow(this.key, deadline))
    this.isUncertain = false
    if (stored !== null) return this.take(stored)
    const key = this.key
    const wasThere = this.state === 'present' || this.state === 'gone'
    this.forget(wasThere ? 'gone' : 'missing')
    this.needsRenewal = this.#host.renews && (await store.renews(key, deadline))
  }

  /** Where another request of this process moved the session, it is under another key. */
  async #follow(key: string, deadline: Deadline): Promise<StoredSession | null> {
    const { store, moves } = this.#host
    const next = (await moves.follow(key)) ?? null
    const stored = next === null ? null : await store.load(next, deadline)
    if (stored !== null) this.key = next
    return stored
  }

  /** Takes the row to be there, and whatever it holds to be written over: Django does after clear(). */
  assume(): void {
    if (this.state !== 'unread') return
    this.stored = { payload: '', expireDate: null }
    this.state = 'present'
  }

  /** After a save under an unknown key, the session has a new key in Django, and no row for it. */
  beGone(): void {
    this.key = makeSessionKey()
    this.state = 'gone'
  }

  #beAnonymous(error: StoreError): void {
    this.state = 'outage'
    this.outage = error
    const { store, code } = error
    this.#host.diagnostics.publish('session.outage', () => ({ store, code }))
  }

  /** As in Django, the key of a row that is not there is forgotten. */
  forget(state: 'new' | 'missing' | 'gone'): void {
    this.key = null
    this.stored = null
    this.text = emptyText
    this.state = state
  }

  take(stored: StoredSession): void {
    const decoded = this.decode(stored.payload)
    this.stored = stored
    this.#text = decoded?.text ?? emptyText
    this.#data = decoded?.data ?? null
    this.state = decoded === null ? 'undecodable' : 'present'
  }

  /** null, with a diagnostics event, for a payload that cannot be read. */
  decode(payload: string): Decoded | null {
    const { store, proof, diagnostics } = this.#host
    const session = this.key ?? ''
    try {
      const opened = openPayload(store.codec, payload)
      const { text } = opened
      checkObject(text)
      const data = opened.parse() as Record<string, unknown>
      if (store.codec.isSigned ?? true) proof.verified(session)
      return { text, data }
    } catch (error) {
      const reason = problemOf(error)
      diagnostics.publish('session.corrupt', () => ({ session: sessionDigest(session), reason }))
      return null
    }
  }
}

interface Decoded {
  readonly text: string
  readonly data: Record<string, unknown>
}

function openPayload(codec: Codec, payload: string): OpenedPayload {
  const opened = codec.open?.(payload)
  if (opened) return opened
  const text = codec.decode(payload)
  return { text, parse: () => codec.format.parse(text) }
}

function checkObject(text: string): void {
  if (!/^[ \t\n\r]*\{/.test(text)) {
    throw new PayloadError('notAnObject', 'A payload holds JSON that is not an object.')
  }
}

/** Why a payload cannot be read; anything but a bad payload is thrown on. */
export function problemOf(error: unknown): 'badSignature' | PayloadError['reason'] {
  if (error instanceof BadSignatureError) return 'badSignature'
  if (error instanceof PayloadError) return error.reason
  throw error
}
