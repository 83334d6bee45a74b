/**
 * Sessions without this package, as fast as they can be had from PostgreSQL: what it is measured
 * beside.
 *
 * @module
 */
import { Client, Pool } from 'pg'

import { decode, encode } from './_bare-codec.ts'

const connections = 10
const mostBatchesInFlight = 8

/** One query a request, over a pool. */
export class SingleQueries {
  readonly #pool: Pool

  constructor(url: string) {
    this.#pool = new Pool({ connectionString: url, max: connections })
  }

  /** The payload under a key. */
  async load(key: string): Promise<string> {
    const { rows } = await this.#pool.query<[string]>({
      name: 'load',
      text: `SELECT session_data FROM django_session WHERE session_key = $1 AND expire_date > now()`,
      values: [key],
      rowMode: 'array',
    })
    return rows[0]?.[0] ?? ''
  }

  /** Reads, changes and writes, over whatever others wrote meanwhile. */
  async write(key: string, visits: number): Promise<void> {
    const data = decode(await this.load(key))
    data['visits'] = visits
    const end = new Date(Date.now() + 1_209_600_000)
    await this.#pool.query({
      name: 'update',
      text: `UPDATE django_session SET session_data = $2, expire_date = $3 WHERE session_key = $1`,
      values: [key, encode(JSON.stringify(data)), end],
    })
  }
}

interface Asked {
  readonly key: string
  resolve(payload: string): void
  reject(error: Error): void
}

/** All loads of a turn of the event loop in one query, the queries pipelined over one client. */
export class GatheredQueries {
  readonly #client: Client
  #waiting: Asked[] = []
  #inFlight = 0
  #isGathering = false

  private constructor(client: Client) {
    this.#client = client
  }

  static async connect(url: string): Promise<GatheredQueries> {
    const client = new Client({ connectionString: url, pipeline: true })
    await client.connect()
    return new GatheredQueries(client)
  }

  /** The payload under a key. */
  load(key: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject })
      if (this.#inFlight === 0 && this.#waiting.length === 1) this.#send()
      else this.#gather()
    })
  }

  #gather(): void {
    if (this.#isGathering || this.#inFlight >= mostBatchesInFlight) return
    this.#isGathering = true
    setImmediate(() => {
      this.#isGathering = false
      this.#send()
    })
  }

  #send(): void {
    const batch = this.#waiting
    if (batch.length === 0) return
    this.#waiting = []
    this.#inFlight += 1
    const query = {
      name: 'loadMany',
      text: `SELECT asked.key, found.session_data FROM unnest($1::text[]) AS asked (key)
        CROSS JOIN LATERAL (
          SELECT session_data FROM django_session
          WHERE session_key = asked.key AND expire_date > now() OFFSET 0
        ) AS found`,
      values: [`{${batch.map(({ key }) => key).join()}}`],
      rowMode: 'array' as const,
    }
    this.#client.query<[string, string]>(query, (error, { rows }) => {
      this.#inFlight -= 1
      if (this.#waiting.length > 0) this.#gather()
      if (error) for (const { reject } of batch) reject(error)
      else answer(batch, new Map(rows))
    })
  }
}

function answer(batch: readonly Asked[], payloads: ReadonlyMap<string, string>): void {
  for (const { key, resolve } of batch) resolve(payloads.get(key) ?? '')
}
