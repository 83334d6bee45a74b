/**
 * The three-way merge of session data: our changes, replayed key by key on what stands in the store
 * now. A merge never leaves at a key a value that no writer wrote.
 *
 * @module
 */
import { SessionConflictError } from '../errors.ts'
import { joinMembers, makeMember, type Member, splitMembers } from '../formats/json-source.ts'
import type { DataFormat } from './codec.ts'
import { mergeMessages } from './merge-messages.ts'

/** What one side did to session data since it read it. */
export interface Changes {
  /** The data as it was read. */
  readonly base: string
  /** The data as it should be. */
  readonly ours: string
  /** Keys that were given a value as a whole, though it may be an equal one. */
  readonly assigned: ReadonlySet<string>
  /** Keys whose value is the object that was read, perhaps changed inside. */
  readonly kept: ReadonlySet<string>
  /** Everything was cleared first: what was there goes, whoever wrote it. */
  readonly cleared: boolean
}

/** The merged data, and the keys at which both sides had changed something. */
export interface Merged {
  readonly text: string
  readonly conflicts: readonly string[]
}

/** What `merge` is. */
export type Merge = typeof merge

/** The text of the value at a key; null where there is none. */
type Value = string | null

const authKeys = ['_auth_user_id', '_auth_user_backend', '_auth_user_hash'] as const
const csrfKey = '_csrftoken'
const messagesKey = '_messages'

/**
 * Replays changes on what stands in the store.
 *
 * @throws SessionConflictError where both sides logged somebody in, and not the same.
 */
export function merge(changes: Changes, theirs: string, format: DataFormat): Merged {
  const sides = new Sides(changes, theirs)
  const result = new Map<string, Value>()
  const conflicts: string[] = []
  const login = sides.authChanged() ? mergeAuth(sides, conflicts) : null
  for (const key of sides.keys()) {
    const isAuth = (authKeys as readonly string[]).includes(key)
    if (isAuth) result.set(key, login === null ? sides.theirs(key) : login(key))
    else result.set(key, mergeKey(key, sides, conflicts, format))
  }
  return { text: sides.write(result), conflicts }
}

/** The three versions of the data, by key. */
class Sides {
  readonly changes: Changes
  readonly #base: ReadonlyMap<string, string>
  readonly #ours: ReadonlyMap<string, string>
  readonly #theirs: ReadonlyMap<string, string>
  readonly #theirMembers: readonly Member[]

  constructor(changes: Changes, theirs: string) {
    this.changes = changes
    this.#theirMembers = splitMembers(theirs)
    this.#base = byKey(splitMembers(changes.base))
    this.#ours = byKey(splitMembers(changes.ours))
    this.#theirs = byKey(this.#theirMembers)
  }

  base(key: string): Value {
    return this.#base.get(key) ?? null
  }

  ours(key: string): Value {
    return this.#ours.get(key) ?? null
  }

  theirs(key: string): Value {
    return this.#theirs.get(key) ?? null
  }

  /** What stands there keeps its order; what only we have comes after. */
  keys(): Set<string> {
    return new Set([...this.#theirs.keys(), ...this.#ours.keys()])
  }

  weChanged(key: string): boolean {
    const { assigned, cleared } = this.changes
    return cleared || assigned.has(key) || this.base(key) !== this.ours(key)
  }

  theyChanged(key: string): boolean {
    return this.base(key) !== this.theirs(key)
  }

  authChanged(): boolean {
    return authKeys.some((key) => this.weChanged(key))
  }

  /** Members that stay as they stand there keep their very text, duplicates included. */
  write(result: ReadonlyMap<string, Value>): string {
    const members: Member[] = []
    const written = new Set<string>()
    for (const member of this.#theirMembers) {
      const value = result.get(member.key) ?? null
      if (value === this.theirs(member.key)) members.push(member)
      else if (value !== null && !written.has(member.key)) {
        members.push(makeMember(member.key, value))
      }
      written.add(member.key)
    }
    for (const [key, value] of result) {
      if (value !== null && !written.has(key)) members.push(makeMember(key, value))
    }
    return joinMembers(members)
  }
}

function byKey(members: readonly Member[]): Map<string, string> {
  return new Map(members.map((member) => [member.key, member.source]))
}

function mergeKey(key: string, sides: Sides, conflicts: string[], format: DataFormat): Value {
  const ours = sides.ours(key)
  const theirs = sides.theirs(key)
  if (!sides.weChanged(key) || ours === theirs) return theirs
  if (!sides.theyChanged(key)) return ours
  if (key === messagesKey && !sides.changes.cleared) {
    const merged = mergeMessages(sides.base(key), ours, theirs, format)
    if (merged !== undefined) return merged
  }
  conflicts.push(key)
  if (key === csrfKey && !sides.changes.cleared) return mergeCsrf(sides)
  const changedInside = sides.changes.kept.has(key) && !sides.changes.assigned.has(key)
  return theirs === null && changedInside ? null : ours
}

/** Our rotation of a secret wins; everything else gives way to what stands there. */
function mergeCsrf(sides: Sides): Value {
  const base = sides.base(csrfKey)
  const ours = sides.ours(csrfKey)
  const isRotation = base !== null && ours !== null && ours !== base
  return isRotation ? ours : sides.theirs(csrfKey)
}

/** The three keys of a login are one value. Being logged out wins over any login. */
function mergeAuth(sides: Sides, conflicts: string[]): (key: string) => Value {
  const [userId] = authKeys
  const isSame = authKeys.every((key) => sides.ours(key) === sides.theirs(key))
  if (isSame || !authKeys.some((key) => sides.theyChanged(key))) return (key) => sides.ours(key)
  conflicts.push(...authKeys)
  if (sides.ours(userId) === null || sides.theirs(userId) === null) return () => null
  throw new SessionConflictError(
    'Two requests logged different users in, or the same one with different passwords, into one ' +
      'session at the same time. Nothing was saved; ask the visitor to log in again.',
    1,
    authKeys,
  )
}
