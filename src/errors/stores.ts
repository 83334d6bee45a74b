/**
 * Errors of the engines behind stores.
 *
 * @module
 */
import { AsyncDjangoError } from './base.ts'

/** What a failed store call carries of the driver's own error: never its text. */
export interface StoreFailure {
  readonly store: string
  readonly operation: string
  readonly cause?: unknown
}

/** The engine behind a store failed. `cause` holds the driver's codes, without its text. */
export class StoreError extends AsyncDjangoError {
  readonly code: 'ERR_STORE' | 'ERR_STORE_UNAVAILABLE' | 'ERR_STORE_TIMEOUT' | 'ERR_SERVICE' =
    'ERR_STORE'
  override readonly status: 500 | 503 = 500
  /** The store, by its factory's name. */
  readonly store: string
  /** The store's method. */
  readonly operation: string

  constructor(failure: StoreFailure, message?: string) {
    super(
      message ?? `${failure.store}.${failure.operation} failed${causeCode(failure.cause)}.`,
      failure.cause === undefined ? {} : { cause: withoutText(failure.cause) },
    )
    this.store = failure.store
    this.operation = failure.operation
  }
}

/** The engine behind a store cannot be reached. */
export class StoreUnavailableError extends StoreError {
  override readonly code = 'ERR_STORE_UNAVAILABLE'
  override readonly status = 503

  constructor(failure: StoreFailure) {
    super(
      failure,
      `${failure.store}.${failure.operation}: the engine cannot be reached${causeCode(failure.cause)}.`,
    )
  }
}

/** A store call did not answer within its deadline. Whether a write happened is unknown. */
export class StoreTimeoutError extends StoreError {
  override readonly code = 'ERR_STORE_TIMEOUT'
  override readonly status = 503

  constructor(failure: StoreFailure, timeoutMs: number) {
    super(failure, `${failure.store}.${failure.operation} did not answer within ${timeoutMs} ms.`)
  }
}

/** A session service refused a request, or what answered is none: its URL or its token is wrong. */
export class ServiceError extends StoreError {
  override readonly code = 'ERR_SERVICE'
  /** The status that was answered. */
  readonly answered: number

  constructor(failure: StoreFailure, answered: number) {
    super(
      failure,
      `${failure.store}.${failure.operation}: the service answered ${answered}. ` +
        "Look at its URL and token, and at the service's own log.",
    )
    this.answered = answered
  }
}

const codeNames = ['code', 'errno', 'sqlState', 'syscall'] as const

/** Drivers put keys and payloads into messages and details: only their codes travel on. */
function withoutText(cause: unknown): Error {
  const copy = new Error('details are withheld: they may hold session data')
  copy.stack = ''
  if (typeof cause !== 'object' || cause === null) return copy
  if ('name' in cause && typeof cause.name === 'string') copy.name = cause.name
  for (const name of codeNames) {
    const value: unknown = Reflect.get(cause, name)
    if (typeof value === 'string' || typeof value === 'number') Reflect.set(copy, name, value)
  }
  return copy
}

function causeCode(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return ''
  const code: unknown = Reflect.get(cause, 'code') ?? Reflect.get(cause, 'errno')
  return typeof code === 'string' || typeof code === 'number' ? ` (${code})` : ''
}
