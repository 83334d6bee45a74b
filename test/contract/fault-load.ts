/**
 * Requests of a few visitors while their store is brought down, and what became of what was
 * acknowledged to them.
 *
 * @module
 */
import { createDjango, type Django, type SessionStoreFactory } from 'async-django'
import { isAsyncDjangoError } from 'async-django/errors'
import { djangoFetch } from 'async-django/fetch'

/** How long a request may wait for the store. */
export const storeTimeoutMs = 2000
/** What a busy machine may add to the time of a request. */
export const slackMs = 5000

const writersOfEach = 3
/** Requests that end before and after each fault, and that fail during it. */
const requestsOfStage = 150
const failuresOfStage = 60

/** What a load may meet beside an outage. */
export interface LoadOptions {
  /** Visitors. Default 4. */
  readonly sessions?: number
  /** The store forgets what it acknowledged: visitors begin anew. Default false. */
  readonly forgets?: boolean
  /** How long a request may wait for the store. Default `storeTimeoutMs`. */
  readonly timeoutMs?: number
}

/** What is to be brought down. */
export interface Victim {
  start(): Promise<void>
  kill(): Promise<void>
}

/** What came of a load. */
export interface Outcome {
  /** Saves that were answered. */
  readonly acknowledged: number
  /** Those of them that are not in the store in the end. */
  readonly lost: number
  /** Requests that failed during an outage. */
  readonly failed: number
  readonly longestMs: number
  /** How long a request might wait for the store. */
  readonly timeoutMs: number
  /** What nobody may meet: failures outside of an outage, and others than that the store is away. */
  readonly oddities: readonly unknown[]
}

/** Has a store killed and started again so many times under load. */
export async function killUnderLoad(
  store: SessionStoreFactory,
  victim: Victim,
  kills: number,
  options: LoadOptions = {},
): Promise<Outcome> {
  const load = new Load(store, options)
  await load.begin()
  for (let kill = 0; kill < kills; kill++) {
    await load.untilSaved(requestsOfStage)
    load.beginOutage()
    await victim.kill()
    await load.untilFailed(failuresOfStage)
    await victim.start()
    await load.endOutage()
  }
  await load.untilSaved(requestsOfStage)
  return load.end()
}

/** An outcome in a line. */
export function formatOutcome(name: string, outcome: Outcome): string {
  const { acknowledged, lost, failed, longestMs, timeoutMs } = outcome
  return (
    `${name}: acknowledged ${acknowledged}, present ${acknowledged - lost}, lost ${lost}; ` +
    `${failed} failed, the longest request took ${Math.round(longestMs)} of ${timeoutMs} ms`
  )
}

/** Requests of a few visitors, several at a time each, one after the other. */
export class Load {
  readonly #django: Django
  readonly #request: (request: Request) => Promise<Response>
  readonly #options: Required<LoadOptions>
  readonly #oddities: unknown[] = []
  /** Names of what was saved, by the session's key. */
  readonly #acknowledged = new Map<string, string[]>()
  readonly #writers: Array<Promise<void>> = []
  readonly #waiting = new Set<() => void>()
  /** Saves of each writer. */
  readonly #saves = new Map<string, number>()
  #failed = 0
  #longestMs = 0
  #isOutage = false
  #isOver = false

  constructor(store: SessionStoreFactory, options: LoadOptions = {}) {
    const { sessions = 4, forgets = false, timeoutMs = storeTimeoutMs } = options
    this.#options = { sessions, forgets, timeoutMs }
    this.#django = createDjango({
      settings: { secretKey: 'a secret of these tests' },
      store,
      storeTimeoutMs: timeoutMs,
    })
    this.#request = djangoFetch(this.#django, async (request, { session }) => {
      const loaded = await session.load()
      loaded.set(new URL(request.url).pathname, true)
      return new Response()
    })
  }

  async begin(): Promise<void> {
    for (let at = 0; at < this.#options.sessions; at++) {
      const session = this.#django.sessions.get(null)
      await session.create()
      for (let writer = 0; writer < writersOfEach; writer++) {
        this.#writers.push(this.#write(session.key ?? '', `/v${at}w${writer}`))
      }
    }
  }

  /** Waits for so many more requests that were saved. */
  untilSaved(more: number): Promise<void> {
    const wanted = this.#saved() + more
    return this.#until(() => this.#saved() >= wanted)
  }

  /** Waits for so many more requests that failed. */
  untilFailed(more: number): Promise<void> {
    const wanted = this.#failed + more
    return this.#until(() => this.#failed >= wanted)
  }

  /** From now on, requests may fail. */
  beginOutage(): void {
    this.#isOutage = true
  }

  /** Waits until each writer has saved twice again: from then on, no request may fail. */
  async endOutage(): Promise<void> {
    const wanted = new Map([...this.#saves].map(([writer, saves]) => [writer, saves + 2]))
    await this.#until(() =>
      [...wanted].every(([writer, saves]) => (this.#saves.get(writer) ?? 0) >= saves),
    )
    this.#isOutage = false
  }

  /** Ends the load, and looks for all that was acknowledged. */
  async end(): Promise<Outcome> {
    this.#isOver = true
    await Promise.all(this.#writers)
    const lost = await Promise.all(
      [...this.#acknowledged].map((entry) => this.#countLost(...entry)),
    )
    return {
      acknowledged: [...this.#acknowledged.values()].flat().length,
      lost: lost.reduce((sum, count) => sum + count, 0),
      failed: this.#failed,
      longestMs: this.#longestMs,
      timeoutMs: this.#options.timeoutMs,
      oddities: this.#oddities,
    }
  }

  #saved(): number {
    return [...this.#saves.values()].reduce((sum, saves) => sum + saves, 0)
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  async #countLost(key: string, names: readonly string[]): Promise<number> {
    const { data } = await this.#django.sessions.get(key).load()
    return names.filter((name) => !Object.hasOwn(data, name)).length
  }

  async #write(first: string, writer: string): Promise<void> {
    let key = first
    this.#saves.set(writer, 0)
    for (let time = 0; !this.#isOver; time++) {
      const name = `${writer}-${time}`
      const startedAt = performance.now()
      const savedUnder = await this.#save(key, name)
      this.#longestMs = Math.max(this.#longestMs, performance.now() - startedAt)
      if (savedUnder === null) this.#failed += 1
      else {
        key = savedUnder
        this.#saves.set(writer, (this.#saves.get(writer) ?? 0) + 1)
        const names = this.#acknowledged.get(key) ?? []
        this.#acknowledged.set(key, [...names, name])
      }
      for (const wake of this.#waiting) wake()
      this.#waiting.clear()
      // A client that is refused comes back later.
      if (savedUnder === null) await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** The session's key where the server answered that it was saved, else null. */
  async #save(key: string, name: string): Promise<string | null> {
    const headers = { cookie: `sessionid=${key}` }
    try {
      const response = await this.#request(new Request(`http://localhost${name}`, { headers }))
      const [cookie = ''] = response.headers.getSetCookie()
      return /^sessionid=(\w+)/.exec(cookie)?.[1] ?? key
    } catch (error) {
      if (!this.#isExpected(error)) this.#oddities.push(error)
      return null
    }
  }

  /** A session that was forgotten is missed by who was about to write to it. */
  #isExpected(error: unknown): boolean {
    if (!isAsyncDjangoError(error)) return false
    if (this.#options.forgets && error.code === 'ERR_SESSION_INTERRUPTED') return true
    return this.#isOutage && error.status === 503
  }
}
