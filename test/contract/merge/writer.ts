/**
 * A store and its writers in plain objects: what a database and `Session` are to the rules of
 * `merge-model.ts`. Every operation answers what the session's method should answer.
 *
 * @module
 */
import { applyEdit, dataTarget, type Edit } from './edits.ts'
import {
  type Changes,
  isSameRow,
  merge,
  type MergeRule,
  mergeRules,
  type Row,
  type Stored,
} from '../merge-model.ts'
import { ModelSession } from './session.ts'

/** What came of an operation: what it answered, or the code of its error. */
export type Outcome = boolean | 'done' | 'ERR_SESSION_CONFLICT' | 'ERR_SESSION_INTERRUPTED'

/** The rules of the operations around the merge. */
const writerRules = [
  'expiry: ours, on a session that they changed',
  'expiry: theirs, under a change of ours',
  'save: no change, no write',
  'save: the row is gone',
  'save: a new session',
  'save: with writes from before the load',
  'save: two at once',
  'change: on what they wrote',
  'change: while changes wait',
  'change: the row is gone',
  'cycleKey: what they wrote moves along',
  'cycleKey: the row is gone',
  'cycleKey: two logins',
  'flush: over what they wrote',
  'flush: the row is gone',
] as const

/** The name of a rule. */
export type Rule = MergeRule | (typeof writerRules)[number]

/** All rules: those of the merge, and those of the operations around it. */
export const rules: readonly Rule[] = [...mergeRules, ...writerRules]

/** A store: sessions by a number that stands for the key. */
export interface World {
  readonly rows: Map<number, Map<string, Stored>>
  readonly now: Date
  readonly note: (rule: Rule) => void
  rowsMade: number
}

/** One request's session. */
export class ModelWriter {
  /** The row that it holds; null: none. */
  row: number | null
  readonly session: ModelSession
  readonly #world: World
  /** Edits from before the load; null once it is loaded. */
  #waiting: Edit[] | null = []

  constructor(world: World, row: number | null) {
    this.#world = world
    this.row = row
    this.session = new ModelSession(world.now)
  }

  get isLoaded(): boolean {
    return this.#waiting === null
  }

  load(): void {
    if (this.#waiting === null) return
    const edits = this.#waiting
    this.#waiting = null
    const row = this.#stored()
    if (!row) this.row = null
    this.session.adopt(row ?? new Map())
    for (const edit of edits) applyEdit(this.session, edit)
    this.session.settleLazy()
    if (edits.length > 0) this.#world.note('save: with writes from before the load')
  }

  edit(edit: Edit): void {
    if (this.#waiting) this.#waiting.push(edit)
    else applyEdit(this.session, edit)
  }

  save(force: boolean = false): Outcome {
    if (this.#needsNoRead && !this.#stored()) return this.#gone('save: the row is gone')
    this.load()
    return this.#write(this.session.base, force)
  }

  /** `save()`, edits, `save()`, the first not awaited: each writes what it saw when it was called. */
  saveTwice(edits: readonly Edit[]): Outcome[] {
    this.load()
    this.#world.note('save: two at once')
    const { base, isModified } = this.session
    const changes = this.session.changes()
    const unmark = this.session.mark()
    for (const edit of edits) applyEdit(this.session, edit)
    if (!isModified) return [false, this.save()]
    const first = this.#commit(base, changes)
    if (typeof first === 'object') return [true, this.#saveOver(first)]
    unmark()
    return [first, this.save()]
  }

  /** Runs edits on what stands in the store, and writes that; changes that wait go on waiting. */
  change(edits: readonly Edit[]): Outcome {
    this.load()
    const stored = this.#stored()
    if (!stored) return this.#gone('change: the row is gone')
    if (this.session.isModified) this.#world.note('change: while changes wait')
    if (this.#isBehind(stored)) this.#world.note('change: on what they wrote')
    const fresh = new ModelWriter(this.#world, this.row)
    fresh.load()
    for (const edit of edits) applyEdit(dataTarget(fresh.session.data), edit)
    fresh.save()
    this.session.moveTo(fresh.session.base, this.#world.note)
    return 'done'
  }

  cycleKey(): Outcome {
    this.load()
    const stored = this.#stored()
    if (this.row !== null && !stored) return this.#gone('cycleKey: the row is gone')
    const { base } = this.session
    const merged = merge(base, stored ?? new Map(), this.session.changes(), this.#world.note)
    if (!merged) {
      this.#world.note('cycleKey: two logins')
      return 'ERR_SESSION_CONFLICT'
    }
    if (this.#isBehind(stored)) this.#world.note('cycleKey: what they wrote moves along')
    if (this.row !== null) this.#world.rows.delete(this.row)
    this.#create(merged)
    this.session.adopt(merged)
    return 'done'
  }

  flush(): Outcome {
    const stored = this.#stored()
    if (this.isLoaded && this.#isBehind(stored)) this.#world.note('flush: over what they wrote')
    if (this.row !== null && !stored) this.#world.note('flush: the row is gone')
    if (this.row !== null) this.#world.rows.delete(this.row)
    this.row = null
    this.#waiting = null
    this.session.adopt(new Map())
    return 'done'
  }

  /** Whether a save can do without a read: it takes the key to be there, as Django does. */
  get #needsNoRead(): boolean {
    const edits = this.#waiting
    return edits !== null && (edits.length === 0 || edits.some(({ do: kind }) => kind === 'clear'))
  }

  #stored(): Map<string, Stored> | null {
    return this.row === null ? null : (this.#world.rows.get(this.row) ?? null)
  }

  #isBehind(stored: Row | null): boolean {
    return stored !== null && !isSameRow(this.session.base, stored)
  }

  #gone(rule: Rule): Outcome {
    this.#world.note(rule)
    return 'ERR_SESSION_INTERRUPTED'
  }

  #write(base: Row, force: boolean): Outcome {
    if (!this.session.isModified && !force) {
      this.#world.note('save: no change, no write')
      return false
    }
    const row = this.#commit(base, this.session.changes())
    if (typeof row !== 'object') return row
    this.session.adopt(row)
    return true
  }

  /** The second of two saves at once: what the first left in the store is what stands there. */
  #saveOver(row: Row): Outcome {
    const outcome = this.#write(this.session.base, false)
    if (outcome === false) this.session.adopt(row)
    return outcome
  }

  /** Writes changes over what stands in the store; answers what stands there then. */
  #commit(base: Row, changes: Changes): Map<string, Stored> | Outcome {
    const stored = this.#stored()
    if (this.row !== null && !stored) return this.#gone('save: the row is gone')
    const merged = merge(base, stored ?? new Map(), changes, this.#world.note)
    if (!merged) return 'ERR_SESSION_CONFLICT'
    if (this.row === null) {
      this.#world.note('save: a new session')
      this.#create(merged)
      return merged
    }
    if (stored && !isSameRow(base, stored)) this.#noteExpiry(base, changes, merged)
    this.#world.rows.set(this.row, merged)
    return merged
  }

  #noteExpiry(base: Row, { keys }: Changes, merged: Row): void {
    const source = (row: Row): string | undefined => row.get('_session_expiry')?.source
    if (keys.has('_session_expiry')) {
      this.#world.note('expiry: ours, on a session that they changed')
    } else if (source(base) !== source(merged)) {
      this.#world.note('expiry: theirs, under a change of ours')
    }
  }

  #create(row: Map<string, Stored>): void {
    this.row = this.#world.rowsMade++
    this.#world.rows.set(this.row, row)
  }
}
