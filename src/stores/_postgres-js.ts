/**
 * Statements over postgres.js.
 *
 * @module
 */
import { cancelled, type Carrier, codeOf, type Run } from './_postgres-run.ts'
import { platform } from '#platform'

/** What is needed of postgres.js: its `sql`. */
export interface PostgresJs {
  unsafe(
    text: string,
    values: unknown[] | undefined,
    options: { readonly prepare: boolean },
  ): PostgresJsQuery
}

interface PostgresJsQuery {
  values(): PostgresJsAnswer
}

/** Without what is optional here, and undocumented there, nothing is ended on the server. */
interface PostgresJsAnswer extends PromiseLike<PostgresJsRows> {
  /** Whether the server is at it: it waits neither for a connection nor behind others on one. */
  readonly active?: boolean
  /** What `cancel()` calls, and whose failure that leaves to nobody. */
  readonly canceller?: ((query: PostgresJsAnswer) => PromiseLike<unknown>) | null
}

interface PostgresJsRows extends ReadonlyArray<readonly unknown[]> {
  /** Rows that the statement answered or changed. */
  readonly count: number
}

/** What postgres.js is given at a time; it keeps what it was given, also where it is long over. */
const mostUnderWay = 200

/** How often is looked whether the server has come to a statement that nobody waits for. */
const lookAgainMs = 50

/** postgres.js has connections and pipelines of its own. */
export function postgresJsCarrier(sql: PostgresJs): Carrier {
  return new PostgresJsCarrier(sql)
}

class PostgresJsCarrier implements Carrier {
  readonly #sql: PostgresJs
  readonly #waiting: Run[] = []
  #underWay = 0
  /** How many statements were ended on the server so far. */
  #ended = 0

  constructor(sql: PostgresJs) {
    this.#sql = sql
  }

  carry(run: Run): void {
    while (this.#waiting[0]?.isOver) this.#waiting.shift()
    this.#waiting.push(run)
    this.#sendWaiting()
  }

  #sendWaiting(): void {
    while (this.#underWay < mostUnderWay) {
      const run = this.#waiting.shift()
      if (!run) return
      if (!run.isOver) this.#send(run)
    }
  }

  #send(run: Run): void {
    const { text, name } = run.statement
    const endedBefore = this.#ended
    this.#underWay += 1
    const query = this.#sql.unsafe(text, run.values, { prepare: name !== null }).values()
    let isAnswered = false
    const leave = (): void => {
      isAnswered = true
      run.drop = null
      this.#underWay -= 1
      this.#sendWaiting()
    }
    run.drop = () => {
      // What is not sent yet finds no row when it is. To cancel it there would strand a connection.
      run.values.fill(null)
      this.#endOnServer(query, () => isAnswered)
    }
    query.then(
      (rows) => {
        leave()
        run.succeed({ rows, rowCount: rows.count })
      },
      (error: unknown) => {
        leave()
        // What was meant for another statement hit this one.
        const isMisled = codeOf(error) === cancelled && this.#ended > endedBefore
        if (isMisled && !run.isOver) run.try()
        else run.fail(error)
      },
    )
  }

  /**
   * Ends a statement once the server is at it: where postgres.js cancels one that waits behind others
   * on its connection, those that follow get each other's answers.
   */
  #endOnServer(query: PostgresJsAnswer, isAnswered: () => boolean): void {
    if (isAnswered()) return
    if (!query.active) {
      platform.delay(() => this.#endOnServer(query, isAnswered), lookAgainMs)
      return
    }
    this.#ended += 1
    query.canceller?.(query).then(null, () => {})
  }
}
