/**
 * PostgreSQL is killed and started again under a bounded load of requests: each of them ends in
 * time, and what was acknowledged is there. `FAULT_KILLS` asks for more kills.
 *
 * @module
 */
import { createDjango, type Django, type SessionStoreFactory } from 'async-django'
import { isAsyncDjangoError } from 'async-django/errors'
import { djangoFetch } from 'async-django/fetch'
import { createSessionTable } from 'async-django/stores/kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openDatabase } from '../_databases.ts'
import { findProgram, type OwnPostgres, startPostgres } from '../_own-servers.ts'
import { openStores, type PostgresClientName } from '../_stores.ts'

const kills = Number(process.env['FAULT_KILLS'] ?? 2)
const sessions = 4
const writersOfEach = 3
/** Requests that end before and after each kill, and that fail while the server is down. */
const requestsOfStage = 150
const failuresOfStage = 60
const storeTimeoutMs = 2000
/** What a busy machine may add to the time of a request. */
const slackMs = 5000

const clients: readonly PostgresClientName[] = ['pool', 'pipelined pool', 'postgres.js']
const isMissing = findProgram('initdb') === null && process.env['CI'] !== 'true'
if (isMissing) console.warn('Killing PostgreSQL is skipped: install its server.')

describe.skipIf(isMissing)('PostgreSQL, killed and started again', () => {
  let server: OwnPostgres
  beforeAll(async () => {
    server = await startPostgres()
    const db = openDatabase(server.url)
    await createSessionTable(db)
    await db.destroy()
  })
  afterAll(() => server.close())

  test.each(clients)('by %s', { timeout: 600_000 }, async (client) => {
    const db = openDatabase(server.url)
    const { storeAt, close } = await openStores({ url: server.url, db, client })
    const load = new Load(storeAt({}))
    await load.begin()
    for (let kill = 0; kill < kills; kill++) {
      await load.until('saved', requestsOfStage)
      await server.kill()
      await load.until('failed', failuresOfStage)
      await server.start()
    }
    await load.until('saved', requestsOfStage)
    await load.end()
    const acknowledged = load.acknowledged()
    const present = await load.present()
    await close()
    await db.destroy()

    const lost = acknowledged.filter((name) => !present.has(name))
    console.log(
      `${client}, ${kills} kills: acknowledged ${acknowledged.length}, ` +
        `present ${acknowledged.length - lost.length}, lost ${lost.length}; ${load.failed} failed, ` +
        `the longest request took ${Math.round(load.longestMs)} of ${storeTimeoutMs} ms`,
    )
    expect(load.oddities).toEqual([])
    expect(lost).toEqual([])
    expect(load.longestMs).toBeLessThan(storeTimeoutMs + slackMs)
  })
})

/** Requests of a few visitors, several at a time each, one after the other. */
class Load {
  /** What requests failed with that is not the store's being away. */
  readonly oddities: unknown[] = []
  saved = 0
  failed = 0
  longestMs = 0
  readonly #django: Django
  readonly #request: (request: Request) => Promise<Response>
  /** Names of what was saved, by the session's key. */
  readonly #saved = new Map<string, string[]>()
  readonly #writers: Array<Promise<void>> = []
  readonly #waiting = new Set<() => void>()
  #isOver = false

  constructor(store: SessionStoreFactory) {
    this.#django = createDjango({
      settings: { secretKey: 'a secret of these tests' },
      store,
      storeTimeoutMs,
    })
    this.#request = djangoFetch(this.#django, async (request, { session }) => {
      const loaded = await session.load()
      loaded.set(new URL(request.url).pathname, true)
      return new Response()
    })
  }

  async begin(): Promise<void> {
    for (let at = 0; at < sessions; at++) {
      const session = this.#django.sessions.get(null)
      await session.create()
      const key = session.key ?? ''
      this.#saved.set(key, [])
      for (let writer = 0; writer < writersOfEach; writer++) {
        this.#writers.push(this.#write(key, `/w${writer}`))
      }
    }
  }

  /** Waits for so many more requests that were saved, or failed. */
  async until(what: 'saved' | 'failed', more: number): Promise<void> {
    const wanted = this[what] + more
    while (this[what] < wanted) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#writers)
  }

  acknowledged(): string[] {
    return [...this.#saved].flatMap(([key, names]) => names.map((name) => key + name))
  }

  async present(): Promise<ReadonlySet<string>> {
    const found = [...this.#saved.keys()].map(async (key) => {
      const { data } = await this.#django.sessions.get(key).load()
      return Object.keys(data).map((name) => key + name)
    })
    return new Set((await Promise.all(found)).flat())
  }

  async #write(key: string, writer: string): Promise<void> {
    for (let time = 0; !this.#isOver; time++) {
      const name = `${writer}-${time}`
      const startedAt = performance.now()
      const isSaved = await this.#save(key, name)
      this.longestMs = Math.max(this.longestMs, performance.now() - startedAt)
      if (isSaved) this.#saved.get(key)?.push(name)
      this[isSaved ? 'saved' : 'failed'] += 1
      for (const wake of this.#waiting) wake()
      this.#waiting.clear()
      // A client that is refused comes back later.
      if (!isSaved) await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Whether the server answered that it was saved. */
  async #save(key: string, name: string): Promise<boolean> {
    const headers = { cookie: `sessionid=${key}` }
    try {
      await this.#request(new Request(`http://localhost${name}`, { headers }))
      return true
    } catch (error) {
      const isAway = isAsyncDjangoError(error) && error.status === 503
      if (!isAway) this.oddities.push(error)
      return false
    }
  }
}
