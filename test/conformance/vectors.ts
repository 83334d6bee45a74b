/**
 * Holds this package against golden vectors: what real releases of Django answered. Plain functions,
 * with no test framework and nothing of Node, for every runtime.
 *
 * @module
 */
import { accountChecks } from './checks/accounts.ts'
import { isOddScheme, userChecks } from './checks/auth-users.ts'
import { codecChecks } from './checks/codec.ts'
import { cookieSessionChecks } from './checks/cookie-sessions.ts'
import { cookieChecks } from './checks/cookies.ts'
import { csrfChecks } from './checks/csrf.ts'
import { isOldMessageCookie, messageChecks } from './checks/messages.ts'
import { expiryChecks } from './checks/expiry.ts'
import { middlewareChecks, pythonOnlyAction } from './checks/middleware.ts'
import { isUnreadArgon2, passwordChecks } from './checks/passwords.ts'
import { pickleChecks } from './checks/pickles.ts'
import { redisChecks } from './checks/redis.ts'
import { signingChecks } from './checks/signing.ts'
import { type Check, isSince, type Vector } from './vector.ts'

/** What came of a run. */
export interface Report {
  readonly total: number
  readonly passed: number
  /** Vectors that were left out, by the rule that says so. */
  readonly excluded: ReadonlyMap<string, number>
  readonly failures: readonly Failure[]
  /** Vectors that were checked, by kind. */
  readonly kinds: ReadonlyMap<string, number>
}

/** A report as the sum of a test run takes it. */
export interface VectorCounts {
  readonly passed: number
  readonly failed: number
  readonly notes: readonly string[]
}

/** A vector that this package does not agree with. */
export interface Failure {
  readonly id: string
  readonly message: string
}

const checks: ReadonlyMap<string, Check> = new Map(
  Object.entries({
    ...signingChecks,
    ...codecChecks,
    ...expiryChecks,
    ...middlewareChecks,
    ...cookieSessionChecks,
    ...cookieChecks,
    ...csrfChecks,
    ...messageChecks,
    ...passwordChecks,
    ...pickleChecks,
    ...redisChecks,
    ...accountChecks,
    ...userChecks,
  }),
)

/** Of releases before 4.2 only what they leave behind in a table or a cookie is read, not what they do. */
const behaviour = new Set([
  'session.expiry',
  'session.set_expiry',
  'session.middleware',
  'session.middleware.signed_cookies',
  'session.signed_cookies',
  'session.signed_cookies.load',
  'session.file',
  'session.file.load',
  'csrf.request',
  'messages.decode',
  'messages.update',
  'auth.session_hash',
  'auth.reset_token',
  'auth.reset_token_check',
  'auth.flow',
  'auth.authenticate',
  'auth.permissions',
  'password.defaults',
])

interface Rule {
  readonly name: string
  excludes(vector: Vector): boolean
}

/** Why a vector is left out. None is left out by its id. */
const rules: readonly Rule[] = [
  {
    name: 'the behaviour of releases before 4.2',
    excludes: (vector) => behaviour.has(vector.kind) && !isSince(vector, 4, 2),
  },
  {
    name: 'a view that deletes request.session, which only Python can',
    excludes: ({ input }) => input['action'] === pythonOnlyAction,
  },
  { name: 'a variety of Argon2 that 2.2 did not read yet', excludes: isUnreadArgon2 },
  { name: 'a scheme that begins with no letter, in 4.2', excludes: isOddScheme },
  { name: 'a cookie of messages that 4.0 no longer reads', excludes: isOldMessageCookie },
]

/**
 * Runs vectors, one a line.
 *
 * @param more - Checkers of kinds that not every runtime can check.
 * @throws TypeError for a line of a kind that nobody checks.
 */
export async function runVectors(
  lines: Iterable<string>,
  more: Readonly<Record<string, Check>> = {},
): Promise<Report> {
  const excluded = new Map<string, number>()
  const kinds = new Map<string, number>()
  const failures: Failure[] = []
  let total = 0
  for (const line of lines) {
    if (line === '') continue
    const vector = JSON.parse(line) as Vector
    total++
    const rule = rules.find(({ excludes }) => excludes(vector))
    if (rule) {
      count(excluded, rule.name)
      continue
    }
    count(kinds, vector.kind)
    const message = await problemWith(vector, more[vector.kind] ?? checks.get(vector.kind))
    if (message !== null) failures.push({ id: vector.id, message })
  }
  const left = total - [...excluded.values()].reduce((sum, each) => sum + each, 0)
  return { total, passed: left - failures.length, excluded, failures, kinds }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

async function problemWith(vector: Vector, check?: Check): Promise<string | null> {
  if (!check) throw new TypeError(`Nobody checks vectors of the kind ${vector.kind}.`)
  try {
    await check(vector)
    return null
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}

/** What a test run counts and tells: the vectors themselves, and those that were left out. */
export function countsOf({ passed, failures, excluded }: Report): VectorCounts {
  const notes = [...excluded].map(([rule, number]) => `left out: ${rule} (${number})`)
  return { passed, failed: failures.length, notes }
}

/** The report in a few lines. */
export function formatReport(title: string, report: Report): string {
  const { total, passed, failures, excluded } = report
  const left = [...excluded].map(([rule, number]) => `\n  ${number} left out: ${rule}`)
  const failed = failures.slice(0, 20).map(({ id, message }) => `\n  ${id}: ${message}`)
  const sum = `${title}: ${total} vectors, ${passed} passed, ${failures.length} failed`
  return [sum, ...left, ...failed].join('')
}
