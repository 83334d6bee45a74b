/**
 * Reads what Python's `datetime.isoformat` wrote, and whatever else `datetime.fromisoformat` takes
 * from Python 3.11 on: the basic format, weeks, any separator, offsets to the microsecond.
 * Mirrors CPython's `_datetimemodule.c`, with its leniency.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'
import { midnight, PreciseDate } from './datetime.ts'

/** What a Python datetime says: a wall clock, and its distance from UTC where it knows it. */
export interface PythonDatetime {
  /** The wall clock, as if it stood in Greenwich. */
  readonly wall: PreciseDate
  /** Offset from UTC in microseconds; null for a naive datetime. */
  readonly offset: number | null
}

const dayMs = 86_400_000
const lastDay = Date.UTC(9999, 11, 31)

/**
 * Reads an ISO 8601 date, with a time or without one.
 *
 * @throws PayloadError `malformed`, where Python raises `ValueError`.
 */
export function parseDatetime(text: string): PythonDatetime {
  const end = endOfDate(text)
  const date = readDate(text.slice(0, end))
  if (text.length <= end) return { wall: new PreciseDate(date), offset: null }
  // Any one character separates, also one of two UTF-16 units.
  const separator = String.fromCodePoint(text.codePointAt(end) ?? 0)
  return readTime(text.slice(end + separator.length), date)
}

/** Mirrors `_find_isoformat_datetime_separator`: a week may have a day, or be followed by the time. */
function endOfDate(text: string): number {
  if (text.length < 7) throw malformed()
  if (text.length === 7) return 7
  if (text.charAt(4) !== '-') return text.charAt(4) === 'W' ? endOfBasicWeek(text) : 8
  if (text.charAt(5) !== 'W') return 10
  return text.charAt(8) !== '-' || isDigit(text.charAt(10)) ? 8 : 10
}

/** Digits after `2024W01` are a day and a time, or a time alone, as their number says. */
function endOfBasicWeek(text: string): number {
  let end = 7
  while (isDigit(text.charAt(end))) end++
  if (end < 9) return end
  return end % 2 === 0 ? 7 : 8
}

/** Midnight of the date, in milliseconds. */
function readDate(text: string): number {
  const dash = text.charAt(4) === '-' ? '-' : ''
  const year = readDigits(text, 0, 4)
  const month = 4 + dash.length
  if (text.charAt(month) === 'W') return weekDate(year, text.slice(month + 1), dash)
  if (!text.startsWith(dash, month + 2)) throw malformed()
  return calendarDate(
    year,
    readDigits(text, month, 2),
    readDigits(text, month + 2 + dash.length, 2),
  )
}

function calendarDate(year: number, month: number, day: number): number {
  const ms = midnight(year, month, day)
  const date = new Date(ms)
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (year === 0 || !isReal) throw malformed()
  return ms
}

function weekDate(year: number, text: string, dash: string): number {
  const week = readDigits(text, 0, 2)
  if (!text.startsWith(dash, 2) && text.length > 2) throw malformed()
  const weekday = text.length > 2 ? readDigits(text, 2 + dash.length, 1) : 1
  const ms = firstMonday(year) + ((week - 1) * 7 + weekday - 1) * dayMs
  const isReal = year > 0 && week > 0 && weekday > 0 && weekday < 8
  const isThisYear = firstMonday(year) + (week - 1) * 7 * dayMs < firstMonday(year + 1)
  if (!isReal || !isThisYear || ms > lastDay) throw malformed()
  return ms
}

/** Monday of week 1, the week that holds January 4. */
function firstMonday(year: number): number {
  const fourth = midnight(year, 1, 4)
  return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * dayMs
}

const zoneMark = /[+\-Z]/

/** Mirrors `parse_isoformat_time`. */
function readTime(text: string, date: number): PythonDatetime {
  const at = text.search(zoneMark)
  const clock = readClock(at === -1 ? text : text.slice(0, at))
  const { hour, minute, second, micros, isWhole } = clock
  if (hour > 23 || minute > 59 || second > 59 || (at === -1 && !isWhole)) throw malformed()
  const ms = date + ((hour * 60 + minute) * 60 + second) * 1000
  return {
    wall: new PreciseDate(ms).plusMicroseconds(micros),
    offset: at === -1 ? null : readOffset(text.slice(at)),
  }
}

/** Microseconds; the fraction of an offset of 0 seconds is dropped. */
function readOffset(text: string): number {
  if (text.startsWith('Z')) {
    if (text !== 'Z') throw malformed()
    return 0
  }
  const { hour, minute, second, micros, isWhole } = readClock(text.slice(1))
  const seconds = (hour * 60 + minute) * 60 + second
  if (!isWhole || seconds >= 86_400) throw malformed()
  if (seconds === 0) return 0
  return (seconds * 1_000_000 + micros) * (text.startsWith('-') ? -1 : 1)
}

interface Clock {
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly micros: number
  /** Whether nothing was left over. */
  readonly isWhole: boolean
}

/**
 * Mirrors `parse_hh_mm_ss_ff`: a fraction may follow any part, and a colon stand before it. What is
 * left over does not matter where an offset follows.
 */
function readClock(text: string): Clock {
  const parts = [0, 0, 0]
  let at = 0
  let hasColons = true
  for (let part = 0; part < 3; part++) {
    parts[part] = readDigits(text, at, 2)
    const mark = text.charAt(at + 2)
    if (mark > '\u007f') throw malformed()
    if (part === 0) hasColons = mark === ':'
    at += 3
    if (at >= text.length) return toClock(parts, 0, mark === '')
    if (hasColons && mark === ':') continue
    if (mark === '.' || mark === ',') break
    if (hasColons) throw malformed()
    at--
  }
  const fraction = text.slice(at, at + 6)
  const micros = readDigits(fraction.padEnd(6, '0'), 0, 6)
  const isWhole = /^\d*$/.test(text.slice(at))
  return toClock(parts, micros, isWhole)
}

function toClock(
  [hour = 0, minute = 0, second = 0]: number[],
  micros: number,
  isWhole: boolean,
): Clock {
  return { hour, minute, second, micros, isWhole }
}

function readDigits(text: string, start: number, count: number): number {
  const digits = text.slice(start, start + count)
  if (digits.length < count || !/^\d+$/.test(digits)) throw malformed()
  return Number(digits)
}

function isDigit(character: string): boolean {
  return /^\d$/.test(character)
}

function malformed(): PayloadError {
  return new PayloadError('malformed', 'This is not an ISO 8601 date.')
}
