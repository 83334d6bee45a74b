/**
 * Errors of what an application wants of a session.
 *
 * @module
 */
import { AsyncDjangoError } from './base.ts'

/** One thing that is wrong with session data, in the shape of a Standard Schema issue. */
export interface DataIssue {
  readonly message: string
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined
}

/** A value that cannot be stored, or data that the schema refuses. Nothing was written. */
export class SessionDataError extends AsyncDjangoError {
  readonly code = 'ERR_SESSION_DATA'
  /** Where, from the top of the session data. */
  readonly path: readonly PropertyKey[]
  /** Everything that is wrong. */
  readonly issues: readonly DataIssue[]

  constructor(message: string, path: readonly PropertyKey[], issues?: readonly DataIssue[]) {
    super(
      `session.data${path.map((part) => `[${JSON.stringify(String(part))}]`).join('')}: ${message}`,
    )
    this.path = path
    this.issues = issues ?? [{ message, path }]
  }
}

/** A session whose cookie holds it is larger than what browsers keep. Nothing was saved. */
export class SessionTooLargeError extends AsyncDjangoError {
  readonly code = 'ERR_SESSION_TOO_LARGE'
  /** The size of the session, signed, in bytes. */
  readonly size: number
  /** What there is room for. */
  readonly limit: number

  constructor(size: number, limit: number) {
    super(
      `The session takes ${size} bytes, and its cookie has room for ${limit}. Keep less in it, or use ` +
        'a store that keeps sessions on the server.',
    )
    this.size = size
    this.limit = limit
  }
}

/** A cookie is due after the response's headers have left, or where there is no response. */
export class HeadersSentError extends AsyncDjangoError {
  readonly code = 'ERR_HEADERS_SENT'

  constructor(operation: string) {
    super(
      `${operation} needs to set a cookie, and the response's headers have already left ` +
        '(or there is no response, as in a WebSocket). Do it before the response begins.',
    )
  }
}
