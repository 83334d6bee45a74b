/**
 * What this package promises beyond Django, looked at in every step of ours: a defect by which it
 * does no better than Django is no difference, and would not be seen.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'

import { type Evidence, readabilityOf } from './evidence.ts'
import { holdsOnlyWhatWasWritten, isSameJson, membersOf, type Rule, writtenRows } from './rules.ts'
import type { ResponseHeaders } from './seen.ts'
import type { Seen } from './world.ts'

/** A promise. */
export interface BetterThanDjango {
  readonly rule: Rule['name']
  isKept(actual: Seen, evidence: Evidence): boolean
}

/** All that can be looked at. */
export const promises: readonly BetterThanDjango[] = [
  {
    rule: 'nestedChanges',
    isKept: (actual, evidence) =>
      !isRoutine(evidence) ||
      evidence.operation !== null ||
      statusOf(actual) === null ||
      evidence.isFailure ||
      [...evidence.changedInside].every((key) => isChangedInside(actual, evidence, key)),
  },
  {
    rule: 'merge',
    isKept: (actual, evidence) =>
      evidence.condition !== 'overlapped' ||
      evidence.operations.some((name) => replacing.has(name)) ||
      (holdsOnlyWhatWasWritten({ actual }, evidence) &&
        keepsWhatOthersWrote(actual, evidence) &&
        keepsWhatWeDid(actual, evidence)),
  },
  {
    rule: 'cleanSave',
    isKept: (actual, evidence) =>
      !isRoutine(evidence) ||
      evidence.operation !== 'save' ||
      evidence.changedInside.size > 0 ||
      isDeepStrictEqual(actual.rows, evidence.before),
  },
  {
    rule: 'doubt',
    isKept: (actual, evidence) =>
      !isDoubtful(evidence) ||
      evidence.operations.some((name) => !looking.has(name)) ||
      (isDeepStrictEqual(actual.rows, evidence.before) && (statusOf(actual)?.length ?? 0) === 0),
  },
]

/** What only looks at a session. */
const looking: ReadonlySet<string> = new Set([
  'get',
  'has',
  'items',
  'is_empty',
  'get_expiry_age',
  'get_expiry_date',
  'get_expire_at_browser_close',
  'test_cookie_worked',
])

/** What replaces a session as a whole, or may. */
const replacing: ReadonlySet<string> = new Set(['clear', 'flush', 'login', 'logout', 'user'])

/** A session that is there, at which nothing was done but to look, to change inside, and to save. */
function isRoutine({ condition, operations }: Evidence): boolean {
  const harmless = (name: string): boolean =>
    looking.has(name) || name === 'change_inside' || name === 'save'
  return condition === 'readable' && operations.every(harmless)
}

function isDoubtful({ condition }: Evidence): boolean {
  return condition === 'missing' || condition === 'unreadable' || condition === 'beyond limits'
}

/** The cookies of a response; null where there is none, or it failed. */
function statusOf({ outcome }: Seen): readonly string[] | null {
  if (outcome === null || !('answer' in outcome)) return null
  const { answer } = outcome
  if (typeof answer !== 'object' || answer === null || !('cookies' in answer)) return null
  return (answer as ResponseHeaders).cookies
}

function isChangedInside({ rows }: Seen, evidence: Evidence, key: string): boolean {
  const before = membersOf(evidence.base ?? '{}').get(key)
  if (before === undefined || before.includes('inside')) return true
  return rows.sessions.every(
    ([name, text]) => name !== evidence.key || membersOf(text).get(key) !== before,
  )
}

/** Keys that only they changed are theirs; what cannot be read is left as it is. */
function keepsWhatOthersWrote(actual: Seen, evidence: Evidence): boolean {
  const { base, theirs, assigned, removed, changedInside } = evidence
  if (base === null || theirs === null || !theirs.startsWith('{')) return true
  if (readabilityOf(theirs) !== 'readable') {
    return actual.rows.sessions.some(([name, text]) => name === evidence.key && text === theirs)
  }
  const touched = new Set([...assigned.map(([key]) => key), ...removed, ...changedInside])
  if (evidence.operations.includes('set_expiry')) touched.add('_session_expiry')
  const now = membersOf(theirs)
  const changed = changedKeys(base, theirs).filter((key) => !touched.has(key))
  return mergedTexts(actual, evidence).every((text) =>
    changed.every((key) => membersOf(text).get(key) === now.get(key)),
  )
}

/** Keys that only we set or removed are ours. */
function keepsWhatWeDid(actual: Seen, evidence: Evidence): boolean {
  const { base, theirs, assigned, mustHold, removed, changedInside } = evidence
  if (base === null || theirs === null || !theirs.startsWith('{')) return true
  const unclear = new Set([...changedInside, ...changedKeys(base, theirs)])
  const isOnlySet = ([key]: readonly [string, string]): boolean =>
    !unclear.has(key) && !removed.has(key)
  const set = mustHold.filter(isOnlySet)
  const isAssigned = new Set(assigned.map(([key]) => key))
  const gone = [...removed].filter((key) => !unclear.has(key) && !isAssigned.has(key))
  return mergedTexts(actual, evidence).every((text) => {
    const members = membersOf(text)
    const holds = ([key, value]: readonly [string, string]): boolean => {
      const source = members.get(key)
      return source !== undefined && isSameJson(value, source)
    }
    return set.every(holds) && gone.every((key) => !members.has(key))
  })
}

function changedKeys(base: string, theirs: string): readonly string[] {
  const [before, now] = [membersOf(base), membersOf(theirs)]
  return [...new Set([...before.keys(), ...now.keys()])].filter(
    (key) => before.get(key) !== now.get(key),
  )
}

/** What this step wrote over the session that the request came with, or moved from it. */
function mergedTexts(actual: Seen, evidence: Evidence): readonly string[] {
  return writtenRows(actual.rows.sessions, evidence)
    .filter(([name]) => name === evidence.key || evidence.operation === 'cycle_key')
    .map(([, text]) => text)
}
