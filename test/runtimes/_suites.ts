/**
 * The suites of `program.ts`, by their names.
 *
 * @module
 */

/** The suites. */
export const suiteNames = [
  'signing vectors',
  'session vectors',
  'cookie vectors',
  'password vectors',
  'user vectors',
  'memory store',
  'SQLite store',
  'PostgreSQL store',
  'postgres.js store',
  'MariaDB store',
  'fetch adapter',
] as const

/** The name of a suite. */
export type SuiteName = (typeof suiteNames)[number]

/** The database server that a suite needs, by the variable of its URL. */
export const serverOf: Readonly<Partial<Record<SuiteName, ServerName>>> = {
  'PostgreSQL store': 'POSTGRES',
  'postgres.js store': 'POSTGRES',
  'MariaDB store': 'MARIADB',
}

/** The variable with the URL of a database. */
export type ServerName = 'POSTGRES' | 'MARIADB'

/** A test that a runtime cannot pass, whatever this package does. */
export interface Limit {
  readonly runtime: string
  readonly suite: SuiteName
  readonly test: string
  readonly reason: string
}

/** What is known to fail. A test that is named here and passes is a failure: its line can go. */
export const limits: readonly Limit[] = [
  {
    runtime: 'Bun',
    suite: 'fetch adapter',
    test: 'streaming: sends the headers of a stream of which nothing has come yet',
    reason:
      'Bun.serve keeps the headers until the first part of a stream comes (oven-sh/bun#33660)',
  },
]
