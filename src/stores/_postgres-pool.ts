/**
 * Statements over the clients that a Pool of `pg` lends.
 *
 * @module
 */
import { type PgClient, send } from './_postgres-client.ts'
import {
  type Answer,
  cancelled,
  type Carrier,
  codeOf,
  isTransient,
  type Run,
} from './_postgres-run.ts'

/** What is needed of a client that is lent. */
export interface PgPoolClient extends PgClient {
  /** The server's process at the other end. */
  readonly processID?: number | null
  readonly connection: { readonly stream: { destroy(): unknown } }
  on(event: 'error', listener: () => void): unknown
  removeListener(event: 'error', listener: () => void): unknown
}

/** What is needed of a Pool of `pg`. */
export interface PgPool {
  /** How many wait for a client. */
  readonly waitingCount: number
  readonly options?: { readonly pipeline?: boolean | undefined }
  connect(
    borrowed: (
      error: Error | undefined,
      client: PgPoolClient | undefined,
      release: (isBroken?: boolean) => void,
    ) => void,
  ): void
}

/** Statements that a pipelined client carries, before another client is borrowed. */
const mostInPipeline = 16

/**
 * The clients of a pool. A pipelined one carries many reads at a time. A statement that may wait for
 * a row which somebody else holds has a client for itself, so that nothing waits behind it.
 */
export function poolCarrier(pool: PgPool): Carrier {
  const single = new PoolCarrier(pool, 1)
  if (!pool.options?.pipeline) return single
  const shared = new PoolCarrier(pool, mostInPipeline)
  return { carry: (run) => (run.statement.isRead ? shared : single).carry(run) }
}

/** Borrows clients, each for as long as it carries something. */
class PoolCarrier implements Carrier {
  readonly #pool: PgPool
  readonly #most: number
  readonly #lanes = new Set<Lane>()
  readonly #waiting: Run[] = []
  #borrowing = 0

  /** @param most - Statements that a client carries at a time. */
  constructor(pool: PgPool, most: number) {
    this.#pool = pool
    this.#most = most
  }

  carry(run: Run): void {
    const lane = this.#findRoom()
    if (lane) return lane.carry(run)
    while (this.#waiting[0]?.isOver) this.#waiting.shift()
    this.#waiting.push(run)
    if (this.#borrowing * this.#most < this.#waiting.length) this.#borrow()
  }

  /** While others wait for a client, ours take nothing more, so that they become free. */
  #findRoom(): Lane | null {
    if (this.#pool.waitingCount > 0) return null
    for (const lane of this.#lanes) if (lane.inFlight < this.#most) return lane
    return null
  }

  #borrow(): void {
    this.#borrowing += 1
    this.#pool.connect((error, client, release) => {
      this.#borrowing -= 1
      const runs = this.#takeWaiting()
      if (!client) for (const run of runs) run.fail(error)
      else if (runs.length === 0) release()
      else this.#open(client, release, runs)
    })
  }

  #takeWaiting(): Run[] {
    const taken: Run[] = []
    while (taken.length < this.#most) {
      const run = this.#waiting.shift()
      if (!run) break
      if (!run.isOver) taken.push(run)
    }
    return taken
  }

  #open(client: PgPoolClient, release: (isBroken?: boolean) => void, runs: readonly Run[]): void {
    const lane = new Lane(this.#pool, client, (isBroken) => {
      this.#lanes.delete(lane)
      release(isBroken)
    })
    this.#lanes.add(lane)
    for (const run of runs) lane.carry(run)
  }
}

/** A client that is borrowed, until it carries nothing more. */
class Lane implements Carrier {
  readonly #pool: PgPool
  readonly #client: PgPoolClient
  readonly #release: (isBroken: boolean) => void
  readonly #sent: Run[] = []
  /** It carries nothing more than what it has, and is then thrown away. */
  #isBroken = false
  #isReleased = false
  /** What was ended on the server. */
  #ended: Run | null = null

  constructor(pool: PgPool, client: PgPoolClient, release: (isBroken: boolean) => void) {
    this.#pool = pool
    this.#client = client
    this.#release = release
    client.on('error', this.#break)
  }

  /** Infinite where it is not to carry more. */
  get inFlight(): number {
    return this.#isBroken ? Number.POSITIVE_INFINITY : this.#sent.length
  }

  carry(run: Run): void {
    this.#sent.push(run)
    run.drop = this.#drop
    send(this.#client, run, (error, answer) => this.#settle(run, error, answer))
  }

  readonly #break = (): void => {
    this.#isBroken = true
  }

  /** Statements are answered in the order in which they were sent. */
  #settle(run: Run, error: Error | null, answer: Answer): void {
    const wasBroken = this.#isBroken
    this.#sent.shift()
    run.drop = null
    if (error && !isTransient(error)) this.#break()
    this.#goOn()
    if (!error) run.succeed(answer)
    // What was meant for another statement hit this one.
    else if (wasBroken && !run.isOver && codeOf(error) === cancelled) run.try()
    else run.fail(error)
  }

  readonly #drop = (): void => {
    this.#break()
    this.#goOn()
  }

  #goOn(): void {
    if (this.#isReleased) return
    const [first] = this.#sent
    const isForNobody = this.#sent.every(({ isOver }) => isOver)
    if (isForNobody) this.#leave()
    if (!first?.isOver || first === this.#ended) return
    this.#ended = first
    const isAlone = isForNobody && this.#sent.length > 1
    endOnServer(
      this.#pool,
      this.#client,
      first,
      isAlone ? 'pg_terminate_backend' : 'pg_cancel_backend',
    )
  }

  #leave(): void {
    this.#isReleased = true
    this.#client.removeListener('error', this.#break)
    this.#release(this.#isBroken)
    if (this.#isBroken) this.#client.connection.stream.destroy()
  }
}

/**
 * Ends what a client is at, through another one. Only a statement of this text is ended: the process
 * may have come to something else meanwhile, and a pooler does not tell its number.
 */
function endOnServer(
  pool: PgPool,
  { processID }: PgPoolClient,
  { statement: { text } }: Run,
  how: 'pg_cancel_backend' | 'pg_terminate_backend',
): void {
  const statement = {
    isRead: true,
    text: `SELECT ${how}(pid) FROM pg_stat_activity
      WHERE pid = $1 AND state = 'active' AND left(query, 90) = left($2, 90)`,
    name: null,
  }
  pool.connect((_error, client, release) => {
    if (!client) return
    const ignore = (): void => {}
    client.on('error', ignore)
    send(client, { statement, values: [processID, text] }, (error) => {
      client.removeListener('error', ignore)
      release(error !== null)
    })
  })
}
