/**
 * What is known of the request in which two worlds began to differ.
 *
 * @module
 */
import { splitMembers } from '../../src/formats/json-source.ts'
import { parsePythonJson } from '../../src/formats/python-json.ts'
import type { History, Step } from './history.ts'
import type { Rows } from './seen.ts'
import type { Seen } from './world.ts'

/** How the session stood, from where the request began to where the worlds differ. */
export type Condition =
  | 'new'
  | 'readable'
  /** There was no row under the key, or an expired one. */
  | 'missing'
  | 'unreadable'
  /** Readable for Python. */
  | 'beyond limits'
  /** Somebody else wrote it meanwhile, or deleted it. */
  | 'overlapped'

/** The evidence. */
export interface Evidence {
  readonly condition: Condition
  /** All rows, before the step. */
  readonly before: Rows
  /** What the step does with the session; null for the end of the request, and for no request. */
  readonly operation: string | null
  /** What this request did with the session so far, this step included. */
  readonly operations: readonly string[]
  /** The step ends the request with a status by which nothing is saved. */
  readonly isFailure: boolean
  /** Keys that this request removed. */
  readonly removed: ReadonlySet<string>
  /** The key that the request came with; empty where it came with none. */
  readonly key: string
  /** The text of the session's row where the request began; null for none. */
  readonly base: string | null
  /** The same before this step; null too for one that has expired, which nobody reads. */
  readonly theirs: string | null
  /** This request saved, or moved to another key: what is left to save in the end may be nothing. */
  readonly wasStored: boolean
  /** Keys at which this request changed something inside of a value. */
  readonly changedInside: ReadonlySet<string>
  /** What this request assigned: keys, and JSON texts. */
  readonly assigned: ReadonlyArray<readonly [key: string, value: string]>
  /** Of those, what must be held if nobody else touches it: each key was set once, and not saved yet. */
  readonly mustHold: ReadonlyArray<readonly [key: string, value: string]>
  /** It logged in, or set an expiry: what it assigned is not all known. */
  readonly writesAnything: boolean
  /** The texts of all rows, from where the request began. */
  readonly versions: readonly string[]
  readonly rotatedSinceLogin: boolean
  readonly changedPassword: boolean
}

const deepest = 500

/** What stores a session, or may. */
const storing = /^(?:save|cycle_key|login|user)$/

/** Collects it. @param at - The step. @param seen - What was seen of the steps before it. */
export function collectEvidence(
  { steps, begin }: History,
  at: number,
  seen: readonly Seen[],
): Evidence {
  const step = steps[at]
  const request = step && 'request' in step ? step.request : null
  const openedAt = steps.findIndex((one) => one.do === 'open' && one.request === request)
  const own = steps
    .map((one, index) => ({ one, index }))
    .filter(({ one, index }) => index <= at && 'request' in one && one.request === request)
  const operations = own.flatMap(({ one, index }) =>
    one.do === 'operate' ? [{ ...one, index }] : [],
  )
  const before = seen[at - 1]?.rows ?? { sessions: [], users: [] }
  const isBefore = (kind: Step['do']): boolean =>
    steps.some((one, index) => index < at && one.do === kind)
  const now = begin + waited(steps.slice(0, at))
  return {
    condition: conditionOf(
      seen.slice(0, at),
      openedAt,
      new Set(own.map(({ index }) => index)),
      now,
    ),
    before,
    operation: step?.do === 'operate' ? step.name : null,
    isFailure: step?.do === 'close' && step.status >= 500,
    operations: operations.map(({ name }) => name),
    removed: new Set(
      operations.filter(({ name }) => name === 'pop').map(({ given }) => String(given['key'])),
    ),
    key: keyAt(seen, openedAt),
    base: rowOf(seen[openedAt], keyAt(seen, openedAt)),
    theirs: livingRowOf(seen[at - 1], keyAt(seen, openedAt), now),
    wasStored: operations.some(({ name }) => storing.test(name)),
    changedInside: new Set(
      operations
        .filter(({ name, index }) => name === 'change_inside' && isTrue(seen[index]))
        .map(({ given }) => String(given['key'])),
    ),
    assigned: operations.flatMap(({ name, given }) => assignmentsOf(name, given)),
    mustHold: once(
      operations
        .slice(operations.findLastIndex(({ name, index }) => index < at && storing.test(name)) + 1)
        .filter(({ name }) => name !== 'setdefault')
        .flatMap(({ name, given }) => assignmentsOf(name, given)),
    ),
    writesAnything: operations.some(({ name }) => /^(?:login|set_expiry|user)$/.test(name)),
    versions: seen
      .slice(Math.max(openedAt, 0), at)
      .flatMap(({ rows }) => rows.sessions.map(([, text]) => text)),
    rotatedSinceLogin: isBefore('rotate'),
    changedPassword: isBefore('changePassword'),
  }
}

function waited(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + (step.do === 'wait' ? step.seconds : 0), 0)
}

function isTrue(seen: Seen | undefined): boolean {
  return seen?.outcome !== null && 'answer' in (seen?.outcome ?? {}) && answerOf(seen) === true
}

function answerOf(seen: Seen | undefined): unknown {
  const outcome = seen?.outcome ?? null
  return outcome !== null && 'answer' in outcome ? outcome.answer : null
}

function assignmentsOf(
  name: string,
  given: Readonly<Record<string, unknown>>,
): ReadonlyArray<readonly [string, string]> {
  const value = String(given['value'])
  if (name === 'set_test_cookie') return [['testcookie', '"worked"']]
  if (name === 'set' || name === 'setdefault') return [[String(given['key']), value]]
  if (name !== 'update') return []
  return splitMembers(value).map(({ key, source }) => [key, source])
}

function once<T>(
  assigned: ReadonlyArray<readonly [string, T]>,
): ReadonlyArray<readonly [string, T]> {
  return assigned.filter(([key]) => assigned.filter(([other]) => other === key).length === 1)
}

/** The key that the request came with; that of no row where it came with none. */
function keyAt(seen: readonly Seen[], openedAt: number): string {
  const key = answerOf(seen[openedAt])
  return typeof key === 'string' ? key : ''
}

function conditionOf(
  seen: readonly Seen[],
  openedAt: number,
  own: ReadonlySet<number>,
  now: number,
): Condition {
  const key = answerOf(seen[openedAt])
  if (openedAt === -1 || typeof key !== 'string' || !isSessionKey(key)) return 'new'
  const isOverlapped = seen.some(
    (one, index) =>
      index > openedAt &&
      !own.has(index) &&
      rowOf(one, key) !== rowOf(seen[index - 1], key) &&
      rowOf(seen[openedAt], key) !== null,
  )
  if (isOverlapped) return 'overlapped'
  const row = livingRowOf(seen[openedAt], key, now)
  if (row === null) return 'missing'
  if (row.startsWith('undecodable')) return 'unreadable'
  return readabilityOf(row)
}

/** A named key, or one that a browser might have had: of eight characters or more. */
function isSessionKey(key: string): boolean {
  return key.startsWith('key ') || Array.from(key).length >= 8
}

function rowOf(seen: Seen | undefined, key: string): string | null {
  return seen?.rows.sessions.find(([name]) => name === key)?.[1] ?? null
}

/** @param now - In seconds. */
function livingRowOf(seen: Seen | undefined, key: string, now: number): string | null {
  return Date.parse(expiryOf(seen, key)) <= now * 1000 ? null : rowOf(seen, key)
}

function expiryOf(seen: Seen | undefined, key: string): string {
  return seen?.rows.sessions.find(([name]) => name === key)?.[2] ?? ''
}

/** What this package can make of a row's text. */
export function readabilityOf(text: string): Condition {
  if (!text.startsWith('{')) return text.startsWith('[') ? 'beyond limits' : 'unreadable'
  try {
    parsePythonJson(text, { depth: deepest, values: Number.POSITIVE_INFINITY })
    return 'readable'
  } catch {
    return 'beyond limits'
  }
}
