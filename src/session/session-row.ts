/**
 * The row behind one session: reads it, and writes it without ever overwriting what others wrote.
 *
 * @module
 */
import { sessionDigest } from '../diagnostics.ts'
import {
  BadSignatureError,
  PayloadError,
  SecretMismatchError,
  SessionConflictError,
  SessionInterruptedError,
  SessionKeyCollisionError,
  StoreError,
  StoreTimeoutError,
} from '../errors.ts'
import { type Codec, emptyText, type OpenedPayload } from './codec.ts'
import { Draft } from './draft.ts'
import { expiryKey } from './expiry.ts'
import type { Deadline } from './guarded-store.ts'
import type { SessionHost } from './host.ts'
import { type Changes, merge, type Merged } from './merge.ts'
import { isLookupKey, isSessionKey, makeSessionKey } from './session-key.ts'
import type { NewSession, StoredSession, Updated } from './store.ts'
import { platform } from '#platform'

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

const mostKeys = 10
/** Beside writers in other processes that never rest, about four tries in ten succeed. */
const mostTries = 50
const longestPauseMs = 64

/** One row, by its key. */
export class SessionRow {
  readonly #host: SessionHost
  readonly #origin: RowOrigin
  #key: string | null
  #stored: StoredSession | null = null
  #text: string = emptyText
  /** The data of the text, until somebody takes it: it is never shared. */
  #data: Record<string, unknown> | null = null
  #state: RowState
  #outage: StoreError | null = null
  /** The look put an empty session where there was none to read, as some of Django's engines do. */
  isRenewed = false
  /** What stands in the store is not known: a write ran into its deadline, or could not be merged. */
  #isUncertain = false

  constructor(host: SessionHost, key: string | null, origin: RowOrigin) {
    this.#host = host
    this.#origin = origin
    this.#key = isSessionKey(key) ? key : null
    this.#state = this.#key === null ? 'new' : 'unread'
  }

  get key(): string | null {
    return this.#key
  }

  get state(): RowState {
    return this.#state
  }

  /** When the row expires, where the store told. */
  get expireDate(): Date | null {
    return this.#stored?.expireDate ?? null
  }

  /** The text of the data as it was last read or written; an empty object's where there is none. */
  get text(): string {
    return this.#text
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
    const reading = this.#read(deadline)
    if (this.#host.onStoreError !== 'anonymous') return reading
    return reading.catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
      this.#beAnonymous(error)
    })
  }

  async #read(deadline: Deadline): Promise<void> {
    this.#outage = null
    if (this.#key === null) return
    const { store, limits } = this.#host
    const isLookup = isLookupKey(this.#key, limits.keyLength)
    const found = isLookup ? await store.load(this.#key, deadline) : null
    const stored = found ?? (await this.#follow(this.#key, deadline))
    this.#isUncertain = false
    if (stored !== null) return this.#take(stored)
    const key = this.#key
    const wasThere = this.#state === 'present' || this.#state === 'gone'
    this.#forget(wasThere ? 'gone' : 'missing')
    if (!this.#host.renews || !(await store.renews(key, deadline))) return
    await this.#create(emptyText, 'load()', deadline)
    this.isRenewed = true
  }

  /** Where another request of this process moved the session, it is under another key. */
  async #follow(key: string, deadline: Deadline): Promise<StoredSession | null> {
    const { store, moves } = this.#host
    const next = (await moves.follow(key)) ?? null
    const stored = next === null ? null : await store.load(next, deadline)
    if (stored !== null) this.#key = next
    return stored
  }

  /** Takes the row to be there, and whatever it holds to be written over: Django does after clear(). */
  assume(): void {
    if (this.#state !== 'unread') return
    this.#stored = { payload: '', expireDate: null }
    this.#state = 'present'
  }

  /** After a save under an unknown key, the session has a new key in Django, and no row for it. */
  beGone(): void {
    this.#key = makeSessionKey()
    this.#state = 'gone'
  }

  #beAnonymous(error: StoreError): void {
    this.#state = 'outage'
    this.#outage = error
    const { store, code } = error
    this.#host.diagnostics.publish('session.outage', () => ({ store, code }))
  }

  /** As in Django, the key of a row that is not there is forgotten. */
  #forget(state: 'new' | 'missing' | 'gone'): void {
    this.#key = null
    this.#stored = null
    this.#text = emptyText
    this.#data = null
    this.#state = state
  }

  #take(stored: StoredSession): void {
    const decoded = this.#decode(stored.payload)
    this.#stored = stored
    this.#text = decoded?.text ?? emptyText
    this.#data = decoded?.data ?? null
    this.#state = decoded === null ? 'undecodable' : 'present'
  }

  /** null, with a diagnostics event, for a payload that cannot be read. */
  #decode(payload: string): Decoded | null {
    const { store, proof, diagnostics } = this.#host
    const session = this.#key ?? ''
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

  /**
   * Stores changes, under a new key where there is no row to write to.
   *
   * @param always - Write even where the changes are already there.
   * @returns The text that stands in the store now.
   */
  async write(changes: Changes, deadline: Deadline, always: boolean): Promise<string> {
    await this.#makeCertain(deadline)
    if (this.#state === 'present') return this.#update(changes, deadline, always)
    if (this.#state === 'undecodable') {
      if (this.#host.djangoExact) return this.#overwrite(changes.ours, deadline)
      this.#leave()
    }
    return this.#create(changes.ours, 'save()', deadline)
  }

  /** Nothing is written after an outage, nor once the row is gone: it must not come back. */
  refuseWrites(): void {
    if (this.#outage) throw this.#outage
    if (this.#state === 'gone') throw this.#interrupted()
  }

  /** Where what stands there is not known, it is read before the next write. */
  async #makeCertain(deadline: Deadline): Promise<void> {
    this.refuseWrites()
    if (!this.#isUncertain || this.#key === null) return
    const { store } = this.#host
    const stored = await store.load(this.#key, deadline)
    if (stored === null) throw this.#interrupted()
    this.#isUncertain = false
    this.#take(stored)
  }

  async #update(changes: Changes, deadline: Deadline, always: boolean): Promise<string> {
    if (this.#host.djangoExact) return this.#overwrite(changes.ours, deadline)
    const next = await this.#mergeWithRow(changes, deadline)
    if (await this.#swap(next, deadline)) return next
    return this.#inTurn(deadline, () => this.#updateAgain(changes, deadline, always))
  }

  async #updateAgain(changes: Changes, deadline: Deadline, always: boolean): Promise<string> {
    for (let attempt = 2; attempt <= mostTries; attempt++) {
      if (this.#state === 'undecodable') {
        this.#leave()
        return this.#create(changes.ours, 'save()', deadline)
      }
      const next = this.#mergeWith(this.#text, changes)
      if (next === this.#text && !always) return next
      if (await this.#swap(next, deadline)) return next
      await this.#giveWay(attempt, deadline)
    }
    throw tooManyConflicts()
  }

  /** After a conflict, one writer of this process at a time: the others would only be in its way. */
  #inTurn<T>(deadline: Deadline, task: () => Promise<T>): Promise<T> {
    const key = this.#key ?? ''
    const { changes } = this.#host
    const startedAt = performance.now()
    const isFirst = !changes.isBusy(key)
    return changes.run(key, async () => {
      deadline.spend(performance.now() - startedAt)
      if (!isFirst) await this.#look(deadline)
      return task()
    })
  }

  /** Waits, and looks again: what the conflict told is old by then. The second try is made at once. */
  async #giveWay(attempt: number, deadline: Deadline): Promise<void> {
    if (attempt === 1) return
    await pause(attempt)
    await this.#look(deadline)
  }

  /** A row that is gone, or expired, is for the write to find. */
  async #look(deadline: Deadline): Promise<void> {
    if (this.#key === null) return
    const stored = await this.#host.store.load(this.#key, deadline)
    if (stored !== null) this.#take(stored)
  }

  /** Last write wins, as in Django. */
  async #overwrite(text: string, deadline: Deadline): Promise<string> {
    while (!(await this.#swap(text, deadline)));
    return text
  }

  /**
   * Writes over the row as it was read. Answers false, and takes in what stands there, where it was
   * written meanwhile.
   */
  async #swap(text: string, deadline: Deadline): Promise<boolean> {
    const updated = await this.#put(text, deadline)
    if (updated.outcome === 'missing') throw this.#interrupted()
    if (updated.outcome === 'conflict') {
      this.#take(updated.current)
      return false
    }
    if (updated.key !== this.#key) this.#checkNewKey(updated.key)
    this.#key = updated.key
    this.#stored = updated.stored
    this.#text = text
    this.#data = null
    this.#state = 'present'
    return true
  }

  /** A session that is its cookie is saved only where that can be set. */
  #checkNewKey(key: string): void {
    this.#origin.checkCookie?.('save()')
    this.#host.proof.made(key)
  }

  async #put(text: string, deadline: Deadline): Promise<Updated> {
    if (this.#key === null || this.#stored === null) throw this.#interrupted()
    try {
      const next = this.#newSession(text)
      return await this.#host.store.update(this.#key, next, this.#stored, deadline)
    } catch (error) {
      if (error instanceof StoreTimeoutError) this.#isUncertain = true
      throw error
    }
  }

  #newSession(text: string): NewSession {
    const { codec } = this.#host.store
    const expiry = codec.format.valueAt(text, expiryKey)
    return { payload: codec.encode(text), expireDate: this.#host.expiry.date(expiry) }
  }

  /** What the row held when it was last seen may not merge, and what it holds now may. */
  async #mergeWithRow(changes: Changes, deadline: Deadline): Promise<string> {
    try {
      return this.#mergeWith(this.#text, changes)
    } catch (error) {
      if (!(error instanceof SessionConflictError)) throw error
      await this.#makeCertain(deadline)
      return this.#mergeWith(this.#text, changes)
    }
  }

  #mergeWith(theirs: string, changes: Changes): string {
    if (theirs === changes.base) return changes.ours
    const { onConflict, diagnostics } = this.#host
    const { text, conflicts } = this.#tryMerge(theirs, changes)
    if (conflicts.length === 0) return text
    if (onConflict === 'throw') {
      this.#isUncertain = true
      throw new SessionConflictError(
        `Two requests changed the same keys of a session: ${conflicts.join(', ')}.`,
        1,
        conflicts,
      )
    }
    const session = this.#key ?? ''
    diagnostics.publish('session.conflict', () => ({
      session: sessionDigest(session),
      keys: conflicts,
    }))
    return text
  }

  #tryMerge(theirs: string, changes: Changes): Merged {
    try {
      return merge(changes, theirs, this.#host.store.codec.format)
    } catch (error) {
      this.#isUncertain = true
      throw error
    }
  }

  /** Django would write over a row that it cannot read. We leave it, once we know we could read one. */
  #leave(): void {
    const { store, proof, diagnostics } = this.#host
    if (!proof.isProven) throw new SecretMismatchError(store.name)
    const left = this.#key ?? ''
    diagnostics.publish('session.moved', () => ({ session: sessionDigest(left) }))
  }

  async #create(text: string, operation: string, deadline: Deadline): Promise<string> {
    this.#origin.checkCookie?.(operation)
    const { store, proof, sessionColumns } = this.#host
    const next = this.#newSession(text)
    const columns = sessionColumns && {
      columns: sessionColumns(store.codec.format.parse(text) as Record<string, unknown>),
    }
    for (let attempt = 1; attempt <= mostKeys; attempt++) {
      const created = await store.create(makeSessionKey(), { ...next, ...columns }, deadline)
      if (created === null) continue
      proof.made(created.key)
      this.#key = created.key
      this.#stored = created.stored
      this.#text = text
      this.#data = null
      this.#state = 'present'
      return text
    }
    throw new SessionKeyCollisionError(mostKeys)
  }

  /** Stores the data under a new key, whatever there is under the present one. */
  async create(text: string, deadline: Deadline): Promise<string> {
    this.refuseWrites()
    await this.#refuseInDoubt(deadline)
    return this.#create(text, 'create()', deadline)
  }

  /** An unproven process neither ends nor gives up a session that it cannot read. */
  async #refuseInDoubt(deadline: Deadline): Promise<void> {
    const { store, proof, djangoExact } = this.#host
    if (djangoExact || proof.isProven) return
    if (this.#state === 'unread') await this.#read(deadline)
    if (this.#state === 'undecodable') throw new SecretMismatchError(store.name)
  }

  /**
   * Moves the session to a new key. What others wrote under the old one meanwhile moves with it.
   *
   * @returns The text that stands in the store now.
   */
  async cycle(changes: Changes, deadline: Deadline): Promise<string> {
    // Django makes a new row also where the old one is gone.
    if (!this.#host.djangoExact) await this.#makeCertain(deadline)
    if (this.#state === 'undecodable' && !this.#host.djangoExact) this.#leave()
    const old = this.#asOld()
    const next = await this.#mergeWithRow(changes, deadline)
    await this.#create(next, 'cycleKey()', deadline)
    if (old === null) return next
    if (this.#host.djangoExact) {
      await this.#host.store.delete(old.key, undefined, deadline)
      return next
    }
    return old.state === 'present' ? this.#retire(old, changes, deadline) : next
  }

  #asOld(): OldRow | null {
    if (this.#key === null || this.#stored === null) return null
    return { key: this.#key, stored: this.#stored, text: this.#text, state: this.#state }
  }

  async #retire(old: OldRow, changes: Changes, deadline: Deadline): Promise<string> {
    try {
      await this.#deleteOld(old, changes, deadline)
      return this.#text
    } catch (error) {
      await this.#goBack(old, deadline)
      throw error
    }
  }

  /** Deletes the old row as it was read; what was written to it meanwhile comes over first. */
  async #deleteOld(old: OldRow, changes: Changes, deadline: Deadline): Promise<void> {
    const { store } = this.#host
    let { stored } = old
    for (let attempt = 1; attempt <= mostTries; attempt++) {
      const outcome = await store.delete(old.key, stored, deadline)
      if (outcome === 'deleted') return
      await pause(attempt)
      const current = outcome === 'conflict' ? await store.load(old.key, deadline) : null
      if (current === null) throw this.#interrupted()
      stored = current
      await this.#bringOver(current, changes, deadline)
    }
    throw tooManyConflicts()
  }

  async #bringOver(current: StoredSession, changes: Changes, deadline: Deadline): Promise<void> {
    const theirs = this.#decode(current.payload)
    if (theirs === null) return
    const next = this.#mergeWith(theirs.text, changes)
    if (next !== this.#text) await this.#swap(next, deadline)
  }

  /** Takes the new row back: a session that was ended elsewhere must not live on under a new key. */
  async #goBack({ key, stored, text, state }: OldRow, deadline: Deadline): Promise<void> {
    const made = this.#key
    this.#key = key
    this.#stored = stored
    this.#text = text
    this.#data = null
    if (this.#state !== 'gone') this.#state = state
    // If this fails too, the row is left to expire: nobody was told its key.
    if (made !== null) await this.#host.store.delete(made, undefined, deadline).catch(() => {})
  }

  /** Deletes the row, and forgets the key. */
  async remove(deadline: Deadline): Promise<void> {
    if (this.#outage) throw this.#outage
    await this.#refuseInDoubt(deadline)
    if (this.#key !== null) {
      this.#origin.checkCookie?.('flush()')
      await this.#host.store.delete(this.#key, undefined, deadline)
    }
    this.#forget('new')
  }

  /** Moves the expiry, and nothing else. */
  async touch(deadline: Deadline): Promise<void> {
    if (this.#key === null || this.#stored === null || this.#state !== 'present') return
    const { expireDate } = this.#newSession(this.#text)
    if (!(await this.#host.store.touch(this.#key, expireDate, deadline))) throw this.#interrupted()
    this.#stored = { ...this.#stored, expireDate }
  }

  /**
   * Reads, changes and writes; after a conflict once more, on what stands there then.
   *
   * @param isFresh - The row was read just now, for this change.
   * @returns What the change answered; null where there is no row to change.
   */
  async change<T>(
    run: (draft: Draft) => T,
    deadline: Deadline,
    isFresh: boolean,
  ): Promise<{ readonly result: T } | null> {
    this.refuseWrites()
    if (!isFresh) await this.#read(deadline)
    this.refuseWrites()
    for (let attempt = 1; attempt <= mostTries; attempt++) {
      if (this.#state !== 'present') return null
      const draft = this.draft()
      const result = run(draft)
      const { ours } = draft.snapshot()
      if (ours === this.#text || (await this.#swap(ours, deadline))) return { result }
      await this.#giveWay(attempt, deadline)
    }
    throw tooManyConflicts()
  }

  #interrupted(): SessionInterruptedError {
    const session = this.#key ?? ''
    this.#state = 'gone'
    this.#host.diagnostics.publish('session.interrupted', () => ({
      session: sessionDigest(session),
    }))
    return new SessionInterruptedError()
  }
}

interface Decoded {
  readonly text: string
  readonly data: Record<string, unknown>
}

interface OldRow {
  readonly key: string
  readonly stored: StoredSession
  readonly text: string
  readonly state: RowState
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

function tooManyConflicts(): SessionConflictError {
  return new SessionConflictError(
    `A session was written by others ${mostTries} times while it was being saved.`,
    mostTries,
  )
}

/** Waits a random time, the longer the more often others came first; the first try waits not at all. */
function pause(attempt: number): Promise<void> {
  if (attempt === 1) return Promise.resolve()
  const [random = 0] = platform.randomBytes(1)
  const ms = (Math.min(2 ** attempt, longestPauseMs) * random) / 255
  return new Promise((resolve) => platform.delay(resolve, ms))
}
