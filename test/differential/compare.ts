/**
 * The first thing in which two worlds differ.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'

import { readJson, writeJson } from './json.ts'
import type { Outcome } from './seen.ts'
import type { Seen } from './world.ts'

/** What differs. */
export interface Difference {
  /** The step of the history. */
  readonly at: number
  /** With Django alone. */
  readonly expected: Seen
  readonly actual: Seen
}

/** Null where all is the same. */
export function findDifference(
  expected: readonly Seen[],
  actual: readonly Seen[],
): Difference | null {
  const at = expected.findIndex((seen, index) => !isSame(seen, actual[index]))
  const [one, other] = [expected[at], actual[at]]
  return one && other ? { at, expected: one, actual: other } : null
}

function isSame(expected: Seen, actual: Seen | undefined): boolean {
  if (actual === undefined || !isDeepStrictEqual(expected.rows, actual.rows)) return false
  return isDeepStrictEqual(comparable(expected.outcome), comparable(actual.outcome))
}

/** One word for errors that are each other's: Django's, and ours. */
const errors: Readonly<Record<string, string>> = {
  UpdateError: 'interrupted',
  SessionInterrupted: 'interrupted',
  ERR_SESSION_INTERRUPTED: 'interrupted',
}

/**
 * JavaScript has one type for numbers: 1.0, once it was read, is 1. And it lists keys that look like
 * integers before all others.
 */
function comparable(outcome: Outcome | null): unknown {
  if (outcome === null) return null
  if ('error' in outcome) return { error: errors[outcome.error] ?? outcome.error }
  const { answer } = outcome
  return typeof answer === 'string' ? { answer: normalized(answer) } : outcome
}

function normalized(answer: string): string {
  try {
    const value = readJson(answer)
    return writeJson(isItems(value) ? Object.fromEntries(value) : value)
  } catch {
    return answer
  }
}

function isItems(value: unknown): value is ReadonlyArray<readonly [string, unknown]> {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isPair(item))
}

function isPair(item: unknown): boolean {
  return Array.isArray(item) && item.length === 2 && typeof item[0] === 'string'
}
