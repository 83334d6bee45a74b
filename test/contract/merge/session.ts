/**
 * The live data of a session in plain objects, and what the rules of `merge-model.ts` need to know
 * of it: what was read, and what has been done to it since.
 *
 * @module
 */
import type { EditTarget, ExpiryForm } from './edits.ts'
import { type Change, type Changes, merge, type MergeRule, type Row } from '../merge-model.ts'
import { clone, isContainer, put, textOf } from './values.ts'

/** What was read, and what the methods of a session leave behind. */
interface Marks {
  readonly base: Row
  /** The values as they were read, to tell a new container from one changed inside. */
  readonly values: Map<string, unknown>
  /** Keys that `set()`, `update()` or `delete()` named. */
  readonly named: Set<string>
  cleared: boolean
  modified: boolean
}

/** Live data, edited as a session's is. */
export class ModelSession implements EditTarget {
  /** Without a prototype, so that every name is a plain key. */
  readonly data: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  readonly #now: Date
  #marks: Marks = marksOf(new Map(), {})

  constructor(now: Date) {
    this.#now = now
  }

  /** The session as it was read, or last written. */
  get base(): Row {
    return this.#marks.base
  }

  set(key: string, value: unknown): void {
    put(this.data, key, value)
    this.#marks.named.add(key)
    this.#marks.modified = true
  }

  delete(key: string): void {
    if (!Object.hasOwn(this.data, key)) return
    delete this.data[key]
    this.#marks.named.add(key)
    this.#marks.modified = true
  }

  update(values: Record<string, unknown>): void {
    for (const [key, value] of Object.entries(values)) this.set(key, value)
  }

  clear(): void {
    for (const key of Object.keys(this.data)) delete this.data[key]
    this.#marks.named.clear()
    this.#marks.cleared = true
    this.#marks.modified = true
  }

  /** As `django.contrib.sessions.backends.base.SessionBase.set_expiry` stores it. */
  setExpiry(expiry: ExpiryForm): void {
    if (expiry === null) this.delete('_session_expiry')
    else if (typeof expiry === 'number') this.set('_session_expiry', expiry)
    else if (expiry instanceof Date) this.set('_session_expiry', isoFormat(expiry))
    else this.setExpiry(new Date(this.#now.getTime() + expiry.seconds * 1000))
  }

  /** Whether `save()` has to write. */
  get isModified(): boolean {
    const { cleared, modified, base } = this.#marks
    return modified || this.changes().keys.size > 0 || (cleared && base.size > 0)
  }

  /** What differs from the session as it was read, and what was set to an equal value. */
  changes(): Changes {
    const { base, values, named, cleared } = this.#marks
    const keys = new Map<string, Change>()
    for (const key of cleared ? [] : [...base.keys(), ...named]) {
      if (!Object.hasOwn(this.data, key)) keys.set(key, { how: 'deleted' })
    }
    for (const [key, live] of Object.entries(this.data)) {
      const before = cleared ? undefined : base.get(key)
      const isEqual = before !== undefined && textOf(live) === textOf(before.value)
      if (isEqual && !named.has(key)) continue
      const isSame = before !== undefined && isContainer(live) && values.get(key) === live
      keys.set(key, { how: isSame && !named.has(key) ? 'inside' : 'assigned', value: clone(live) })
    }
    return { cleared, keys }
  }

  /** Takes a row for what is stored, and brings the live data up to date in place. */
  adopt(row: Row): void {
    this.#show(row)
    this.#marks = marksOf(row, this.data)
  }

  /** Takes a row for what was read, changes that wait put on it; two logins stay as they are. */
  moveTo(row: Row, note: (rule: MergeRule) => void): void {
    const changes = this.changes()
    const merged = merge(this.base, row, changes, note)
    if (!merged) return
    const { values, ...marks } = this.#marks
    this.#show(merged)
    for (const [key, live] of Object.entries(this.data)) {
      if (changes.keys.get(key)?.how !== 'assigned') values.set(key, live)
    }
    this.#marks = { ...marks, values, base: row }
  }

  /** Takes the live data for what is stored; answers a function that takes that back. */
  mark(): () => void {
    const before = this.#marks
    this.#marks = marksOf(this.#snapshot(), this.data)
    return () => {
      const { named, cleared, modified } = this.#marks
      this.#marks = {
        ...before,
        named: cleared ? named : new Set([...before.named, ...named]),
        cleared: cleared || before.cleared,
        modified: modified || before.modified,
      }
    }
  }

  /** Forgets what writes before the load that came to nothing have left. */
  settleLazy(): void {
    const { named, base } = this.#marks
    for (const key of named) {
      if (!Object.hasOwn(this.data, key) && !base.has(key)) named.delete(key)
    }
  }

  #show(row: Row): void {
    for (const key of Object.keys(this.data)) if (!row.has(key)) delete this.data[key]
    for (const [key, { value }] of row) {
      const isThere = Object.hasOwn(this.data, key) && textOf(this.data[key]) === textOf(value)
      if (!isThere) put(this.data, key, clone(value))
    }
  }

  #snapshot(): Row {
    const row = Object.entries(this.data).map(([key, value]) => {
      const stored = this.base.get(key)
      const isStored = stored && textOf(stored.value) === textOf(value)
      return [key, isStored ? stored : { value: clone(value), source: textOf(value) }] as const
    })
    return new Map(row)
  }
}

function marksOf(base: Row, data: object): Marks {
  const values = new Map<string, unknown>(Object.entries(data))
  return { base, values, named: new Set(), cleared: false, modified: false }
}

/** Python's `datetime.isoformat()` of a moment in UTC. */
function isoFormat(moment: Date): string {
  const text = moment.toISOString()
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}+00:00` : `${text.slice(0, -1)}000+00:00`
}
