/**
 * The machinery of one session: its data, its row, its flags, and the order of its saves. The
 * classes that an application sees are thin doors to it.
 *
 * @module
 */
import { invalidArgument } from '../errors.ts'
import type { Draft, Snapshot } from './draft.ts'
import { expiryKey } from './expiry.ts'
import { Deadline } from './deadline.ts'
import type { SessionHost } from './host.ts'
import { Late } from './late.ts'
import { PendingWrites } from './pending.ts'
import type { RowReader } from './row-reader.ts'
import type { RowWriter } from './row-writer.ts'
import { type RowOrigin, SessionRow } from './session-row.ts'

/** Data of any shape. */
export type Data = Record<string, unknown>

/** Where a session comes from, and what can be done about its cookie. */
export interface SessionOrigin extends RowOrigin {
  /** The key that it comes with; null for a new one. Called once, at the first use. */
  takeKey(): string | null
  /** The deadline of the next operation. Default: a new one for each. */
  deadline?(): Deadline
}

/** What a `save()` was asked to store. */
interface SaveTask {
  /** Data of a loaded session, and null for one that was not loaded. */
  readonly snapshot: Snapshot | null
  /** Writes to a session that was not loaded. */
  readonly pending: PendingWrites
  readonly force: boolean
}

/** What writes sessions: loaded at the first write. */
const lateWriter = new Late(async () => (await import('./row-writer.ts')).RowWriter)

/** One session. */
export class SessionCore {
  readonly host: SessionHost
  readonly row: SessionRow
  /** A login made the session somebody's: what else is tied to the visitor changes with it. */
  keyRotated = false
  readonly #origin: SessionOrigin
  #rowWriter: RowWriter | null = null
  #draft: Draft | null = null
  #pending = new PendingWrites()
  /** Snapshots that wait for, or are in, their turn to be saved. */
  readonly #waiting: Snapshot[] = []
  /** The last operation under way. */
  #last: Promise<unknown> | null = null
  #accessed = false
  #modified = false
  /** Something was set since the last save, perhaps to an equal value. */
  #isDirty = false
  #isFlushed = false

  constructor(host: SessionHost, origin: SessionOrigin) {
    this.host = host
    this.#origin = origin
    this.row = new SessionRow(origin.takeKey(), origin)
  }

  #newDeadline(): Deadline {
    return this.#origin.deadline?.() ?? new Deadline(this.host.storeTimeoutMs)
  }

  get accessed(): boolean {
    return this.#accessed
  }

  set accessed(value: boolean) {
    this.#accessed = value
  }

  get modified(): boolean {
    return this.#modified
  }

  set modified(value: boolean) {
    this.#modified = value
    this.#isDirty = value
    if (!value) this.#draft?.settle()
  }

  get isLoaded(): boolean {
    return this.#draft !== null
  }

  /** Whether there is neither a key nor data. Never loads. */
  get isEmpty(): boolean {
    return this.row.key === null && (this.#draft?.isEmpty ?? !this.#pending.holdsValues)
  }

  /** Whether the application asked for the session to be ended. */
  get isFlushed(): boolean {
    return this.#isFlushed
  }

  /**
   * Whether what is not there, or cannot be read, may be there for others: this process may hold
   * the wrong secret, or look at the wrong database or at a copy. Nothing is destroyed on a look.
   */
  get isInDoubt(): boolean {
    const { state } = this.row
    if (state === 'outage') return true
    return (state === 'missing' || state === 'undecodable') && !this.host.djangoExact
  }

  /** Whether a save has something to write. */
  get isChanged(): boolean {
    if (this.#isDirty || !this.#pending.isEmpty) return true
    return !this.host.djangoExact && (this.#draft?.isChanged() ?? false)
  }

  /** Whether writes wait for the row to be read. */
  get hasUnreadWrites(): boolean {
    return !this.#pending.isEmpty
  }

  /** Whether the session was cleared without a look at its row, which is then taken to be there. */
  get isClearedUnread(): boolean {
    return this.#pending.cleared
  }

  /** The data of a loaded session. */
  get draft(): Draft {
    this.#accessed = true
    if (this.#draft) return this.#draft
    throw notLoaded()
  }

  /** What read a loaded session. */
  get reader(): RowReader {
    const reader = this.host.reader.value
    if (reader) return reader
    throw notLoaded()
  }

  /** Reads the row once, and applies what was written before. Answers what it is given. */
  load(): Promise<void>
  load<T>(answer: T): Promise<T>
  load<T>(answer?: T): Promise<T | undefined> {
    this.#accessed = true
    if (this.#draft) return Promise.resolve(answer)
    return this.#enqueue(() => this.#ensureRead(answer))
  }

  /** The same for whoever looks at the data: it must fit the schema. */
  loadChecked<T>(answer: T): Promise<T> {
    const loading = this.load(answer)
    if (!this.host.schema) return loading
    return loading.then(() => {
      this.checkSchema()
      return answer
    })
  }

  /** One function, as each promise on the way costs every reader. */
  async #ensureRead<T>(answer?: T): Promise<T | undefined> {
    if (this.#draft) return answer
    const reader = this.host.reader.value ?? (await this.host.reader.load())
    if (this.#pending.cleared && this.host.djangoExact) this.row.assume()
    if (this.row.state === 'unread') await reader.read(this.row, this.#newDeadline())
    if (this.row.needsRenewal) await this.#renew()
    this.#open(reader)
    return answer
  }

  async #renew(): Promise<void> {
    await (await this.#writer()).renew(this.#newDeadline())
    // Python's pop() reads the flag before the look that sets it, and puts it back.
    this.#modified ||= this.#pending.isEmpty
  }

  async #writer(): Promise<RowWriter> {
    const reader = this.host.reader.value ?? (await this.host.reader.load())
    const Writer = lateWriter.value ?? (await lateWriter.load())
    return (this.#rowWriter ??= new Writer(this.host, this.row, reader))
  }

  #open(reader: RowReader): void {
    const draft = reader.draft(this.row)
    this.#draft = draft
    if (this.#pending.isEmpty) return
    this.#apply(draft, this.#pending)
    this.#pending = new PendingWrites()
  }

  #apply(draft: Draft, pending: PendingWrites): void {
    if (!pending.applyTo(draft)) return
    this.#modified = true
    this.#isDirty = true
  }

  /** Reads the row anew; changes that were not saved stay. */
  reload(): Promise<void> {
    this.#accessed = true
    return this.#enqueue(async () => {
      if (!this.#draft) {
        await this.#ensureRead()
        return
      }
      const reader = await this.host.reader.load()
      await reader.read(this.row, this.#newDeadline())
      if (this.row.needsRenewal) await this.#renew()
      await this.#absorb()
    })
  }

  /** Checks the data against the schema, and fills in its defaults. */
  checkSchema(): void {
    if (this.host.schema) this.#draft?.check(this.host.schema)
  }

  set(key: string, value: unknown): void {
    this.#touchFlags()
    if (this.#draft) this.#draft.set(key, value)
    else this.#pending.set(key, value)
  }

  update(values: object): void {
    this.#touchFlags()
    for (const [key, value] of Object.entries(values)) this.set(key, value)
  }

  /** Whether the key was there; of a session that is not loaded, false. */
  delete(key: string): boolean {
    this.#accessed = true
    if (!this.#draft) {
      this.#pending.delete(key)
      return false
    }
    const wasThere = this.#draft.delete(key)
    if (wasThere) this.#touchFlags()
    return wasThere
  }

  clear(): void {
    this.#touchFlags()
    if (this.#draft) this.#draft.clear()
    else this.#pending.clear()
  }

  #touchFlags(): void {
    this.#accessed = true
    this.#modified = true
    this.#isDirty = true
  }

  /** Stores what changed. Answers whether anything was written. */
  save(force: boolean): Promise<boolean> {
    return this.#attempt(() => {
      const task = this.#prepareSave(force)
      return task === null ? Promise.resolve(false) : this.#enqueue(() => this.#save(task))
    })
  }

  /** Failures to prepare are rejections too. */
  #attempt<T>(start: () => Promise<T>): Promise<T> {
    try {
      return start()
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Takes the data as it is now; null where there is nothing to store. */
  #prepareSave(force: boolean): SaveTask | null {
    const isForced = force || this.host.djangoExact
    // What waits may yet fail, and is then for this save to store.
    if (!isForced && !this.isChanged && this.#waiting.length === 0) return null
    this.#accessed = true
    if (!this.#draft) return this.#prepareLazySave(isForced)
    this.checkSchema()
    const task = {
      snapshot: this.#snapshot(this.#draft),
      pending: this.#pending,
      force: isForced || this.#isDirty,
    }
    this.#isDirty = false
    this.#waiting.push(task.snapshot)
    return task
  }

  #prepareLazySave(force: boolean): SaveTask {
    const pending = this.#pending.copy(this.host.store.codec.format)
    const task = { snapshot: null, pending, force: force || this.#isDirty }
    this.#pending = new PendingWrites()
    this.#isDirty = false
    return task
  }

  #snapshot(draft: Draft): Snapshot {
    const snapshot = draft.snapshot()
    return this.host.djangoExact ? snapshot.canonical() : snapshot
  }

  async #save(task: SaveTask): Promise<boolean> {
    const snapshot = task.snapshot ?? (await this.#readForSave(task.pending))
    const isSame = snapshot.base === snapshot.ours
    // A clear() is a write, also where the row only looks empty because it cannot be read.
    if (isSame && !task.force && !snapshot.cleared && snapshot.assigned.size === 0) {
      this.#stopWaiting(snapshot)
      await this.#absorb()
      return false
    }
    const { key } = this.row
    await this.#writeSnapshot(snapshot, (writer, deadline) =>
      writer.write(snapshot, deadline, task.force),
    )
    // As in Django, so that the response has a cookie for a session that was made by save(), or is one.
    if (this.row.key !== key || !this.host.store.can.revoke) this.#modified = true
    return true
  }

  /** As in Django: saving, or clearing, a session that nobody looked at takes it to be there. */
  async #readForSave(pending: PendingWrites): Promise<Snapshot> {
    const hadKey = this.row.key !== null
    const reader = this.host.reader.value ?? (await this.host.reader.load())
    if (pending.cleared && this.host.djangoExact) this.row.assume()
    else if (this.row.state === 'unread') await reader.read(this.row, this.#newDeadline())
    if (this.row.needsRenewal) await this.#renew()
    const isBlind = pending.cleared || pending.isEmpty
    if (isBlind && hadKey && this.row.key === null) throw reader.lost(this.row)
    this.#draft ??= reader.draft(this.row)
    this.#apply(this.#draft, pending)
    const snapshot = this.#snapshot(this.#draft)
    this.#isDirty = false
    this.#waiting.push(snapshot)
    this.#apply(this.#draft, this.#pending)
    this.#pending = new PendingWrites()
    return snapshot
  }

  async #writeSnapshot(
    snapshot: Snapshot,
    write: (writer: RowWriter, deadline: Deadline) => Promise<unknown>,
  ): Promise<void> {
    const draft = this.draft
    try {
      await write(await this.#writer(), this.#newDeadline())
      this.#stopWaiting(snapshot)
      if (draft === this.#draft) await this.#absorb()
    } catch (error) {
      this.#stopWaiting(snapshot)
      if (draft === this.#draft) this.#takeBack(snapshot)
      throw error
    }
  }

  /** Brings the data up to date, unless snapshots of it wait that know nothing of what is new. */
  async #absorb(): Promise<void> {
    if (!this.#isBehind()) return
    const writer = await this.#writer()
    if (this.#draft && this.#isBehind()) writer.absorb(this.#draft)
  }

  #isBehind(): boolean {
    return this.#waiting.length === 0 && (this.#draft?.isBehind(this.row.text) ?? false)
  }

  /** What was not saved is for the next snapshot to save. */
  #takeBack(snapshot: Snapshot): void {
    const [next] = this.#waiting
    if (next) return next.standInFor(snapshot)
    this.draft.restore(snapshot)
    this.#isDirty ||= snapshot.assigned.size > 0 || snapshot.cleared
  }

  #stopWaiting(snapshot: Snapshot): void {
    const at = this.#waiting.indexOf(snapshot)
    if (at !== -1) this.#waiting.splice(at, 1)
  }

  /** Reads, changes and writes what stands in the store, until nobody came between. */
  change<T>(run: (data: Data) => T): Promise<T> {
    this.#accessed = true
    return this.#enqueue(async () => {
      const { key } = this.row
      if (key === null) return this.#changeNew(run)
      const { changes } = await this.host.reader.load()
      return changes.run(key, () => this.#change(run))
    })
  }

  async #change<T>(run: (data: Data) => T): Promise<T> {
    const isFresh = this.#draft === null
    await this.#ensureRead()
    const writer = await this.#writer()
    const changed = await writer.change(run, this.#newDeadline(), isFresh)
    if (changed === null) return this.#changeNew(run)
    this.#modified = true
    await this.#absorb()
    return changed.result
  }

  /** Without a row, nobody can come between. */
  async #changeNew<T>(run: (data: Data) => T): Promise<T> {
    await this.#ensureRead()
    const writer = await this.#writer()
    const result = writer.changeNew(run, this.draft)
    if (!this.isChanged) return result
    this.#modified = true
    const snapshot = this.#snapshot(this.draft)
    this.#isDirty = false
    this.#waiting.push(snapshot)
    await this.#writeSnapshot(snapshot, (_, deadline) => writer.write(snapshot, deadline, true))
    return result
  }

  /** Stores the data under a new key. */
  create(): Promise<void> {
    return this.#enqueue(async () => {
      const reader = await this.host.reader.load()
      this.#draft ??= reader.emptyDraft()
      this.#apply(this.#draft, this.#pending)
      this.#pending = new PendingWrites()
      await this.#moveTo((writer, snapshot, deadline) => writer.create(snapshot.ours, deadline))
    })
  }

  cycleKey(): Promise<void> {
    this.#accessed = true
    return this.#enqueue(async () => {
      await this.#ensureRead()
      await this.#moveTo((writer, snapshot, deadline) => writer.cycle(snapshot, deadline))
    })
  }

  async #moveTo(
    move: (writer: RowWriter, snapshot: Snapshot, deadline: Deadline) => Promise<string>,
  ): Promise<void> {
    const snapshot = this.#snapshot(this.draft)
    this.#waiting.push(snapshot)
    await this.#writeSnapshot(snapshot, (writer, deadline) => move(writer, snapshot, deadline))
    this.#modified = true
    this.#isDirty = this.host.djangoExact
  }

  /** Deletes the row and the data: the data at once, so that no save puts it under a new key. */
  flush(): Promise<void> {
    this.#touchFlags()
    this.#draft &&= this.#draft.emptied()
    this.#pending = new PendingWrites()
    this.#isDirty = false
    return this.#enqueue(async () => {
      const writer = await this.#writer()
      await writer.remove(this.#newDeadline())
      const reader = await this.host.reader.load()
      this.#draft ??= reader.emptyDraft()
      this.#apply(this.#draft, this.#pending)
      this.#pending = new PendingWrites()
      this.#isFlushed = true
    })
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.#last === null
  }

  /** Waits for what is under way, however it ends. */
  async idle(): Promise<void> {
    while (this.#last) await this.#last.catch(() => {})
  }

  /** Moves the row's expiry. */
  touch(): Promise<void> {
    return this.#enqueue(async () => (await this.#writer()).touch(this.#newDeadline()))
  }

  /** The session's own expiry, as it is stored. */
  get expiry(): unknown {
    return this.draft.get(expiryKey) ?? null
  }

  /** One after the other; one that fails does not stop the next. */
  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last ? this.#last.then(task, task) : task()
    this.#last = result
    const forget = (): void => {
      if (this.#last === result) this.#last = null
    }
    result.then(forget, forget)
    return result
  }
}

function notLoaded(): TypeError {
  return invalidArgument('The session is not loaded: await session.load() before you read it.')
}
