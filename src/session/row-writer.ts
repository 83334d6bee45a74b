/**
 * Writes the row behind one session without ever overwriting what others wrote. Loaded at the first
 * write: servers that only read do without it.
 *
 * @module
 */
import { sessionDigest } from '../diagnostics.ts'
import {
  invalidArgument,
  SecretMismatchError,
  SessionConflictError,
  SessionInterruptedError,
  SessionKeyCollisionError,
  StoreTimeoutError,
} from '../errors.ts'
import { backOff } from './back-off.ts'
import { emptyText } from './codec.ts'
import type { Draft } from './draft.ts'
import { expiryKey } from './expiry.ts'
import type { Deadline } from './deadline.ts'
import type { SessionHost } from './host.ts'
import { type Changes, merge, type Merged } from './merge.ts'
import type { RowReader } from './row-reader.ts'
import { makeSessionKey } from './session-key.ts'
import type { RowState, SessionRow } from './session-row.ts'
import type { NewSession, StoredSession, Updated } from './store.ts'

const mostKeys = 10
/** Beside writers in other processes that never rest, about four tries in ten succeed. */
const mostTries = 50
const longestPauseMs = 64

/** Writes one row. */
export class RowWriter {
  readonly #host: SessionHost
  readonly #row: SessionRow
  readonly #reader: RowReader

  constructor(host: SessionHost, row: SessionRow, reader: RowReader) {
    this.#host = host
    this.#row = row
    this.#reader = reader
  }

  /** Takes what stands in the store into data that is older. */
  absorb(draft: Draft): void {
    draft.absorb(this.#row.text, merge)
  }

  /** Puts an empty session where there was none to read, where the row needs it. */
  async renew(deadline: Deadline): Promise<void> {
    this.#row.needsRenewal = false
    await this.#create(emptyText, 'load()', deadline)
  }

  async #read(deadline: Deadline): Promise<void> {
    await this.#reader.readStrictly(this.#row, deadline)
    if (this.#row.needsRenewal) await this.renew(deadline)
  }

  /**
   * Stores changes, under a new key where there is no row to write to.
   *
   * @param always - Write even where the changes are already there.
   * @returns The text that stands in the store now.
   */
  async write(changes: Changes, deadline: Deadline, always: boolean): Promise<string> {
    await this.#makeCertain(deadline)
    if (this.#row.state === 'present') return this.#update(changes, deadline, always)
    if (this.#row.state === 'undecodable') {
      if (this.#host.djangoExact) return this.#overwrite(changes.ours, deadline)
      this.#leave()
    }
    return this.#create(changes.ours, 'save()', deadline)
  }

  /** Nothing is written after an outage, nor once the row is gone: it must not come back. */
  refuseWrites(): void {
    if (this.#row.outage) throw this.#row.outage
    if (this.#row.state === 'gone') throw this.#interrupted()
  }

  /** Where what stands there is not known, it is read before the next write. */
  async #makeCertain(deadline: Deadline): Promise<void> {
    this.refuseWrites()
    if (!this.#row.isUncertain || this.#row.key === null) return
    const stored = await this.#reader.store.load(this.#row.key, deadline)
    if (stored === null) throw this.#interrupted()
    this.#row.isUncertain = false
    this.#reader.take(this.#row, stored)
  }

  async #update(changes: Changes, deadline: Deadline, always: boolean): Promise<string> {
    if (this.#host.djangoExact) return this.#overwrite(changes.ours, deadline)
    const next = await this.#mergeWithRow(changes, deadline)
    if (await this.#swap(next, deadline)) return next
    return this.#inTurn(deadline, () => this.#updateAgain(changes, deadline, always))
  }

  async #updateAgain(changes: Changes, deadline: Deadline, always: boolean): Promise<string> {
    for (let attempt = 2; attempt <= mostTries; attempt++) {
      if (this.#row.state === 'undecodable') {
        this.#leave()
        return this.#create(changes.ours, 'save()', deadline)
      }
      const next = this.#mergeWith(this.#row.text, changes)
      if (next === this.#row.text && !always) return next
      if (await this.#swap(next, deadline)) return next
      await this.#giveWay(attempt, deadline)
    }
    throw tooManyConflicts()
  }

  /** After a conflict, one writer of this process at a time: the others would only be in its way. */
  #inTurn<T>(deadline: Deadline, task: () => Promise<T>): Promise<T> {
    const key = this.#row.key ?? ''
    const { changes } = this.#reader
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
    await backOff(attempt, longestPauseMs)
    await this.#look(deadline)
  }

  /** A row that is gone, or expired, is for the write to find. */
  async #look(deadline: Deadline): Promise<void> {
    if (this.#row.key === null) return
    const stored = await this.#reader.store.load(this.#row.key, deadline)
    if (stored !== null) this.#reader.take(this.#row, stored)
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
      this.#reader.take(this.#row, updated.current)
      return false
    }
    if (updated.key !== this.#row.key) this.#checkNewKey(updated.key)
    this.#row.key = updated.key
    this.#row.stored = updated.stored
    this.#row.text = text
    this.#row.state = 'present'
    return true
  }

  /** A session that is its cookie is saved only where that can be set. */
  #checkNewKey(key: string): void {
    this.#row.origin.checkCookie?.('save()')
    this.#reader.proof.made(key)
  }

  async #put(text: string, deadline: Deadline): Promise<Updated> {
    if (this.#row.key === null || this.#row.stored === null) throw this.#interrupted()
    try {
      const next = this.#newSession(text)
      return await this.#reader.store.update(this.#row.key, next, this.#row.stored, deadline)
    } catch (error) {
      if (error instanceof StoreTimeoutError) this.#row.isUncertain = true
      throw error
    }
  }

  #newSession(text: string): NewSession {
    const { codec } = this.#host.store
    const expiry = codec.format.valueAt(text, expiryKey)
    return { payload: codec.encode(text), expireDate: this.#reader.expiry.date(expiry) }
  }

  /** What the row held when it was last seen may not merge, and what it holds now may. */
  async #mergeWithRow(changes: Changes, deadline: Deadline): Promise<string> {
    try {
      return this.#mergeWith(this.#row.text, changes)
    } catch (error) {
      if (!(error instanceof SessionConflictError)) throw error
      await this.#makeCertain(deadline)
      return this.#mergeWith(this.#row.text, changes)
    }
  }

  #mergeWith(theirs: string, changes: Changes): string {
    if (theirs === changes.base) return changes.ours
    const { onConflict, diagnostics } = this.#host
    const { text, conflicts } = this.#tryMerge(theirs, changes)
    if (conflicts.length === 0) return text
    if (onConflict === 'throw') {
      this.#row.isUncertain = true
      throw new SessionConflictError(
        `Two requests changed the same keys of a session: ${conflicts.join(', ')}.`,
        1,
        conflicts,
      )
    }
    const session = this.#row.key ?? ''
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
      this.#row.isUncertain = true
      throw error
    }
  }

  /** Django would write over a row that it cannot read. We leave it, once we know we could read one. */
  #leave(): void {
    const { store, diagnostics } = this.#host
    if (!this.#reader.proof.isProven) throw new SecretMismatchError(store.name)
    const left = this.#row.key ?? ''
    diagnostics.publish('session.moved', () => ({ session: sessionDigest(left) }))
  }

  async #create(text: string, operation: string, deadline: Deadline): Promise<string> {
    this.#row.origin.checkCookie?.(operation)
    const { store, sessionColumns } = this.#host
    const next = this.#newSession(text)
    const columns = sessionColumns && {
      columns: sessionColumns(store.codec.format.parse(text) as Record<string, unknown>),
    }
    for (let attempt = 1; attempt <= mostKeys; attempt++) {
      const created = await this.#reader.store.create(
        makeSessionKey(),
        { ...next, ...columns },
        deadline,
      )
      if (created === null) continue
      this.#reader.proof.made(created.key)
      this.#row.key = created.key
      this.#row.stored = created.stored
      this.#row.text = text
      this.#row.state = 'present'
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
    const { store, djangoExact } = this.#host
    if (djangoExact || this.#reader.proof.isProven) return
    if (this.#row.state === 'unread') await this.#read(deadline)
    if (this.#row.state === 'undecodable') throw new SecretMismatchError(store.name)
  }

  /**
   * Moves the session to a new key. What others wrote under the old one meanwhile moves with it.
   *
   * @returns The text that stands in the store now.
   */
  async cycle(changes: Changes, deadline: Deadline): Promise<string> {
    // Django makes a new row also where the old one is gone.
    if (!this.#host.djangoExact) await this.#makeCertain(deadline)
    if (this.#row.state === 'undecodable' && !this.#host.djangoExact) this.#leave()
    const old = this.#asOld()
    const next = await this.#mergeWithRow(changes, deadline)
    await this.#create(next, 'cycleKey()', deadline)
    if (old === null) return next
    if (this.#host.djangoExact) {
      await this.#reader.store.delete(old.key, undefined, deadline)
      return next
    }
    return old.state === 'present' ? this.#retire(old, changes, deadline) : next
  }

  #asOld(): OldRow | null {
    if (this.#row.key === null || this.#row.stored === null) return null
    return {
      key: this.#row.key,
      stored: this.#row.stored,
      text: this.#row.text,
      state: this.#row.state,
    }
  }

  async #retire(old: OldRow, changes: Changes, deadline: Deadline): Promise<string> {
    try {
      await this.#deleteOld(old, changes, deadline)
      return this.#row.text
    } catch (error) {
      await this.#goBack(old, deadline)
      throw error
    }
  }

  /**
   * Deletes the old row as it was read; what was written to it meanwhile comes over first. What cannot
   * be read is left.
   */
  async #deleteOld(old: OldRow, changes: Changes, deadline: Deadline): Promise<void> {
    const { store } = this.#reader
    let { stored } = old
    for (let attempt = 1; attempt <= mostTries; attempt++) {
      const outcome = await store.delete(old.key, stored, deadline)
      if (outcome === 'deleted') return
      if (attempt > 1) await backOff(attempt, longestPauseMs)
      const current = outcome === 'conflict' ? await store.load(old.key, deadline) : null
      if (current === null) throw this.#interrupted()
      stored = current
      const theirs = this.#reader.decode(this.#row, current.payload)
      if (theirs === null) return
      await this.#bringOver(theirs.text, changes, deadline)
    }
    throw tooManyConflicts()
  }

  async #bringOver(theirs: string, changes: Changes, deadline: Deadline): Promise<void> {
    const next = this.#mergeWith(theirs, changes)
    if (next !== this.#row.text) await this.#swap(next, deadline)
  }

  /** Takes the new row back: a session that was ended elsewhere must not live on under a new key. */
  async #goBack({ key, stored, text, state }: OldRow, deadline: Deadline): Promise<void> {
    const made = this.#row.key
    this.#row.key = key
    this.#row.stored = stored
    this.#row.text = text
    if (this.#row.state !== 'gone') this.#row.state = state
    // If this fails too, the row is left to expire: nobody was told its key.
    if (made !== null) await this.#reader.store.delete(made, undefined, deadline).catch(() => {})
  }

  /** Deletes the row, and forgets the key. */
  async remove(deadline: Deadline): Promise<void> {
    if (this.#row.outage) throw this.#row.outage
    await this.#refuseInDoubt(deadline)
    if (this.#row.key !== null) {
      this.#row.origin.checkCookie?.('flush()')
      await this.#reader.store.delete(this.#row.key, undefined, deadline)
    }
    this.#row.forget('new')
  }

  /** Moves the expiry, and nothing else. */
  async touch(deadline: Deadline): Promise<void> {
    if (this.#row.key === null || this.#row.stored === null || this.#row.state !== 'present') return
    const { expireDate } = this.#newSession(this.#row.text)
    const isThere = await this.#reader.store.touch(this.#row.key, expireDate, deadline)
    if (!isThere) throw this.#interrupted()
    this.#row.stored = { ...this.#row.stored, expireDate }
  }

  /**
   * Reads, changes and writes; after a conflict once more, on what stands there then.
   *
   * @param isFresh - The row was read just now, for this change.
   * @returns What the change answered; null where there is no row to change.
   */
  async change<T>(
    run: (data: Record<string, unknown>) => T,
    deadline: Deadline,
    isFresh: boolean,
  ): Promise<{ readonly result: T } | null> {
    this.refuseWrites()
    if (!isFresh) await this.#read(deadline)
    this.refuseWrites()
    for (let attempt = 1; attempt <= mostTries; attempt++) {
      if (this.#row.state !== 'present') return null
      const draft = this.#reader.draft(this.#row)
      const result = runSynchronously(run, draft)
      const { ours } = draft.snapshot()
      if (ours === this.#row.text || (await this.#swap(ours, deadline))) return { result }
      await this.#giveWay(attempt, deadline)
    }
    throw tooManyConflicts()
  }

  /** The same on the data of a session that has no row. */
  changeNew<T>(run: (data: Record<string, unknown>) => T, draft: Draft): T {
    this.refuseWrites()
    return runSynchronously(run, draft)
  }

  #interrupted(): SessionInterruptedError {
    const session = this.#row.key ?? ''
    this.#row.state = 'gone'
    this.#host.diagnostics.publish('session.interrupted', () => ({
      session: sessionDigest(session),
    }))
    return new SessionInterruptedError()
  }
}

interface OldRow {
  readonly key: string
  readonly stored: StoredSession
  readonly text: string
  readonly state: RowState
}

/** The function runs again after a conflict, so it must be done when it returns. */
function runSynchronously<T>(run: (data: Record<string, unknown>) => T, { live }: Draft): T {
  const result = run(live)
  const isObject = typeof result === 'object' && result !== null
  if (!isObject || typeof Reflect.get(result, 'then') !== 'function') return result
  throw invalidArgument(
    'The function given to session.change() must be synchronous, because it runs again after a ' +
      'conflict. Nothing was written.',
  )
}

function tooManyConflicts(): SessionConflictError {
  return new SessionConflictError(
    `A session was written by others ${mostTries} times while it was being saved.`,
    mostTries,
  )
}
