/**
 * Session data as the application holds it, beside the text that stands in the store: finds what
 * changed, and takes in what others changed. No I/O.
 *
 * @module
 */
import { isAsyncDjangoError, SessionDataError } from '../errors.ts'
import { defineValue } from '../formats/define-value.ts'
import { canonicalize, joinMembers, splitMembers } from '../formats/json-source.ts'
import { UnserializableError } from '../formats/python-json.ts'
import { type DataEditing, type DataFormat, emptyText } from './codec.ts'
import type { Changes, Merge } from './merge.ts'
import type { ValidateData } from './schema.ts'
import { checkData } from './schema-check.ts'

/**
 * Data at the moment of a save, with what was done to it since the snapshot before it, or since it
 * was read.
 */
export class Snapshot implements Changes {
  base: string
  readonly ours: string
  readonly assigned: Set<string>
  readonly kept: Set<string>
  cleared: boolean

  constructor({ base, ours, assigned, kept, cleared }: Changes) {
    this.base = base
    this.ours = ours
    this.assigned = new Set(assigned)
    this.kept = new Set(kept)
    this.cleared = cleared
  }

  /** The same changes, with the text that Django would write for what they come to. */
  canonical(): Snapshot {
    const { base, ours, assigned, kept, cleared } = this
    return new Snapshot({ base, ours: canonicalize(ours), assigned, kept, cleared })
  }

  /** The snapshot before this one was not saved: this one stores what that one would have. */
  standInFor(earlier: Snapshot): void {
    this.base = earlier.base
    this.cleared ||= earlier.cleared
    for (const key of earlier.assigned) this.assigned.add(key)
    for (const key of this.kept) if (!earlier.kept.has(key)) this.kept.delete(key)
  }
}

/** Live data over its stored text. */
export class Draft {
  readonly #format: DataFormat
  readonly #editing: DataEditing
  readonly #live: Record<string, unknown>
  /** The data as it was read, or as it was when the last snapshot of it was taken. */
  #base: string
  /** The base, or an earlier one, with its data. */
  #parsed: { readonly text: string; readonly data: unknown } | null = null
  /** The containers that were there then, to tell a change inside of one from another one; null: not seen. */
  #containers: ReadonlyMap<string, object> | null = null
  readonly #assigned = new Set<string>()
  /** Keys that were deleted since then: one that is set again stands at the end, as in Python. */
  readonly #deleted = new Set<string>()
  #cleared = false
  /** Defaults that a schema filled in: no change by themselves. */
  readonly #defaults = new Map<string, unknown>()

  /** @param data - What the text says, and nobody else's: the draft changes it. */
  constructor(
    text: string,
    data: Record<string, unknown>,
    format: DataFormat,
    editing: DataEditing,
  ) {
    this.#format = format
    this.#editing = editing
    this.#base = text
    this.#live = data
  }

  /** The object that the application reads and changes. */
  get live(): Record<string, unknown> {
    this.#containers ??= containersOf(this.#live)
    return this.#live
  }

  /** Whether there is a value at a key. */
  has(key: string): boolean {
    return Object.hasOwn(this.#live, key) && this.#live[key] !== undefined
  }

  /** The value at a key of its own. */
  get(key: string): unknown {
    if (!this.has(key)) return undefined
    const value = this.#live[key]
    // Whoever holds a container can change it.
    if (isContainer(value)) this.#containers ??= containersOf(this.#live)
    return value
  }

  get isEmpty(): boolean {
    return Object.values(this.#live).every((value) => value === undefined)
  }

  set(key: string, value: unknown): void {
    defineValue(this.#live, key, value)
    this.#assigned.add(key)
  }

  /** Whether the key was there. */
  delete(key: string): boolean {
    if (!Object.hasOwn(this.#live, key)) return false
    delete this.#live[key]
    this.#assigned.add(key)
    this.#deleted.add(key)
    return true
  }

  clear(): void {
    for (const key of Object.keys(this.#live)) delete this.#live[key]
    this.#assigned.clear()
    this.#cleared = true
  }

  /** Checks the data against a schema, and fills in its defaults. @throws SessionDataError */
  check(validate: ValidateData): void {
    for (const [key, value] of checkData(this.live, validate)) this.#fillDefault(key, value)
  }

  /** Fills in a key that is absent; it is stored only once the application changes it. */
  #fillDefault(key: string, value: unknown): void {
    if (Object.hasOwn(this.#live, key)) return
    defineValue(this.#live, key, value)
    this.#defaults.set(key, this.#format.parse(this.#format.stringify(value)))
  }

  /** Takes the present data as the baseline: what was changed until now is no change. */
  settle(): void {
    this.#base = this.#write()
    this.#assigned.clear()
    this.#deleted.clear()
    this.#cleared = false
    this.#containers &&= containersOf(this.#live)
  }

  /** A draft of nothing, over the same object, which is emptied. */
  emptied(): Draft {
    for (const key of Object.keys(this.#live)) delete this.#live[key]
    return new Draft(emptyText, this.#live, this.#format, this.#editing)
  }

  /** Whether anything was changed since the data was read, or its last snapshot was taken. */
  isChanged(): boolean {
    if (this.#assigned.size > 0 || this.#cleared || !isPlain(this.#live)) return true
    return (
      this.#containers !== null && !this.#editing.isEqual(this.#withoutDefaults(), this.#baseData())
    )
  }

  /** Parsed once, though it is looked at several times: nobody else sees it. */
  #baseData(): unknown {
    if (this.#parsed?.text !== this.#base) {
      this.#parsed = { text: this.#base, data: this.#format.parse(this.#base) }
    }
    return this.#parsed.data
  }

  /**
   * The data as it is now; what is done from here on belongs to the next snapshot.
   *
   * @throws SessionDataError for a value that cannot be stored.
   */
  snapshot(): Snapshot {
    const snapshot = new Snapshot(this.#changes())
    this.#base = snapshot.ours
    this.#containers = containersOf(this.#live)
    this.#assigned.clear()
    this.#deleted.clear()
    this.#cleared = false
    return snapshot
  }

  #changes(): Changes {
    const kept = new Set<string>()
    for (const [key, container] of this.#containers ?? []) {
      if (this.#live[key] === container) kept.add(key)
    }
    return {
      base: this.#base,
      ours: this.#write(),
      assigned: this.#assigned,
      kept,
      cleared: this.#cleared,
    }
  }

  /** The last snapshot was not saved: what it held belongs to the next one again. */
  restore({ base, assigned, kept, cleared }: Snapshot): void {
    this.#base = base
    this.#cleared ||= cleared
    for (const key of assigned) this.#assigned.add(key)
    this.#containers = new Map([...(this.#containers ?? [])].filter(([key]) => kept.has(key)))
  }

  /** Whether something else stands in the store. */
  isBehind(stored: string): boolean {
    return stored !== this.#base
  }

  /**
   * Takes in what stands in the store now, in place. Changes that wait for a save are replayed on
   * it by the rules of that save; where those refuse, nothing is taken in, and the save will tell.
   */
  absorb(stored: string, merge: Merge): void {
    try {
      const changes = this.#changes()
      this.#replace(changes.ours, merge(changes, stored, this.#format).text)
      this.#base = stored
    } catch (error) {
      if (!isAsyncDjangoError(error)) throw error
    }
  }

  #replace(before: string, after: string): void {
    const old = this.#format.parse(before) as Record<string, unknown>
    const next = this.#format.parse(after) as Record<string, unknown>
    const containers = new Map(this.#containers)
    for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
      const value = own(next, key)
      if (this.#editing.isEqual(own(old, key), value)) continue
      containers.delete(key)
      if (isContainer(value)) containers.set(key, value)
      if (Object.hasOwn(next, key)) defineValue(this.#live, key, value)
      else delete this.#live[key]
    }
    this.#containers &&= containers
  }

  #write(): string {
    checkPlain(this.#live)
    try {
      return this.#editing.stringifyLike(this.#withoutDefaults(), this.#source())
    } catch (error) {
      if (error instanceof UnserializableError) {
        throw new SessionDataError(error.problem, error.path)
      }
      throw error
    }
  }

  /** The text of what was there all the time. */
  #source(): string {
    if (this.#cleared) return emptyText
    if (this.#deleted.size === 0) return this.#base
    const members = splitMembers(this.#base)
    return joinMembers(members.filter(({ key }) => !this.#deleted.has(key)))
  }

  #withoutDefaults(): Record<string, unknown> {
    if (this.#defaults.size === 0) return this.#live
    const changed = Object.entries(this.#live).filter(
      ([key, value]) => this.#assigned.has(key) || !this.#isDefault(key, value),
    )
    const data = {}
    for (const [key, value] of changed) defineValue(data, key, value)
    return data
  }

  #isDefault(key: string, value: unknown): boolean {
    return this.#defaults.has(key) && this.#editing.isEqual(value, this.#defaults.get(key))
  }
}

/** Assigning to `__proto__` of the data itself changes its prototype, and would be lost. */
function checkPlain(live: object): void {
  if (isPlain(live)) return
  throw new SessionDataError(
    'the prototype was changed; session.set("__proto__", value) stores such a key',
    ['__proto__'],
  )
}

function isPlain(live: object): boolean {
  return Object.getPrototypeOf(live) === Object.prototype
}

function containersOf(data: Record<string, unknown>): Map<string, object> {
  const containers = new Map<string, object>()
  for (const key of Object.keys(data)) {
    const value = data[key]
    if (isContainer(value)) containers.set(key, value)
  }
  return containers
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function own(data: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(data, key) ? data[key] : undefined
}
