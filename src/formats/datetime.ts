/**
 * Dates as Python writes them: to the microsecond, with an offset or without one ("naive": wall
 * time of a zone that the text does not name).
 *
 * @module
 */
/** A `Date` that keeps the microseconds which JavaScript would drop. */
export class PreciseDate extends Date {
  /** Microseconds past the millisecond, 0 to 999. */
  readonly microsecond: number

  constructor(ms: number, microsecond = 0) {
    super(ms)
    this.microsecond = microsecond
  }

  /** The same moment; a plain date gets 0 microseconds. */
  static from(date: Date): PreciseDate {
    return date instanceof PreciseDate ? date : new PreciseDate(date.getTime())
  }

  /** Later by a number of seconds, rounded to the microsecond, to the even one of two. */
  plusSeconds(seconds: number): PreciseDate {
    const whole = Math.trunc(seconds)
    const micros = roundToEven((seconds - whole) * 1e6)
    return new PreciseDate(this.getTime() + whole * 1000, this.microsecond).plusMicroseconds(micros)
  }

  /** Later by a whole number of microseconds. */
  plusMicroseconds(microseconds: number): PreciseDate {
    const micros = this.microsecond + microseconds
    const ms = Math.floor(micros / 1000)
    return new PreciseDate(this.getTime() + ms, micros - ms * 1000)
  }

  /** Whole seconds until another moment, rounded down, as `timedelta.days * 86400 + .seconds`. */
  secondsUntil(other: PreciseDate): number {
    const ms = other.getTime() - this.getTime()
    return Math.floor((ms - (other.microsecond < this.microsecond ? 1 : 0)) / 1000)
  }
}

/** As Python's `round` and `timedelta` do it. */
function roundToEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

/** Writes `datetime.isoformat()` of an aware UTC datetime. */
export function isoUtc(date: Date): string {
  return `${isoNaive(date)}+00:00`
}

/** Writes `datetime.isoformat()` of a naive datetime whose wall clock this is. */
export function isoNaive(wall: Date): string {
  return wallText(wall, 'T')
}

/** Writes the text that Django keeps in SQLite and MySQL: no fraction where it is 0. */
export function sqlText(wall: Date): string {
  return wallText(wall, ' ')
}

function wallText(wall: Date, separator: string): string {
  const iso = wall.toISOString()
  const micros = iso.slice(20, 23) + String(PreciseDate.from(wall).microsecond).padStart(3, '0')
  const fraction = micros === '000000' ? '' : `.${micros}`
  return iso.slice(0, 10) + separator + iso.slice(11, 19) + fraction
}

const dayMs = 86_400_000

/** Midnight of a day, in milliseconds. `Date.UTC` takes the years 0 to 99 for those of the 20th century. */
export function midnight(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day)
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(timeZone: string): Intl.DateTimeFormat {
  let made = formatters.get(timeZone)
  if (!made) {
    made = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formatters.set(timeZone, made)
  }
  return made
}

/** The wall clock of a zone at a moment, as if it stood in Greenwich. */
export function toWall(moment: Date, timeZone: string): PreciseDate {
  const { microsecond } = PreciseDate.from(moment)
  return new PreciseDate(moment.getTime() + offsetAt(moment.getTime(), timeZone), microsecond)
}

/**
 * The moment at which a zone's wall clock shows this: the earlier one where it does so twice, and
 * counted from before the jump where it never does, as Python's `fold=0`.
 */
export function fromWall(wall: Date, timeZone: string): PreciseDate {
  const local = wall.getTime()
  const before = offsetAt(local - dayMs, timeZone)
  const after = offsetAt(local + dayMs, timeZone)
  const isAfter =
    offsetAt(local - before, timeZone) !== before && offsetAt(local - after, timeZone) === after
  return new PreciseDate(local - (isAfter ? after : before), PreciseDate.from(wall).microsecond)
}

function offsetAt(ms: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0
  const parts = new Map<string, number>()
  for (const { type, value } of formatter(timeZone).formatToParts(ms)) {
    parts.set(type, Number(value))
  }
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  const time = (part('hour') * 60 + part('minute')) * 60 + part('second')
  const wall = midnight(part('year'), part('month'), part('day')) + time * 1000
  return wall - Math.floor(ms / 1000) * 1000
}
