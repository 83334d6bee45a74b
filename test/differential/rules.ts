/**
 * In what this package differs from Django on purpose: a closed list. A rule claims a difference where
 * it is about that, and where what it promises holds; what two rules claim, or none, is a defect.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'

import { splitMembers } from '../../src/formats/json-source.ts'
import type { Difference } from './compare.ts'
import type { Evidence } from './evidence.ts'
import { readJson, writeJson } from './json.ts'
import type { Seen } from './world.ts'

/** A rule. */
export interface Rule {
  readonly name: 'nestedChanges' | 'merge' | 'cleanSave' | 'doubt' | 'limits' | 'rotation'
  claims(difference: Difference, evidence: Evidence): boolean
}

/** All of them, in the order of the design. */
export const rules: readonly Rule[] = [
  {
    name: 'nestedChanges',
    claims: (difference, evidence) =>
      isOrdinary(evidence) &&
      evidence.changedInside.size > 0 &&
      differsOnlyAt(evidence.changedInside, difference, evidence),
  },
  {
    name: 'merge',
    claims: (difference, evidence) =>
      evidence.condition === 'overlapped' &&
      !isRekeyed(evidence) &&
      holdsOnlyWhatWasWritten(difference, evidence),
  },
  {
    name: 'cleanSave',
    claims: (difference, evidence) =>
      isOrdinary(evidence) &&
      !isStranger(evidence) &&
      evidence.wasStored &&
      evidence.changedInside.size === 0 &&
      isDeepStrictEqual(difference.actual.rows, evidence.before) &&
      isDeepStrictEqual(cookiesOf(difference.expected), cookiesOf(difference.actual)),
  },
  {
    name: 'doubt',
    claims: ({ actual }, evidence) =>
      (evidence.condition === 'missing' ||
        evidence.condition === 'unreadable' ||
        isStranger(evidence)) &&
      destroysNothing(actual.rows.sessions, evidence),
  },
  {
    name: 'limits',
    claims: ({ actual }, evidence) =>
      evidence.condition === 'beyond limits' && destroysNothing(actual.rows.sessions, evidence),
  },
  {
    name: 'rotation',
    claims: ({ actual }, evidence) =>
      isRekeyed(evidence) &&
      (isOrdinary(evidence) || evidence.condition === 'overlapped') &&
      actual.rows.sessions.length <= evidence.before.sessions.length,
  },
]

function isOrdinary({ condition }: Evidence): boolean {
  return condition === 'new' || condition === 'readable'
}

/** A login that was made under a former secret, and read under this one. */
function isRekeyed({ operation, rotatedSinceLogin }: Evidence): boolean {
  return operation === 'user' && rotatedSinceLogin
}

/** A login that another password ended, and a process that has not shown yet that its secrets are right. */
function isStranger({ condition, operation, changedPassword }: Evidence): boolean {
  return condition === 'readable' && operation === 'user' && changedPassword
}

function cookiesOf({ outcome }: Seen): unknown {
  const answer: unknown = outcome !== null && 'answer' in outcome ? outcome.answer : null
  return typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'cookies') : null
}

type Sessions = Difference['actual']['rows']['sessions']

/** All that was there still is, as it was. */
function destroysNothing(sessions: Sessions, { before }: Evidence): boolean {
  return before.sessions.every((row) => sessions.some((other) => isDeepStrictEqual(row, other)))
}

/** The values in a row's text, by their keys. */
export function membersOf(text: string): ReadonlyMap<string, string> {
  if (!text.startsWith('{')) return new Map()
  return new Map(splitMembers(text).map(({ key, source }) => [key, source]))
}

/** Rows that a step wrote. */
export function writtenRows(sessions: Sessions, { before }: Evidence): Sessions {
  return sessions.filter((row) => !before.sessions.some((other) => isDeepStrictEqual(row, other)))
}

function differsOnlyAt(
  keys: ReadonlySet<string>,
  { expected, actual }: Difference,
  evidence: Evidence,
): boolean {
  const written = writtenRows(actual.rows.sessions, evidence)
  if (written.length > 1) return false
  const [row] = written
  if (row === undefined) return true
  const [name, text] = row
  const theirs = expected.rows.sessions.find(([key]) => key === name)?.[1] ?? '{}'
  return differingKeys(membersOf(text), membersOf(theirs)).every((key) => keys.has(key))
}

function differingKeys(
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key))
}

/** A merge never leaves at a key a value that no writer wrote. */
export function holdsOnlyWhatWasWritten(
  { actual }: Pick<Difference, 'actual'>,
  evidence: Evidence,
): boolean {
  return writtenRows(actual.rows.sessions, evidence).every(([, text]) =>
    [...membersOf(text)].every(
      ([key, source]) =>
        evidence.changedInside.has(key) ||
        evidence.writesAnything ||
        evidence.versions.some((version) => membersOf(version).get(key) === source) ||
        evidence.assigned.some(([name, value]) => name === key && isSameJson(value, source)),
    ),
  )
}

/** Whether two JSON texts say the same. */
export function isSameJson(one: string, other: string): boolean {
  const normalize = (text: string): string => writeJson(readJson(text))
  return one === other || normalize(one) === normalize(other)
}
