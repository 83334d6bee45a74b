/**
 * Statements over one client of `pg`.
 *
 * @module
 */
import type { Answer, Carrier, Run } from './_postgres-run.ts'

/** What a client of `pg` is asked. */
export interface PgQuery {
  readonly text: string
  readonly name?: string
  readonly values: unknown[]
  readonly rowMode: 'array'
}

/** What is needed of a client of `pg`. */
export interface PgClient {
  /** Whether it sends statements before those in front of them are answered. */
  readonly pipeline?: boolean
  query(
    query: PgQuery,
    done: (error: Error, result: { rows: unknown[][]; rowCount: number | null }) => void,
  ): void
}

/** Sends a statement. `done` is told of the failure, or of null and the answer. */
export function send(
  client: PgClient,
  { statement: { text, name }, values }: Pick<Run, 'statement' | 'values'>,
  done: (error: Error | null, answer: Answer) => void,
): void {
  const rowMode = 'array'
  client.query(name === null ? { text, values, rowMode } : { text, name, values, rowMode }, done)
}

/**
 * One client, which somebody else connects, and connects again where the connection is lost. There
 * is no other one through which a statement could be ended on the server.
 */
export function clientCarrier(client: PgClient): Carrier {
  return {
    carry(run) {
      send(client, run, (error, answer) => (error ? run.fail(error) : run.succeed(answer)))
    },
  }
}
