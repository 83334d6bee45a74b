/**
 * When a session ends. Mirrors `get_expiry_age`, `get_expiry_date` and `get_expire_at_browser_close`
 * of `django.contrib.sessions.backends.base.SessionBase`.
 *
 * @module
 */
import { isAsyncDjangoError } from '../errors.ts'
import { fromWall, type PreciseDate } from '../formats/datetime.ts'
import { parseDatetime, type PythonDatetime } from '../formats/iso-datetime.ts'
import { type ExpirySettings, inRange, invalidExpiry, wallTime } from './expiry.ts'

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
    return wallTime(modification, this.#settings).secondsUntil(
      this.#settings.useTz ? toUtc(end) : end.wall,
    )
  }

  /** The moment of the end. */
  date(expiry: unknown, modification: Date = this.#now()): PreciseDate {
    if (typeof expiry === 'string') return inRange(this.#moment(readExpiry(expiry)))
    const length = isFalsy(expiry) ? this.#settings.sessionCookieAge : expiry
    if (typeof length === 'object') throw invalidExpiry('this is not a length of time')
    const end = inRange(wallTime(modification, this.#settings).plusSeconds(Number(length)))
    return this.#settings.useTz ? end : fromWall(end, this.#settings.timeZone)
  }

  /** Whether the cookie goes when the browser is closed. */
  atBrowserClose(expiry: unknown): boolean {
    if (expiry === null || expiry === undefined) return this.#settings.sessionExpireAtBrowserClose
    return expiry === 0 || expiry === false || expiry === 0n
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
