/**
 * Reads the rows behind sessions, and holds what it takes to work on what was read. Loaded at the
 * first session: servers, and workers that have just begun, do without it until somebody comes.
 *
 * @module
 */
import { type Diagnostics, sessionDigest } from '../diagnostics.ts'
import { PayloadError, SessionInterruptedError, StoreError } from '../errors.ts'
import { isEqual, stringifyLike } from '../formats/json-source.ts'
import { type DataEditing, emptyText, problemOf } from './codec.ts'
import type { Deadline } from './deadline.ts'
import { Draft } from './draft.ts'
import type { ExpirySettings } from './expiry.ts'
import { ExpiryRule } from './expiry-rule.ts'
import { GuardedStore } from './guarded-store.ts'
import { KeyedQueue } from './keyed-queue.ts'
import type { Limits } from './limits.ts'
import { Moves } from './moves.ts'
import { Proof } from './proof.ts'
import { isLookupKey, makeSessionKey } from './session-key.ts'
import type { Decoded, SessionRow } from './session-row.ts'
import type { SessionStore, StoredSession } from './store.ts'
import { VerifiedPayloads } from './verified-payloads.ts'

/** What a reader needs to know of a `django`. */
export interface ReaderHost {
  readonly store: Pick<SessionStore, 'codec'>
  readonly settings: ExpirySettings
  readonly limits: Limits
  readonly now: () => Date
  readonly diagnostics: Diagnostics
  readonly djangoExact: boolean
  /** Whether a look may write, as it does in some of Django's engines. */
  readonly renews: boolean
  readonly onStoreError: 'throw' | 'anonymous'
}

/** Reads all rows of one `django`. */
export class RowReader {
  readonly store: GuardedStore
  readonly expiry: ExpiryRule
  readonly proof: Proof = new Proof()
  readonly moves: Moves = new Moves()
  /** What is done by `change()`, in turns for each key. */
  readonly changes: KeyedQueue = new KeyedQueue()
  readonly #host: ReaderHost
  readonly #editing: DataEditing
  readonly #verified: VerifiedPayloads

  constructor(host: ReaderHost, store: SessionStore) {
    this.store = new GuardedStore(store)
    this.expiry = new ExpiryRule(host.settings, host.now)
    this.#host = host
    this.#editing = store.codec.format.editing({ isEqual, stringifyLike })
    this.#verified = new VerifiedPayloads(store.codec)
  }

  /** Reads a row anew. */
  read(row: SessionRow, deadline: Deadline): Promise<void> {
    const reading = this.readStrictly(row, deadline)
    if (this.#host.onStoreError !== 'anonymous') return reading
    return reading.catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
      this.#beAnonymous(row, error)
    })
  }

  #beAnonymous(row: SessionRow, error: StoreError): void {
    row.state = 'outage'
    row.outage = error
    const { store, code } = error
    this.#host.diagnostics.publish('session.outage', () => ({ store, code }))
  }

  /** The same, also where visitors are anonymous while the store fails. @throws StoreError */
  async readStrictly(row: SessionRow, deadline: Deadline): Promise<void> {
    row.outage = null
    const { key } = row
    if (key === null) return
    const isLookup = isLookupKey(key, this.#host.limits.keyLength)
    const found = isLookup ? await this.store.load(key, deadline) : null
    const stored = found ?? (await this.#follow(row, key, deadline))
    row.isUncertain = false
    if (stored !== null) return this.take(row, stored)
    const wasThere = row.state === 'present' || row.state === 'gone'
    row.forget(wasThere ? 'gone' : 'missing')
    row.needsRenewal = this.#host.renews && (await this.store.renews(key, deadline))
  }

  /** Where another request of this process moved the session, it is under another key. */
  async #follow(row: SessionRow, key: string, deadline: Deadline): Promise<StoredSession | null> {
    const next = (await this.moves.follow(key)) ?? null
    const stored = next === null ? null : await this.store.load(next, deadline)
    if (stored !== null) row.key = next
    return stored
  }

  /** Takes in what was read. */
  take(row: SessionRow, stored: StoredSession): void {
    row.take(stored, this.decode(row, stored.payload))
  }

  /** null, with a diagnostics event, for a payload that cannot be read. */
  decode(row: SessionRow, payload: string): Decoded | null {
    const { store, diagnostics } = this.#host
    const session = row.key ?? ''
    try {
      const opened = this.#verified.open(payload)
      const { text } = opened
      checkObject(text)
      const data = opened.parse() as Record<string, unknown>
      if (store.codec.isSigned ?? true) this.proof.verified(session)
      return { text, data }
    } catch (error) {
      const reason = problemOf(error)
      diagnostics.publish('session.corrupt', () => ({ session: sessionDigest(session), reason }))
      return null
    }
  }

  /** A save without a look met no row: in Django, the session then has a new key, and no row for it. */
  lost(row: SessionRow): SessionInterruptedError {
    if (this.#host.djangoExact) {
      row.key = makeSessionKey()
      row.state = 'gone'
    }
    return new SessionInterruptedError()
  }

  /** The data of a row as a draft of its own. */
  draft(row: SessionRow): Draft {
    const { format } = this.#host.store.codec
    const data = row.takeData() ?? (format.parse(row.text) as Record<string, unknown>)
    return new Draft(row.text, data, format, this.#editing)
  }

  /** No data. */
  emptyDraft(): Draft {
    return new Draft(emptyText, {}, this.#host.store.codec.format, this.#editing)
  }
}

function checkObject(text: string): void {
  if (!/^[ \t\n\r]*\{/.test(text)) {
    throw new PayloadError('notAnObject', 'A payload holds JSON that is not an object.')
  }
}
