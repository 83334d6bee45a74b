/**
 * When a session ends. Mirrors `get_expiry_age`, `get_expiry_date`, `set_expiry` and
 * `get_expire_at_browser_close` of `django.contrib.sessions.backends.base.SessionBase`.
 *
 * @module
 */
import { isAsyncDjangoError, SessionDataError } from '../errors.ts'
import { fromWall, isoNaive, isoUtc, midnight, PreciseDate, toWall } from '../formats/datetime.ts'
import { parseDatetime, type PythonDatetime } from '../formats/iso-datetime.ts'
import type { Settings } from '../settings.ts'

/** The name under which a session keeps an expiry of its own. */
export const expiryKey = '_session_expiry'

/** A length of time, as Python's `timedelta` takes it. */
export interface Timedelta {
  readonly weeks?: number
  readonly days?: number
  readonly hours?: number
  readonly minutes?: number
  readonly seconds?: number
  readonly milliseconds?: number
  readonly microseconds?: number
}

/** What `setExpiry` takes: seconds, a moment, a length of time, or null for the general rule. */
export type Expiry = number | string | Date | Timedelta | null

/** The settings that decide when sessions end. */
export type ExpirySettings = Pick<
  Settings,
  'sessionCookieAge' | 'sessionExpireAtBrowserClose' | 'useTz' | 'timeZone'
>

/** To take another expiry, or another time of change, than those of the session. */
export interface ExpiryOptions {
  /** When the session changed. Default: now. */
  readonly modification?: Date
  /** Instead of the session's own. */
  readonly expiry?: unknown
}

// Python's datetime has the years 1 to 9999.
const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const firstMoment = midnight(1, 1, 1)

/** Answers when a session with a certain expiry ends. */
export class ExpiryRule {
  readonly #settings: ExpirySettings
  readonly #now: () => Date

  constructor(settings: ExpirySettings, now: () => Date) {
    this.#settings = settings
    this.#now = now
  }

  /** Seconds until the end. Whatever else the session holds comes back as it is, as in Django. */
  age(expiry: unknown, modification: Date = this.#now()): number {
    if (isFalsy(expiry)) return this.#settings.sessionCookieAge
    if (typeof expiry !== 'string') return expiry as number
    const end = readExpiry(expiry)
    if ((end.offset === null) === this.#settings.useTz) {
      throw invalidExpiry(
        'the date has ' +
          (end.offset === null ? 'no offset' : 'an offset') +
          `, and useTz is ${String(this.#settings.useTz)}; it must be as in Django`,
      )
    }
    return this.#wall(modification).secondsUntil(this.#settings.useTz ? toUtc(end) : end.wall)
  }

  /** The moment of the end. */
  date(expiry: unknown, modification: Date = this.#now()): PreciseDate {
    if (typeof expiry === 'string') return inRange(this.#moment(readExpiry(expiry)))
    const length = isFalsy(expiry) ? this.#settings.sessionCookieAge : expiry
    if (typeof length === 'object') throw invalidExpiry('this is not a length of time')
    const end = inRange(this.#wall(modification).plusSeconds(Number(length)))
    return this.#settings.useTz ? end : fromWall(end, this.#settings.timeZone)
  }

  /** Whether the cookie goes when the browser is closed. */
  atBrowserClose(expiry: unknown): boolean {
    if (expiry === null || expiry === undefined) return this.#settings.sessionExpireAtBrowserClose
    return expiry === 0 || expiry === false || expiry === 0n
  }

  /**
   * What `set_expiry` stores for this.
   *
   * @throws SessionDataError for a moment that Python's datetime does not have.
   */
  stored(expiry: Exclude<Expiry, null>): number | string {
    if (expiry instanceof Date) return this.#iso(this.#wall(expiry))
    if (typeof expiry !== 'object') return expiry
    return this.#iso(later(this.#wall(this.#now()), expiry))
  }

  #iso(wall: PreciseDate): string {
    const end = inRange(wall)
    return this.#settings.useTz ? isoUtc(end) : isoNaive(end)
  }

  /** Django computes in UTC, or on the wall clock of its time zone where `useTz` is false. */
  #wall(moment: Date): PreciseDate {
    const { useTz, timeZone } = this.#settings
    return useTz ? PreciseDate.from(moment) : toWall(moment, timeZone)
  }

  #moment(end: PythonDatetime): PreciseDate {
    return end.offset === null ? fromWall(end.wall, this.#settings.timeZone) : toUtc(end)
  }
}

function toUtc({ wall, offset }: PythonDatetime): PreciseDate {
  return wall.plusMicroseconds(-(offset ?? 0))
}

/** What Python's `not` says of a JSON value. */
function isFalsy(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return !value && !Number.isNaN(value)
}

function readExpiry(text: string): PythonDatetime {
  try {
    return parseDatetime(text)
  } catch (error) {
    throw isAsyncDjangoError(error) ? invalidExpiry('this is not an ISO 8601 date') : error
  }
}

function invalidExpiry(problem: string): SessionDataError {
  return new SessionDataError(problem, [expiryKey])
}

/** @throws SessionDataError where Python raises `OverflowError`, and for a date that is none. */
function inRange(moment: PreciseDate): PreciseDate {
  const ms = moment.getTime()
  if (ms >= firstMoment && ms <= lastMoment) return moment
  throw invalidExpiry('the end is not within the years 1 to 9999')
}

function later(moment: PreciseDate, length: Timedelta): PreciseDate {
  const { weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0 } = length
  const { milliseconds = 0, microseconds = 0 } = length
  return moment
    .plusSeconds((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds)
    .plusMicroseconds(Math.round(milliseconds * 1000 + microseconds))
}
