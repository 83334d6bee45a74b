/**
 * What a session keeps of an end of its own. Mirrors `set_expiry` of
 * `django.contrib.sessions.backends.base.SessionBase`.
 *
 * @module
 */
import { SessionDataError } from '../errors.ts'
import { isoNaive, isoUtc, midnight, PreciseDate, toWall } from '../formats/datetime.ts'
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

/**
 * What `set_expiry` stores for this.
 *
 * @throws SessionDataError for a moment that Python's datetime does not have.
 */
export function storedExpiry(
  expiry: Exclude<Expiry, null>,
  settings: ExpirySettings,
  now: () => Date,
): number | string {
  if (expiry instanceof Date) return iso(wallTime(expiry, settings), settings)
  if (typeof expiry !== 'object') return expiry
  return iso(later(wallTime(now(), settings), expiry), settings)
}

function iso(wall: PreciseDate, { useTz }: ExpirySettings): string {
  const end = inRange(wall)
  return useTz ? isoUtc(end) : isoNaive(end)
}

/** Django computes in UTC, or on the wall clock of its time zone where `useTz` is false. */
export function wallTime(moment: Date, { useTz, timeZone }: ExpirySettings): PreciseDate {
  return useTz ? PreciseDate.from(moment) : toWall(moment, timeZone)
}

/** @throws SessionDataError where Python raises `OverflowError`, and for a date that is none. */
export function inRange(moment: PreciseDate): PreciseDate {
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

/** An end that is none. */
export function invalidExpiry(problem: string): SessionDataError {
  return new SessionDataError(problem, [expiryKey])
}
