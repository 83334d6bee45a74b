/**
 * Statements over postgres.js.
 *
 * @module
 */
import type { Carrier } from './_postgres-run.ts'

/** What is needed of postgres.js: its `sql`. */
export interface PostgresJs {
  unsafe(
    text: string,
    values: unknown[] | undefined,
    options: { readonly prepare: boolean },
  ): PostgresJsQuery
}

interface PostgresJsQuery {
  values(): PromiseLike<PostgresJsRows> & { cancel(): unknown }
}

interface PostgresJsRows extends ReadonlyArray<readonly unknown[]> {
  /** Rows that the statement answered or changed. */
  readonly count: number
}

/** postgres.js has connections, pipelines and cancellation of its own. */
export function postgresJsCarrier(sql: PostgresJs): Carrier {
  return {
    carry(run) {
      const { text, name } = run.statement
      const query = sql.unsafe(text, run.values, { prepare: name !== null }).values()
      run.drop = () => query.cancel()
      query.then(
        (rows) => run.succeed({ rows, rowCount: rows.count }),
        (error: unknown) => run.fail(error),
      )
    },
  }
}
