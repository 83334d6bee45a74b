/**
 * Calls of one kind that are made in the same turn of the event loop go to the store as one.
 *
 * @module
 */
import type { Call } from './store.ts'
import { start, TimedCall } from './timed-call.ts'
import { platform } from '#platform'

/** A question that somebody waits with, for as long as its own time lasts. */
export interface AskedCall<Q, T> extends TimedCall {
  readonly question: Q
  succeed(answer: T): void
  fail(error: unknown): void
}

/** How questions of one kind go to a store. */
export interface QuestionSender<Q, T> {
  /**
   * Whether they write. Then one that goes alone may wait for what somebody else does, so that nobody
   * waits for it; and those of a batch that fails may have been written, and are not sent again.
   */
  readonly isWriting: boolean
  /** Fewer go one by one, side by side: one statement for them would take longer. */
  readonly leastInBatch: number
  /** What one statement takes at most. */
  readonly mostInBatch: number
  sendOne(question: Q, call: Call): Promise<T>
  /** Answers each in its place; undefined: it is to go alone. */
  sendMany(questions: readonly Q[], call: Call): Promise<ReadonlyArray<T | undefined>>
}

/** While so many are not answered, what is asked gathers. */
const mostInFlight = 8

/**
 * Sends a call at once while nothing is in flight, and gathers others for the rest of the event
 * loop's turn. No call joins a batch that was sent before it was made, and none waits for another's
 * answer while there is room for its own batch.
 */
export class Coalescer<Q, T> {
  readonly #sender: QuestionSender<Q, T>
  #waiting: Array<AskedCall<Q, T>> = []
  #unanswered = 0
  /** Those of them for which others wait where they are many. */
  #inFlight = 0
  #isGathering = false

  constructor(sender: QuestionSender<Q, T>) {
    this.#sender = sender
  }

  /** Takes a call, and sees to its answer. */
  ask(call: AskedCall<Q, T>): void {
    if (this.#unanswered === 0 && this.#waiting.length === 0) return this.#sendOne(call)
    this.#waiting.push(call)
    this.#gather()
  }

  #gather(): void {
    if (this.#isGathering || this.#inFlight >= mostInFlight) return
    this.#isGathering = true
    platform.afterTurn(() => {
      this.#isGathering = false
      this.#sendWaiting()
    })
  }

  #sendWaiting(): void {
    const live = this.#waiting.filter(({ isOver }) => !isOver)
    this.#waiting = live
    while (live.length > 0 && this.#inFlight < mostInFlight) {
      this.#send(live.splice(0, this.#sender.mostInBatch))
    }
  }

  #send(calls: ReadonlyArray<AskedCall<Q, T>>): void {
    if (calls.length < this.#sender.leastInBatch) {
      for (const call of calls) this.#sendOne(call)
      return
    }
    const shared = new SharedCall(calls)
    const leave = this.#enter(shared, 1)
    const questions = calls.map(({ question }) => question)
    this.#sender.sendMany(questions, shared).then(
      (answers) => {
        leave()
        for (const [at, call] of calls.entries()) {
          const answer = answers[at]
          if (answer === undefined) this.#sendOne(call)
          else call.succeed(answer)
        }
      },
      (error: unknown) => {
        leave()
        for (const call of calls) {
          if (this.#sender.isWriting) call.fail(error)
          else this.#sendOne(call)
        }
      },
    )
  }

  #sendOne(call: AskedCall<Q, T>): void {
    if (call.isOver) return
    const leave = this.#enter(call, this.#sender.isWriting ? 0 : 1)
    start(() => this.#sender.sendOne(call.question, call)).then(
      (answer) => {
        leave()
        call.succeed(answer)
      },
      (error: unknown) => {
        leave()
        call.fail(error)
      },
    )
  }

  /** In flight until it is answered or its time is over: a store may never answer. */
  #enter(call: TimedCall, weight: number): () => void {
    let isIn = true
    const leave = (): void => {
      if (!isIn) return
      isIn = false
      this.#unanswered -= 1
      this.#inFlight -= weight
      if (this.#waiting.length > 0) this.#gather()
    }
    this.#unanswered += 1
    this.#inFlight += weight
    call.onTimeout(leave)
    return leave
  }
}

/** A call for several: its time is over when that of all of them is. */
class SharedCall extends TimedCall {
  constructor(calls: readonly TimedCall[]) {
    super()
    let live = calls.length
    const leave = (): void => {
      live -= 1
      if (live === 0) this.end()
    }
    for (const call of calls) call.onTimeout(leave)
  }
}
