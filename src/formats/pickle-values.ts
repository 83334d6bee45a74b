/**
 * Python's values that JSON lacks and JavaScript has no type for: moments, lengths of time, decimal
 * numbers, UUIDs, text that is safe to put into HTML. Each is one text, which says all of it.
 *
 * @module
 */
import { invalidArgument } from '../errors.ts'

/** What kinds of values there are beside those that every pickle may hold. */
export type PythonKind =
  'datetime' | 'date' | 'time' | 'timedelta' | 'decimal' | 'uuid' | 'safestring'

/** The values that pickles may hold beside plain data: some kinds, or all. */
export type PythonValues = 'python' | readonly PythonKind[]

const clock = String.raw`(\d\d):(\d\d):(\d\d)(?:\.(\d{6}))?`
const zone = String.raw`([+-]\d\d:\d\d(?::\d\d(?:\.\d{6})?)?(?:\([^()]*\))?|\[[\w+./-]+\])?`

const forms: Readonly<Record<PythonKind, RegExp>> = {
  datetime: new RegExp(String.raw`^(\d{4})-(\d\d)-(\d\d)T${clock}${zone}( fold=1)?$`, 'su'),
  date: /^(\d{4})-(\d\d)-(\d\d)$/,
  time: new RegExp(`^${clock}${zone}( fold=1)?$`, 'su'),
  timedelta: /^(-?)P(\d{1,9})DT(\d\d)H(\d\d)M(\d\d)(?:\.(\d{6}))?S$/,
  decimal: /^-?(?:Infinity|s?NaN\d*|(?:\d+(?:\.\d*)?|\.\d+)(?:E[+-]?\d{1,20})?)$/,
  uuid: /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/,
  safestring: /^/,
}

/** All kinds, by name. */
export const pythonKinds = Object.keys(forms) as readonly PythonKind[]

/** Whether there is such a kind. */
export function isPythonKind(name: string): name is PythonKind {
  return Object.hasOwn(forms, name)
}

/**
 * A value of Python's that JavaScript has no type for. It does not change: put another one in its
 * place.
 */
export class PythonValue {
  readonly kind: PythonKind
  /**
   * What it says. `datetime`, `date` and `time`: ISO 8601, with an offset (`+01:00`), a zone
   * (`[Europe/Berlin]`) or, naive, neither. `timedelta`: as `P1DT02H03M04S`. `decimal`, `uuid`,
   * `safestring`: what Python's `str()` makes of it.
   */
  readonly text: string

  /** @throws TypeError for text that is none of this kind. */
  constructor(kind: PythonKind, text: string) {
    const isKnown = isPythonKind(kind) && typeof text === 'string' && isValue(kind, text)
    if (!isKnown) throw invalidArgument(`This is no text of a Python value of the kind ${kind}.`)
    this.kind = kind
    this.text = text
  }

  toString(): string {
    return this.text
  }

  toJSON(): string {
    return this.text
  }
}

/** Whether a text says a value of a kind. */
export function isValue(kind: PythonKind, text: string): boolean {
  const [, ...parts] = forms[kind].exec(text) ?? []
  if (kind === 'date') return isDate(parts)
  if (kind === 'datetime') return isDate(parts) && isTime(parts.slice(3))
  if (kind === 'time') return isTime(parts)
  return forms[kind].test(text)
}

function isDate([year, month, day]: readonly (string | undefined)[]): boolean {
  if (year === undefined || year === '0000') return false
  const date = new Date(Date.UTC(2000, Number(month) - 1, Number(day)))
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

function isTime([hour, minute, second, , at]: readonly (string | undefined)[]): boolean {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return false
  if (at === undefined || !/^[+-]/.test(at)) return hour !== undefined
  return Number(at.slice(1, 3)) <= 23 && Number(at.slice(4, 6)) <= 59
}

/** The state of a `date`, `time` or `datetime` as CPython pickles it, and its zone's text. */
export interface MomentState {
  /** A character per byte. */
  readonly bytes: string
  /** null where it is naive. */
  readonly zone: string | null
}

const statesSize = { date: 4, time: 6, datetime: 10 } as const

/** The state that a text says. The text must be one of its kind. */
export function stateOf(kind: 'date' | 'time' | 'datetime', text: string): MomentState {
  const [, ...parts] = forms[kind].exec(text) ?? []
  const date = kind === 'time' ? [] : parts.slice(0, 3).map(Number)
  if (kind === 'date') return { bytes: dateBytes(date), zone: null }
  const [hour, minute, second, fraction, at, fold] = kind === 'time' ? parts : parts.slice(3)
  const time = [hour, minute, second, fraction].map(Number)
  const bytes = dateBytes(date) + timeBytes(time)
  // The highest bit of the month, or of the hour, is the fold.
  const place = kind === 'time' ? 0 : 2
  return {
    bytes: fold === undefined ? bytes : withBit(bytes, place),
    zone: at ?? null,
  }
}

function dateBytes([year, month, day]: readonly number[]): string {
  if (year === undefined) return ''
  return String.fromCharCode(year >> 8, year & 0xff, month ?? 0, day ?? 0)
}

function timeBytes([hour, minute, second, fraction]: readonly number[]): string {
  const micros = Number.isNaN(fraction) ? 0 : (fraction ?? 0)
  const three = [micros >> 16, (micros >> 8) & 0xff, micros & 0xff]
  return String.fromCharCode(hour ?? 0, minute ?? 0, second ?? 0, ...three)
}

function withBit(bytes: string, at: number): string {
  const code = bytes.charCodeAt(at) | 0x80
  return bytes.slice(0, at) + String.fromCharCode(code) + bytes.slice(at + 1)
}

/** The text that a state says; null for bytes that are none. */
export function momentText(
  kind: 'date' | 'time' | 'datetime',
  { bytes, zone: at }: MomentState,
): string | null {
  if (bytes.length !== statesSize[kind]) return null
  const codes = Array.from(bytes, (character) => character.charCodeAt(0))
  const place = kind === 'time' ? 0 : 2
  const first = codes[place] ?? 0
  const fold = first >= 0x80 && kind !== 'date' ? ' fold=1' : ''
  if (fold !== '') codes[place] = first & 0x7f
  const date = kind === 'time' ? '' : dateText(codes)
  const separator = kind === 'datetime' ? 'T' : ''
  const time = kind === 'date' ? '' : timeText(codes.slice(-6)) + (at ?? '')
  const text = `${date}${separator}${time}${fold}`
  return isValue(kind, text) ? text : null
}

function dateText([high = 0, low = 0, month = 0, day = 0]: readonly number[]): string {
  return `${String(high * 256 + low).padStart(4, '0')}-${two(month)}-${two(day)}`
}

function timeText(codes: readonly number[]): string {
  const [hour = 0, minute = 0, second = 0, high = 0, middle = 0, low = 0] = codes
  return `${two(hour)}:${two(minute)}:${two(second)}${fractionText((high * 256 + middle) * 256 + low)}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function fractionText(micros: number): string {
  return micros === 0 ? '' : `.${String(micros).padStart(6, '0')}`
}

const second = 1_000_000n
const day = 86_400n * second

/** The text of a length of time; null past what Python's has. Mirrors Django's `duration_iso_string`. */
export function durationText(days: bigint, seconds: bigint, micros: bigint): string | null {
  const total = days * day + seconds * second + micros
  if (total < -999_999_999n * day || total >= 1_000_000_000n * day) return null
  const size = total < 0n ? -total : total
  const inDay = Number((size % day) / second)
  const parts = [Math.floor(inDay / 3600), Math.floor(inDay / 60) % 60, inDay % 60].map(two)
  const [hours = '', minutes = '', rest = ''] = parts
  const fraction = fractionText(Number(size % second))
  return `${total < 0n ? '-' : ''}P${size / day}DT${hours}H${minutes}M${rest}${fraction}S`
}

/** A length of time in microseconds. The text must be one. */
export function microsOf(text: string): bigint {
  const [, sign, ...parts] = forms.timedelta.exec(text) ?? []
  const [days = 0n, hours = 0n, minutes = 0n, seconds = 0n, micros = 0n] = parts.map((part) =>
    BigInt(part ?? 0),
  )
  const total = days * day + ((hours * 60n + minutes) * 60n + seconds) * second + micros
  return sign === '-' ? -total : total
}

/** The days, seconds and microseconds that Python keeps, of which only the days may be negative. */
export function durationParts(micros: bigint): readonly [bigint, bigint, bigint] {
  const inDay = ((micros % day) + day) % day
  return [(micros - inDay) / day, inDay / second, inDay % second]
}

/** The text of an offset from UTC; null for a day or more. */
export function offsetText(micros: bigint): string | null {
  const size = micros < 0n ? -micros : micros
  if (size >= day) return null
  const seconds = Number(size / second)
  const fraction = fractionText(Number(size % second))
  const hasSeconds = seconds % 60 !== 0 || fraction !== ''
  const minutes = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`
  return `${micros < 0n ? '-' : '+'}${minutes}${hasSeconds ? `:${two(seconds % 60)}${fraction}` : ''}`
}

const offsetForm = /^([+-])(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{6}))?)?(?:\((.*)\))?$/s

/** An offset's microseconds, and the name that it was given; null for a zone that has a key. */
export function readOffset(
  text: string,
): { readonly micros: bigint; readonly name: string | null } | null {
  const [all, sign, hours, minutes, seconds, fraction, name] = offsetForm.exec(text) ?? []
  if (all === undefined) return null
  const [h = 0n, m = 0n, s = 0n, f = 0n] = [hours, minutes, seconds, fraction].map((part) =>
    BigInt(part ?? 0),
  )
  const micros = ((h * 60n + m) * 60n + s) * second + f
  return { micros: sign === '-' ? -micros : micros, name: name ?? null }
}
