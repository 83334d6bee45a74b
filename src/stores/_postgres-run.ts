/**
 * Statements on their way to PostgreSQL, whatever client takes them there.
 *
 * @module
 */
import { StoreUnavailableError } from '../errors.ts'
import { backOffMs } from '../session/back-off.ts'
import type { Call } from '../session/store.ts'
import { callIsOver, whenOver } from './_when-over.ts'
import { platform } from '#platform'

/** A statement that is run many times, with other values. */
export interface Statement {
  readonly text: string
  /** The name under which connections keep it prepared; null where they must not. */
  readonly name: string | null
  /** It never waits for a row that somebody else holds. */
  readonly isRead: boolean
  /** Where others are in its way it is not sent again: whoever sends it has another way. */
  readonly isOnce?: boolean
}

/** What came of a statement. */
export interface Answer {
  /** Columns stand in the order of the statement. */
  readonly rows: ReadonlyArray<readonly unknown[]>
  /** Rows that it answered or changed. */
  readonly rowCount: number | null
}

/** Takes statements to the server, and settles them. */
export interface Carrier {
  carry(run: Run): void
}

/** One statement on its way. */
export interface Run {
  readonly statement: Statement
  readonly values: unknown[]
  /** Nobody waits for it any more. */
  readonly isOver: boolean
  /** Called once nobody waits for it any more; null while it is nowhere. */
  drop: ((run: Run) => void) | null
  /** Sends it again. */
  try(): void
  succeed(answer: Answer): void
  fail(error: unknown): void
}

/** Runs statements. */
export class PostgresRunner {
  readonly #carrier: Carrier

  constructor(carrier: Carrier) {
    this.#carrier = carrier
  }

  /**
   * Runs a statement, and reads its answer, which must not fail. Sends nothing for a call whose time is over.
   *
   * @throws The driver's errors; StoreUnavailableError for those that say nothing but text.
   */
  run<T>(
    statement: Statement,
    values: unknown[],
    read: (answer: Answer) => T,
    call?: Call,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const succeed = (answer: Answer): void => resolve(read(answer))
      const run = new WaitedRun(this.#carrier, statement, values, succeed, reject)
      if (call) whenOver(call, () => run.end())
      run.try()
    })
  }
}

/** Serialization failures and deadlocks: nothing was done, and another try may do it. */
const transientCodes: readonly unknown[] = ['40001', '40P01']

const mostTries = 100
const longestPauseMs = 50

class WaitedRun implements Run {
  readonly statement: Statement
  readonly values: unknown[]
  isOver = false
  drop: ((run: Run) => void) | null = null
  readonly succeed: (answer: Answer) => void
  readonly #carrier: Carrier
  readonly #reject: (error: unknown) => void
  #tries = 0

  constructor(
    carrier: Carrier,
    statement: Statement,
    values: unknown[],
    succeed: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) {
    this.statement = statement
    this.values = values
    this.succeed = succeed
    this.#carrier = carrier
    this.#reject = reject
  }

  try(): void {
    this.#tries += 1
    if (!this.isOver) this.#carrier.carry(this)
  }

  fail(error: unknown): void {
    if (isTransient(error) && !this.statement.isOnce && this.#tries < mostTries) {
      platform.delay(() => this.try(), backOffMs(this.#tries, longestPauseMs))
    } else {
      this.#reject(isCodeless(error) ? unavailable(error) : error)
    }
  }

  end(): void {
    this.isOver = true
    this.#reject(callIsOver(cancelled))
    this.drop?.(this)
  }
}

/** The code of a statement that was cancelled. */
export const cancelled = '57014'

/** Whether a statement did nothing, and may do it at the next try. */
export function isTransient(error: unknown): boolean {
  return transientCodes.includes(codeOf(error))
}

/**
 * What the server refuses has a code, and did nothing. Not so where a connection (08) or the server
 * (57, 58) goes, or where it says itself that it does not know.
 */
const refused = /^(?!08|57|58|40003)(?:\d[\dA-Z]|P0)[\dA-Z]{3}$/

/** Whether a statement certainly did nothing. */
export function isRefusal(error: unknown): boolean {
  return refused.test(String(codeOf(error)))
}

/** What an error says under `code`. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : null
}

/** Errors of a connection or a pool have no code; the server's, and the network's, all have one. */
function isCodeless(error: unknown): boolean {
  return error instanceof Error && error.name === 'Error' && codeOf(error) === undefined
}

function unavailable(cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError({ store: 'postgresStore', operation: 'connect', cause })
}
