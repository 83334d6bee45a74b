/**
 * Lets few passwords be hashed at once, and few wait: hashing takes the threads that files and
 * names are read with.
 *
 * @module
 */
import { HasherBusyError } from '../errors.ts'
import { derivations } from '#platform'

/** How much is hashed at once, and how much may wait. */
export interface HashLimits {
  /** Hashes at once. Default: the processor's cores, or two threads less than libuv has if fewer. */
  readonly maxConcurrent: number
  /** Hashes that wait, besides. Default 100. */
  readonly maxWaiting: number
  /** Hashes of one user name, in work or waiting. Default 3. */
  readonly maxPerUser: number
}

/** Starts a task that waited. */
type Start = () => void

/** Runs tasks, a few at once; those of different users take turns. */
export class HashQueue {
  readonly #limits: HashLimits
  /** Those that wait, by user; the user whose turn comes next stands first. */
  readonly #waiting = new Map<string | symbol, Start[]>()
  #waitingCount = 0
  #running = 0
  /** Tasks in work or waiting, by user name. */
  readonly #held = new Map<string, number>()

  constructor(limits: Partial<HashLimits> = {}) {
    this.#limits = {
      maxConcurrent: limits.maxConcurrent ?? derivations.mostAtOnce(),
      maxWaiting: limits.maxWaiting ?? 100,
      maxPerUser: limits.maxPerUser ?? 3,
    }
  }

  /**
   * Runs a task when its turn comes.
   *
   * @param userName - Whom it is for; null for nobody in particular.
   * @throws HasherBusyError at once, where too many wait already.
   */
  async run<T>(userName: string | null, task: () => Promise<T>): Promise<T> {
    this.#checkRoom(userName)
    this.#hold(userName, 1)
    try {
      await this.#turn(userName)
      return await task()
    } finally {
      this.#hold(userName, -1)
      this.#startNext()
    }
  }

  #checkRoom(userName: string | null): void {
    const { maxConcurrent, maxWaiting, maxPerUser } = this.#limits
    if (userName !== null && (this.#held.get(userName) ?? 0) >= maxPerUser) {
      throw new HasherBusyError('maxPerUser')
    }
    if (this.#running >= maxConcurrent && this.#waitingCount >= maxWaiting) {
      throw new HasherBusyError('maxWaiting')
    }
  }

  #hold(userName: string | null, difference: 1 | -1): void {
    if (userName === null) return
    const count = (this.#held.get(userName) ?? 0) + difference
    if (count === 0) this.#held.delete(userName)
    else this.#held.set(userName, count)
  }

  #turn(userName: string | null): Promise<void> {
    if (this.#running < this.#limits.maxConcurrent) {
      this.#running += 1
      return Promise.resolve()
    }
    return new Promise((start) => {
      const user = userName ?? Symbol('nobody')
      const starts = this.#waiting.get(user)
      if (starts) starts.push(start)
      else this.#waiting.set(user, [start])
      this.#waitingCount += 1
    })
  }

  /** Hands the place of a task that ended to the next user's first; that user then goes last. */
  #startNext(): void {
    for (const [user, starts] of this.#waiting) {
      const start = starts.shift()
      this.#waiting.delete(user)
      if (starts.length > 0) this.#waiting.set(user, starts)
      this.#waitingCount -= 1
      start?.()
      return
    }
    this.#running -= 1
  }
}

let shared: HashQueue | null = null

/** The queue of the process: the threads are the process's, however many sites it serves. */
export function sharedHashQueue(): HashQueue {
  shared ??= new HashQueue()
  return shared
}
