/**
 * Loads that are asked in the same turn of the event loop go to the store as one.
 *
 * @module
 */
import { PreciseDate } from '../formats/datetime.ts'
import type { SessionStore, StoredSession } from './store.ts'
import { start, TimedCall } from './timed-call.ts'
import { platform } from '#platform'

/** A store that answers several loads at once. */
export type CoalescingStore<P> = Pick<SessionStore<P>, 'load'> &
  Required<Pick<SessionStore<P>, 'loadMany'>>

/** A load that somebody waits for, for as long as its own time lasts. */
export interface AskedLoad<P> extends TimedCall {
  readonly key: string
  succeed(stored: StoredSession<P> | null): void
  fail(error: unknown): void
}

/** While so many are not answered, what is asked gathers. */
const mostBatchesInFlight = 8

/** What one statement asks for at most. */
const mostLoadsInBatch = 200

/**
 * Sends a load at once while nothing is in flight, and gathers others for the rest of the event
 * loop's turn. No load joins a batch that was sent before it was asked, and none waits for another's
 * answer while there is room for its own batch.
 */
export class Coalescer<P = string> {
  readonly #store: CoalescingStore<P>
  #waiting: Array<AskedLoad<P>> = []
  #inFlight = 0
  #isGathering = false

  constructor(store: CoalescingStore<P>) {
    this.#store = store
  }

  /** Takes a load, and sees to its answer. */
  ask(load: AskedLoad<P>): void {
    if (this.#inFlight === 0 && this.#waiting.length === 0) return this.#sendOne(load)
    this.#waiting.push(load)
    this.#gather()
  }

  #gather(): void {
    if (this.#isGathering || this.#inFlight >= mostBatchesInFlight) return
    this.#isGathering = true
    platform.afterTurn(() => {
      this.#isGathering = false
      this.#sendWaiting()
    })
  }

  #sendWaiting(): void {
    const live = this.#waiting.filter(({ isOver }) => !isOver)
    this.#waiting = live
    while (live.length > 0 && this.#inFlight < mostBatchesInFlight) {
      this.#send(live.splice(0, mostLoadsInBatch))
    }
  }

  #send(loads: ReadonlyArray<AskedLoad<P>>): void {
    const [first] = loads
    if (first && loads.length === 1) return this.#sendOne(first)
    const call = new SharedCall(loads)
    const leave = this.#enter(call)
    const keys = new Set(loads.map(({ key }) => key))
    this.#askFor([...keys], call).then(
      (found) => {
        leave()
        if (keys.size === loads.length) handOut(found, loads)
        else share(found, loads)
      },
      () => {
        leave()
        for (const load of loads) this.#sendOne(load)
      },
    )
  }

  async #askFor(
    keys: readonly string[],
    call: TimedCall,
  ): Promise<ReadonlyMap<string, StoredSession<P>>> {
    const [key] = keys
    if (key === undefined || keys.length > 1) return this.#store.loadMany(keys, call)
    const stored = await this.#store.load(key, call)
    return new Map(stored === null ? [] : [[key, stored]])
  }

  #sendOne(load: AskedLoad<P>): void {
    if (load.isOver) return
    const leave = this.#enter(load)
    start(() => this.#store.load(load.key, load)).then(
      (stored) => {
        leave()
        load.succeed(stored)
      },
      (error: unknown) => {
        leave()
        load.fail(error)
      },
    )
  }

  /** In flight until it is answered or its time is over: a store may never answer. */
  #enter(call: TimedCall): () => void {
    let isIn = true
    const leave = (): void => {
      if (!isIn) return
      isIn = false
      this.#inFlight -= 1
      if (this.#waiting.length > 0) this.#gather()
    }
    this.#inFlight += 1
    call.onTimeout(leave)
    return leave
  }
}

/** A call for several loads: its time is over when that of all of them is. */
class SharedCall extends TimedCall {
  constructor(loads: ReadonlyArray<AskedLoad<unknown>>) {
    super()
    let live = loads.length
    const leave = (): void => {
      live -= 1
      if (live === 0) this.end()
    }
    for (const load of loads) load.onTimeout(leave)
  }
}

function handOut<P>(
  found: ReadonlyMap<string, StoredSession<P>>,
  loads: ReadonlyArray<AskedLoad<P>>,
): void {
  for (const load of loads) load.succeed(found.get(load.key) ?? null)
}

/** Loads of one key share its payload, and no date: that could be set. */
function share<P>(
  found: ReadonlyMap<string, StoredSession<P>>,
  loads: ReadonlyArray<AskedLoad<P>>,
): void {
  for (const load of loads) {
    const stored = found.get(load.key)
    load.succeed(stored ? copyOf(stored) : null)
  }
}

function copyOf<P>(stored: StoredSession<P>): StoredSession<P> {
  const { payload, expireDate, version } = stored
  const { microsecond } = PreciseDate.from(expireDate ?? new Date(0))
  return {
    payload,
    expireDate: expireDate && new PreciseDate(expireDate.getTime(), microsecond),
    ...(version !== undefined && { version }),
  }
}
