/**
 * Dates as they stand in Django's tables. A driver's own `Date` has no microseconds and its own idea
 * of time zones, so they go in and out as text.
 *
 * @module
 */
import { fromWall, PreciseDate, sqlText, toWall } from '../formats/datetime.ts'
import { parseDatetime } from '../formats/iso-datetime.ts'
import { isAsyncDjangoError } from '../errors.ts'

/** Writes and reads one engine's dates. */
export interface SqlDates {
  write(date: Date): string
  /** null for what is no date that JavaScript has. */
  read(text: unknown): PreciseDate | null
}

/**
 * The wall clock of a zone, as Django keeps it in SQLite and MySQL: UTC, or, where `USE_TZ` is
 * false, `TIME_ZONE`. Mirrors `adapt_datetimefield_value` of those backends.
 */
export function wallDates(timeZone: string): SqlDates {
  return {
    write: (date) => sqlText(toWall(date, timeZone)),
    read(text) {
      if (typeof text !== 'string') return null
      try {
        return fromWall(parseDatetime(text).wall, timeZone)
      } catch (error) {
        if (isAsyncDjangoError(error)) return null
        throw error
      }
    },
  }
}

const epochText = /^(-?)(\d{1,12})(?:\.(\d{1,6}))?$/

/** A moment: text with an offset in, seconds since 1970 out, whatever the connection's time zone. */
export const momentDates: SqlDates = {
  write: (date) => `${sqlText(date)}+00`,
  read(text) {
    const [, sign, seconds, fraction = ''] = epochText.exec(String(text)) ?? []
    if (seconds === undefined) return null
    const micros = Number(fraction.padEnd(6, '0')) * (sign === '-' ? -1 : 1)
    const ms = Number(`${sign}${seconds}`) * 1000 + Math.floor(micros / 1000)
    return new PreciseDate(ms, ((micros % 1000) + 1000) % 1000)
  },
}
