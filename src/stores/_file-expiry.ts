/**
 * When sessions in files end. Mirrors `SessionStore._expiry_date` of
 * `django.contrib.sessions.backends.file`.
 *
 * @module
 */
import { isAsyncDjangoError } from '../errors.ts'
import { PreciseDate } from '../formats/datetime.ts'
import { expiryKey } from '../session/expiry.ts'
import { ExpiryRule } from '../session/expiry-rule.ts'
import type { Codec } from '../session/codec.ts'
import type { StoreContext } from '../session/store.ts'

/** What is known of a session's end. */
export interface FileEnd {
  /** Null where it has none, or none that can be told. */
  readonly expireDate: PreciseDate | null
  readonly isOver: boolean
}

/**
 * The latest moment that ext4 has. A later one is kept as this one, so nobody knows which it was.
 */
const lastModificationMs = 15_032_385_535_000

/** Answers when sessions end, by what their files hold and when those were modified. */
export class FileExpiry {
  readonly #codec: Codec
  readonly #rule: ExpiryRule
  readonly #ageMs: number
  readonly #now: () => Date

  constructor(codec: Codec, { settings, now }: StoreContext) {
    this.#codec = codec
    this.#rule = new ExpiryRule({ ...settings, sessionExpireAtBrowserClose: false }, now)
    this.#ageMs = settings.sessionCookieAge * 1000
    this.#now = now
  }

  /**
   * When a session ends. With an expiry of its own, that decides: a date is one, while a number of
   * seconds above 0 is, as in Django, no end at all, as the file does not tell what to count from.
   */
  endOf(payload: string, modified: PreciseDate): FileEnd {
    const own = this.#ownExpiry(payload)
    if (isTruthy(own)) return typeof own === 'string' ? this.#endAt(own) : endOfNumber(own)
    if (modified.getTime() >= lastModificationMs) return { expireDate: null, isOver: false }
    return this.#endOn(shifted(modified, this.#ageMs))
  }

  /** Whether it may be removed: a session that ends at this very moment may not yet. */
  isPast(payload: string, modified: PreciseDate): boolean {
    const { expireDate, isOver } = this.endOf(payload, modified)
    return isOver && (expireDate === null || expireDate < this.#now())
  }

  /** What the file's time of modification must be for the session to end then. */
  modification(expireDate: Date): PreciseDate {
    return shifted(PreciseDate.from(expireDate), -this.#ageMs)
  }

  #endAt(own: string): FileEnd {
    try {
      return this.#endOn(this.#rule.date(own))
    } catch (error) {
      if (isAsyncDjangoError(error)) return { expireDate: null, isOver: false }
      throw error
    }
  }

  #endOn(expireDate: PreciseDate): FileEnd {
    return { expireDate, isOver: expireDate <= this.#now() }
  }

  #ownExpiry(payload: string): unknown {
    try {
      return this.#codec.format.valueAt(this.#codec.decode(payload), expiryKey)
    } catch (error) {
      if (isAsyncDjangoError(error)) return null
      throw error
    }
  }
}

/** What Python's truth says of a JSON value. */
function isTruthy(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value) || Number.isNaN(value)
}

function endOfNumber(own: unknown): FileEnd {
  const isOver = (typeof own === 'number' || typeof own === 'bigint') && own <= 0
  return { expireDate: null, isOver }
}

function shifted(moment: PreciseDate, ms: number): PreciseDate {
  return new PreciseDate(moment.getTime(), moment.microsecond).plusMicroseconds(ms * 1000)
}
