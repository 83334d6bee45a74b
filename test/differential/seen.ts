/**
 * What was seen of a step, and of all the rows after it.
 *
 * @module
 */

/** What a response says of a session. */
export interface ResponseHeaders {
  /** The values of `Set-Cookie`. */
  readonly cookies: readonly string[]
  readonly vary: string | null
}

/** What came of an action. */
export type Outcome = { readonly answer: unknown } | { readonly error: string }

/** All that is stored. */
export interface Rows {
  /** Sessions: key, JSON text, date of expiry. */
  readonly sessions: ReadonlyArray<readonly [key: string, text: string, expireDate: string]>
  /** Users: name, password, last login. */
  readonly users: ReadonlyArray<readonly [string, string, string | null]>
}

/** An action for one side: its name, and what it is given. */
export type Action = Readonly<Record<string, unknown>> & { readonly do: string }
