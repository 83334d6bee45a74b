/**
 * The rules by which the changes of two writers of one session become one session, said a second
 * time, in plain values and without regard to speed: `merge-pairs.test.ts` holds the package to
 * them. Nothing here is shared with the package.
 *
 * @module
 */
import { textOf } from './merge/values.ts'

/** A value in a store, and the text that it has there. */
export interface Stored {
  readonly value: unknown
  source: string
}

/** A session in a store, its keys in their order. */
export type Row = ReadonlyMap<string, Stored>

/** What we did to a key: gave it a value, changed the inside of the container there, deleted it. */
export type Change =
  { readonly how: 'assigned' | 'inside'; readonly value: unknown } | { readonly how: 'deleted' }

/** What we did since we read the session; where we cleared it, what we did since then. */
export interface Changes {
  readonly cleared: boolean
  readonly keys: ReadonlyMap<string, Change>
}

/** The rules, each of which a run has to meet. */
export const mergeRules = [
  'key: only they changed it',
  'key: only we changed it',
  'key: both, to the same value',
  'key: both, we deleted it',
  'key: both, ours wins',
  'key: they deleted it, we changed its inside',
  'key: they deleted it, we assigned it',
  'key: set() to an equal value is a change',
  'clear: what they wrote goes',
  'clear: what we set after it stays',
  'login: only they changed it',
  'login: only we changed it',
  'login: both, to the same',
  'login: both, logged out wins',
  'login: both, two logins',
  'csrf: both, our rotation',
  'csrf: both, what stands there',
  'messages: both, merged',
  'messages: both, none left',
  'messages: both, no list',
] as const

/** The name of a rule. */
export type MergeRule = (typeof mergeRules)[number]

/** The three keys that are one value. */
export const loginKeys: readonly string[] = [
  '_auth_user_id',
  '_auth_user_backend',
  '_auth_user_hash',
]

/**
 * Replays our changes on what stands in the store.
 *
 * @param base - The session as we read it.
 * @param theirs - The session as they left it.
 * @param note - Told of every rule that had a say.
 * @returns The merged session; null for two different logins, where nothing is written.
 */
export function merge(
  base: Row,
  theirs: Row,
  ours: Changes,
  note: (rule: MergeRule) => void,
): Map<string, Stored> | null {
  if (ours.cleared && !isSameRow(base, theirs)) note('clear: what they wrote goes')
  const merged = new Map(ours.cleared ? [] : theirs)
  for (const key of merged.keys()) {
    if (!ours.keys.has(key) && isChanged(base, theirs, key)) note('key: only they changed it')
  }
  for (const [key, change] of ours.keys) {
    if (loginKeys.includes(key)) continue
    const { rule, stored } = ours.cleared
      ? ({ rule: 'clear: what we set after it stays', stored: storedOf(change) } as const)
      : mergeKey(key, base.get(key), theirs.get(key), change)
    if (isEqualSet(change, base.get(key))) note('key: set() to an equal value is a change')
    note(rule)
    place(merged, key, stored)
  }
  const isOurs = (key: string): boolean => ours.keys.has(key) || (ours.cleared && base.has(key))
  if (!loginKeys.some(isOurs)) {
    if (loginKeys.some((key) => isChanged(base, merged, key))) note('login: only they changed it')
    return merged
  }
  const { rule, login } = mergeLogin(base, theirs, ours)
  note(rule)
  for (const [index, key] of loginKeys.entries()) place(merged, key, login?.[index])
  return login && merged
}

/** What stands at a key that we changed. */
function mergeKey(
  key: string,
  before: Stored | undefined,
  theirs: Stored | undefined,
  change: Change,
): { readonly rule: MergeRule; readonly stored: Stored | undefined } {
  const ours = storedOf(change)
  if (before?.source === theirs?.source) return { rule: 'key: only we changed it', stored: ours }
  if (isSame(ours, theirs)) return { rule: 'key: both, to the same value', stored: ours }
  if (key === '_csrftoken') {
    const isRotation = before !== undefined && ours !== undefined && !isSame(ours, before)
    if (isRotation) return { rule: 'csrf: both, our rotation', stored: ours }
    return { rule: 'csrf: both, what stands there', stored: theirs }
  }
  if (key === '_messages') {
    const list = mergeMessages(before, theirs, ours)
    if (list?.length === 0) return { rule: 'messages: both, none left', stored: undefined }
    if (list) return { rule: 'messages: both, merged', stored: storedText(`[${list.join(', ')}]`) }
    if (ours && theirs) return { rule: 'messages: both, no list', stored: ours }
  }
  if (!ours) return { rule: 'key: both, we deleted it', stored: undefined }
  if (theirs) return { rule: 'key: both, ours wins', stored: ours }
  return change.how === 'inside'
    ? { rule: 'key: they deleted it, we changed its inside', stored: undefined }
    : { rule: 'key: they deleted it, we assigned it', stored: ours }
}

/** The three keys of a login that we changed, in their order; null for two different logins. */
function mergeLogin(
  base: Row,
  theirs: Row,
  { cleared, keys }: Changes,
): { readonly rule: MergeRule; readonly login: ReadonlyArray<Stored | undefined> | null } {
  const ours = loginKeys.map((key) => {
    const change = keys.get(key)
    return change || cleared ? change && storedOf(change) : base.get(key)
  })
  const stands = loginKeys.map((key) => theirs.get(key))
  if (!loginKeys.some((key) => isChanged(base, theirs, key))) {
    return { rule: 'login: only we changed it', login: ours }
  }
  if (ours.every((stored, index) => isSame(stored, stands[index]))) {
    return { rule: 'login: both, to the same', login: ours }
  }
  if (!ours[0] || !stands[0]) return { rule: 'login: both, logged out wins', login: [] }
  return { rule: 'login: both, two logins', login: null }
}

/** Theirs without those that we removed, then those that we added; null where a side is no list. */
function mergeMessages(...sides: ReadonlyArray<Stored | undefined>): string[] | null {
  const [before, theirs, ours] = sides.map((side) => (side ? messagesIn(side.value) : []))
  if (!before || !theirs || !ours) return null
  return [...without(theirs, without(before, ours)), ...without(ours, before)]
}

/** The messages in a value, each as Python writes it. */
function messagesIn(value: unknown): string[] | null {
  try {
    const list: unknown = typeof value === 'string' ? JSON.parse(value) : null
    return Array.isArray(list) ? list.map((message) => textOf(message, ', ', ': ')) : null
  } catch {
    return null
  }
}

/** A list without the members of another, each taken away once. */
function without(list: readonly string[], taken: readonly string[]): string[] {
  const rest = [...list]
  for (const member of taken) {
    const index = rest.indexOf(member)
    if (index >= 0) rest.splice(index, 1)
  }
  return rest
}

function place(row: Map<string, Stored>, key: string, stored: Stored | undefined): void {
  if (stored) row.set(key, stored)
  else row.delete(key)
}

function storedOf(change: Change): Stored | undefined {
  return change.how === 'deleted' ? undefined : storedText(change.value)
}

function storedText(value: unknown): Stored {
  return { value, source: textOf(value) }
}

function isEqualSet(change: Change, before: Stored | undefined): boolean {
  return change.how === 'assigned' && isSame(storedOf(change), before)
}

/** Whether two values are equal, however they are written. */
function isSame(one: Stored | undefined, other: Stored | undefined): boolean {
  return one && other ? textOf(one.value) === textOf(other.value) : one === other
}

/** Whether a key that we did not assign was changed: equal is equal text. */
function isChanged(base: Row, theirs: Row, key: string): boolean {
  return base.get(key)?.source !== theirs.get(key)?.source
}

/** Whether two rows hold the same text at every key. */
export function isSameRow(one: Row, other: Row): boolean {
  return [...one.keys(), ...other.keys()].every((key) => !isChanged(one, other, key))
}
