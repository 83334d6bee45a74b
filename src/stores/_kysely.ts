/**
 * Statements over a Kysely instance: compiled once, run many times with other values, on whatever
 * engine the instance is for. The one file here that names kysely.
 *
 * @module
 */
import { type DatabaseConnection, type QueryExecutor, type RawBuilder, sql } from 'kysely'

import { ImproperlyConfiguredError, StoreUnavailableError } from '../errors.ts'
import { backOff } from '../session/back-off.ts'
import type { Call } from '../session/store.ts'

export { type DatabaseConnection, type RawBuilder, sql }

/** What is needed of a `Kysely` instance: its tables need not be declared, and plugins are left out. */
export interface KyselyDatabase {
  getExecutor(): QueryExecutor
}

/** The SQL that an engine speaks. */
export type SqlDialect = 'sqlite' | 'postgres' | 'mysql'

/** What came of a statement. */
export interface StatementResult<Row> {
  readonly rows: readonly Row[]
  /** Rows that were matched, or, as some drivers are set up, changed; 0 where a driver does not tell. */
  readonly affected: number
}

/** Values for a statement's slots, by name. */
export type SlotValues<S extends string> = Readonly<Record<S, unknown>>

class Slot {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** The place of a value that each run of a statement gives. */
export function slot(name: string): RawBuilder<unknown> {
  return sql`${new Slot(name)}`
}

/** What a failure means on an engine. */
export interface SqlFailures {
  /** The statement did nothing, because it ran into others, and is worth another try. */
  isTransient(error: unknown): boolean
  /** There is no connection, and the driver has no code to say so. */
  isDisconnected(error: unknown): boolean
}

/** How long a statement is tried again where no call says how long. */
const longestRetryMs = 5000
const longestPauseMs = 50

/** A Kysely instance, and what its engine's failures mean. */
export class SqlDatabase {
  readonly #executor: QueryExecutor
  readonly #failures: SqlFailures

  constructor(db: KyselyDatabase, failures: SqlFailures) {
    this.#executor = db.getExecutor().withoutPlugins()
    this.#failures = failures
  }

  /** Compiles a statement. */
  prepare<S extends string, Row = unknown>(template: RawBuilder<Row>): Statement<S, Row> {
    return new Statement(this, this.#executor, template)
  }

  /**
   * Lends a connection; once more where the work ran into that of others. A call whose signal fired
   * while it waited sends nothing.
   *
   * @throws The driver's errors; StoreUnavailableError for those that say nothing but text.
   */
  async withConnection<T>(
    work: (connection: DatabaseConnection) => Promise<T>,
    call?: Call,
  ): Promise<T> {
    const startedAt = performance.now()
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#executor.provideConnection((connection) => {
          call?.signal?.throwIfAborted()
          return work(connection)
        })
      } catch (error) {
        const isOver = call?.signal?.aborted ?? performance.now() - startedAt > longestRetryMs
        if (isOver || !this.#failures.isTransient(error)) throw this.#named(error)
      }
      await backOff(attempt, longestPauseMs)
    }
  }

  #named(error: unknown): unknown {
    if (!this.#failures.isDisconnected(error)) return error
    return new StoreUnavailableError({ store: 'kyselyStore', operation: 'connect', cause: error })
  }
}

/** A statement, compiled. */
export class Statement<S extends string, Row> {
  readonly #db: SqlDatabase
  readonly #compiled: ReturnType<RawBuilder<Row>['compile']>
  readonly #slots: readonly string[]

  /** Use `SqlDatabase.prepare`. */
  constructor(db: SqlDatabase, executor: QueryExecutor, template: RawBuilder<Row>) {
    const compiled = template.compile({ getExecutor: () => executor })
    this.#db = db
    this.#compiled = compiled
    this.#slots = compiled.parameters.map((parameter) => (parameter as Slot).name)
  }

  /** Runs on a connection of its own. */
  run(values: SlotValues<S>, call?: Call): Promise<StatementResult<Row>> {
    return this.#db.withConnection((connection) => this.runOn(connection, values), call)
  }

  /** Runs on a connection that is lent already. */
  async runOn(
    connection: DatabaseConnection,
    values: SlotValues<S>,
  ): Promise<StatementResult<Row>> {
    const result = await connection.executeQuery<Row>({
      ...this.#compiled,
      parameters: this.#slots.map((name) => values[name as S]),
    })
    return { rows: result.rows, affected: Number(result.numAffectedRows ?? 0) }
  }
}

/** What a driver's error says under a name; empty text where it says nothing. */
export function codeOf(error: unknown, name: 'code' | 'errno' | 'errcode' = 'code'): string {
  if (typeof error !== 'object' || error === null) return ''
  return String(Reflect.get(error, name) ?? '')
}

/**
 * Whether an error is of a connection or a pool: those of `pg` and `mysql2` have no code, while the
 * server's, and the network's, all have one.
 */
export function isCodeless(error: unknown): boolean {
  return error instanceof Error && error.name === 'Error' && codeOf(error) === ''
}

/** How dialects quote a name and mark a value. */
const dialects: ReadonlyMap<string, SqlDialect> = new Map([
  ['"a" = $1', 'postgres'],
  ['"a" = ?', 'sqlite'],
  ['`a` = ?', 'mysql'],
])

/**
 * The dialect, by how it writes a name and a value.
 *
 * @throws ImproperlyConfiguredError where that is not known.
 */
export function inferDialect(db: KyselyDatabase): SqlDialect {
  const executor = db.getExecutor().withoutPlugins()
  const { sql: text } = sql`${sql.id('a')} = ${1}`.compile({ getExecutor: () => executor })
  const dialect = dialects.get(text)
  if (dialect !== undefined) return dialect
  throw new ImproperlyConfiguredError(
    'dialect',
    "cannot be told from the Kysely instance: set it to 'sqlite', 'postgres' or 'mysql', " +
      'whichever SQL the engine speaks.',
  )
}
