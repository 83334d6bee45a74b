/**
 * Removes expired sessions now and then, for as long as the process runs: what `manage.py
 * clearsessions` does where somebody calls it.
 *
 * @module
 */
import type { Django } from './django.ts'
import { invalidArgument, StoreCapabilityError } from './errors.ts'
import { coreOf } from './session/session.ts'
import type { ClearOptions } from './session/store.ts'
import { platform } from '#platform'

/** When expired sessions are removed, and how many at once. */
export interface ClearingOptions extends ClearOptions {
  /** Minutes from one run to the next: up to a tenth more or less, so that processes spread. */
  readonly everyMinutes: number
}

/** A clearing under way. */
export interface Clearing {
  /** Ends it; waits for the batch that is being removed. */
  stop(): Promise<void>
}

/** Timers take no more than 2^31 - 1 ms, and a tenth comes on top. */
const mostMinutes = 30_000
const longestFirstMs = 60_000

/**
 * Removes expired sessions from time to time, batch by batch, the first time within a minute. Of
 * several processes one works at a time, where the store sees to that, as the SQL stores do by a lock
 * in the database. It does not keep the process running. Every batch is told as the event
 * `sessions.cleared`, every failure as `sessions.notCleared`; after one it goes on at the next time.
 *
 * @throws TypeError for minutes that are none, and for a `django` that only reads;
 * StoreCapabilityError for a store whose sessions go by themselves.
 * @example
 * ```ts
 * const clearing = startClearing(django, { everyMinutes: 60 })
 * process.once('SIGTERM', () => clearing.stop())
 * ```
 */
export function startClearing(
  django: Pick<Django, 'sessions' | 'readOnly'>,
  options: ClearingOptions,
): Clearing {
  const { everyMinutes } = options
  if (!(everyMinutes > 0 && everyMinutes <= mostMinutes)) {
    throw invalidArgument(`everyMinutes must be above 0, and at most ${mostMinutes}.`)
  }
  if (django.readOnly) throw invalidArgument('This django only reads: have another one clear.')
  const { store } = coreOf(django.sessions.get(null)).host
  if (!store.can.clear) {
    throw new StoreCapabilityError(store.name, 'startClearing()', 'its sessions go by themselves.')
  }
  return new Clearer(django, options)
}

class Clearer implements Clearing {
  readonly #django: Pick<Django, 'sessions'>
  readonly #options: ClearingOptions
  readonly #alarm = platform.alarm(() => this.#ring())
  #running: Promise<void> | null = null
  #isStopped = false

  constructor(django: Pick<Django, 'sessions'>, options: ClearingOptions) {
    this.#django = django
    this.#options = options
    this.#alarm.set(Math.min(this.#periodMs, longestFirstMs) * random())
    this.#alarm.keepProcess(false)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  get #periodMs(): number {
    return this.#options.everyMinutes * 60_000
  }

  #ring(): void {
    if (this.#isStopped) return
    this.#running = this.#run().finally(() => {
      this.#running = null
      if (this.#isStopped) return
      this.#alarm.set(this.#periodMs * (0.9 + random() / 5))
      this.#alarm.keepProcess(false)
    })
  }

  async #run(): Promise<void> {
    const { batchSize, maxMs } = this.#options
    const { diagnostics, store } = coreOf(this.#django.sessions.get(null)).host
    let total = 0
    try {
      await this.#django.sessions.clearExpired({
        ...(batchSize !== undefined && { batchSize }),
        ...(maxMs !== undefined && { maxMs }),
        onProgress: ({ deleted, done }) => {
          total += deleted
          diagnostics.publish('sessions.cleared', () => ({ deleted, total, done }))
          return !this.#isStopped
        },
      })
    } catch (error) {
      const code = String(Reflect.get(Object(error), 'code') ?? 'ERR_STORE')
      diagnostics.publish('sessions.notCleared', () => ({ store: store.name, code }))
    }
  }
}

/** From 0 to 1. */
function random(): number {
  const [high = 0, low = 0] = platform.randomBytes(2)
  return (high * 256 + low) / 65_535
}
