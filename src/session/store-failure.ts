/**
 * Failures of engines and drivers as errors of this package.
 *
 * @module
 */
import {
  isAsyncDjangoError,
  StoreError,
  type StoreFailure,
  StoreUnavailableError,
} from '../errors.ts'

/**
 * Codes of Node, of PostgreSQL (class 08 and 57P, cancelled, locked), of MySQL drivers, and of
 * SQLite: the engine is away, or so busy that a statement was given up.
 */
const unavailable =
  /^(?:ECONN\w+|ENOTFOUND|ETIMEDOUT|EPIPE|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|08\w{3}|57P0[1-4]|57014|55P03|53300|PROTOCOL_CONNECTION_LOST|PROTOCOL_ENQUEUE_\w+|POOL_CLOSED|ER_(?:CON_COUNT_ERROR|SERVER_SHUTDOWN|GET_CONNECTION_TIMEOUT|POOL_\w+|SOCKET_\w+|CONNECTION_\w+|LOCK_WAIT_TIMEOUT|QUERY_INTERRUPTED|QUERY_TIMEOUT|STATEMENT_TIMEOUT)|CONNECTION_\w+|SQLITE_(?:BUSY|LOCKED|CANTOPEN)\w*)$/

/** SQLite's own numbers for busy, locked and cannot open, which `node:sqlite` has beside a code. */
const unavailableNumbers: readonly number[] = [5, 6, 14]

/** What a call is rejected with, where this is what it failed with. */
export function asStoreError(failure: StoreFailure, cause: unknown): unknown {
  if (isAsyncDjangoError(cause)) return cause
  return isUnavailable(cause)
    ? new StoreUnavailableError({ ...failure, cause })
    : new StoreError({ ...failure, cause })
}

function isUnavailable(cause: unknown): boolean {
  if (typeof cause !== 'object' || cause === null) return false
  // The low byte says what happened, the others say how.
  const number = Number(Reflect.get(cause, 'errcode')) & 0xff
  const code: unknown = Reflect.get(cause, 'code')
  return unavailableNumbers.includes(number) || unavailable.test(String(code))
}
