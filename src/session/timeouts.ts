/**
 * One timer for all calls that are under way: a timer for each would cost more than the rest of it.
 *
 * @module
 */
import { platform } from '#platform'

/** Something that is to end in time. */
export interface Timed {
  /** By the clock of `performance.now()`. */
  readonly endsAt: number
  /** Its place, which belongs to the `Timeouts` that it was added to; -1 outside of them. */
  place: number
  /** Its time is over. */
  expire(): void
}

/** What timers take at most; they are set again where more is left. */
const longestMs = 2 ** 31 - 1

/** All that is under way. */
export class Timeouts {
  readonly #underWay: Timed[] = []
  readonly #alarm = platform.alarm(() => this.#ring())
  #ringsAt = Number.POSITIVE_INFINITY

  /** Watches over something until it is removed. */
  add(timed: Timed, now: number): void {
    if (this.#underWay.length === 0) this.#alarm.keepProcess(true)
    timed.place = this.#underWay.push(timed) - 1
    if (timed.endsAt < this.#ringsAt) this.#ringAt(timed.endsAt, now)
  }

  /** Answers whether it was watched over: whatever settles something first removes it. */
  remove(timed: Timed): boolean {
    const { place } = timed
    if (place === -1) return false
    timed.place = -1
    const last = this.#underWay.pop()
    if (last && last !== timed) {
      this.#underWay[place] = last
      last.place = place
    }
    if (this.#underWay.length === 0) this.#alarm.keepProcess(false)
    return true
  }

  #ringAt(endsAt: number, now: number): void {
    this.#ringsAt = endsAt
    this.#alarm.set(Math.min(Math.max(Math.ceil(endsAt - now), 0), longestMs))
  }

  #ring(): void {
    const now = performance.now()
    this.#ringsAt = Number.POSITIVE_INFINITY
    for (const timed of this.#underWay.filter(({ endsAt }) => endsAt <= now)) timed.expire()
    let next = Number.POSITIVE_INFINITY
    for (const { endsAt } of this.#underWay) next = Math.min(next, endsAt)
    if (this.#underWay.length > 0) this.#ringAt(next, now)
  }
}
