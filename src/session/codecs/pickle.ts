/**
 * The payload of Django's cache engines: a pickle of the session's dict, without a signature, as
 * `django.contrib.sessions.backends.cache` hands it to every cache but the one in memory. A payload
 * is a string of one character per byte.
 *
 * @module
 */
import { ImproperlyConfiguredError, PayloadError } from '../../errors.ts'
import { defineValue } from '../../formats/define-value.ts'
import { checkBounds } from '../../formats/json-bounds.ts'
import { type Member, splitMembers } from '../../formats/json-source.ts'
import {
  copyOf,
  fromMarked,
  keyOfName,
  Marker,
  namesOfKeys,
  unmarkedPath,
} from '../../formats/pickle-live.ts'
import { readPickle } from '../../formats/pickle-reader.ts'
import { mark, quotedMark, readText, writeText } from '../../formats/pickle-text.ts'
import {
  isPythonKind,
  type PythonKind,
  pythonKinds,
  PythonValue,
  type PythonValues,
} from '../../formats/pickle-values.ts'
import { writePickle } from '../../formats/pickle-writer.ts'
import { stringifyPythonJson, UnserializableError } from '../../formats/python-json.ts'
import { type Codec, type DataEditing, type DataFormat, jsonFormat } from '../codec.ts'
import { checkSize, type Limits } from '../limits.ts'

/** What every store takes whose payloads are pickles. */
export interface PickleOptions {
  /**
   * Which values of Python's are read and written beside plain data, each as a `PythonValue`:
   * `'python'` for all of them. Default none: a session that holds one reads as an unreadable one.
   */
  readonly values?: PythonValues
}

/** What a pickle codec is made of. */
export interface PickleCodecOptions extends PickleOptions {
  readonly limits: Limits
}

/**
 * The codec of the cache engines.
 *
 * @throws ImproperlyConfiguredError for a kind of values that there is not.
 */
export function pickleCodec({ limits, values = [] }: PickleCodecOptions): Codec {
  const isOn = switchesOf(values)
  const textBounds = { ...limits, size: limits.inflatedSize }
  return {
    name: 'pickle',
    isSigned: false,
    format: pickleFormat(limits, isOn),
    decode(payload) {
      const item = readPickle(checkSize(payload, limits.payloadSize), { bounds: limits, isOn })
      if (typeof item !== 'string' && item.kind === 'dict') return writeText(item, textBounds)
      throw new PayloadError(
        'notAnObject',
        'A payload holds a pickle of something that is no dict.',
      )
    },
    encode(text) {
      checkBounds(text, limits)
      checkSize(text, limits.inflatedSize)
      return checkSize(writePickle(readText(text)), limits.payloadSize)
    },
    signedAt: () => null,
  }
}

function switchesOf(values: PythonValues): (kind: PythonKind) => boolean {
  const kinds: readonly string[] = values === 'python' ? pythonKinds : values
  if (Array.isArray(kinds) && kinds.every(isPythonKind)) {
    const on = new Set<string>(kinds)
    return (kind) => on.has(kind)
  }
  throw new ImproperlyConfiguredError(
    'values',
    `must be 'python', or a list of some of ${pythonKinds.join(', ')}.`,
  )
}

/** A date may stand here as such, up to Django 4.0: the session takes it as the text of one. */
const expiryKey = '_session_expiry'

/** JSON with marks for what it lacks; without one it is JSON, and nothing more is done. */
function pickleFormat(limits: Limits, isOn: (kind: PythonKind) => boolean): DataFormat {
  const json = jsonFormat(limits)
  const marker = new Marker(isOn, limits.depth)
  const parse = (text: string): unknown => {
    const value = json.parse(text)
    return text.includes(quotedMark) ? renamed(fromMarked(value)) : value
  }
  return {
    ...json,
    parse,
    isNative: (text) => !text.includes(quotedMark) && (json.isNative?.(text) ?? false),
    valueAt(text, key) {
      const value = json.valueAt(text, key)
      return text.includes(quotedMark) ? asExpiry(key, fromMarked(value)) : value
    },
    stringify: (value) => tellingPaths(value, () => json.stringify(marker.mark(value))),
    editing: (source) => pickleEditing(json.editing(source), marker),
  }
}

function pickleEditing({ stringifyLike, isEqual }: DataEditing, marker: Marker): DataEditing {
  return {
    stringifyLike: (value, source) =>
      tellingPaths(value, () =>
        stringifyLike(markedLike(value as Record<string, unknown>, source, marker), source),
      ),
    isEqual(a, b) {
      try {
        return isEqual(marker.mark(a), marker.mark(b))
      } catch (error) {
        if (error instanceof UnserializableError) return false
        throw error
      }
    },
  }
}

/** Calls a function whose errors tell the way to a part with marks; they are to tell it without. */
function tellingPaths(value: unknown, run: () => string): string {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof UnserializableError)) throw error
    throw new UnserializableError(error.problem, unmarkedPath(error.path, value))
  }
}

/** The top's keys take the names that an application has for them. */
function renamed(value: unknown): unknown {
  if (!isPlain(value)) return value
  const keys = Object.keys(value)
  const names = namesOfKeys(keys)
  if (names.size > 0) {
    const values = [...names].map(([name, key]) => [name, value[key]] as const)
    for (const key of names.values()) delete value[key]
    for (const [name, member] of values) defineValue(value, name, member)
  }
  if (Object.hasOwn(value, expiryKey)) value[expiryKey] = asExpiry(expiryKey, value[expiryKey])
  return value
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}

function asExpiry(key: string, value: unknown): unknown {
  const isMoment = value instanceof PythonValue && value.kind === 'datetime'
  return key === expiryKey && isMoment ? value.text : value
}

/** The data with marks, and the keys that it has in the source. */
function markedLike(
  data: Record<string, unknown>,
  source: string,
  marker: Marker,
): Record<string, unknown> {
  const members = source.includes(quotedMark) ? splitMembers(source) : []
  const names = namesOfKeys(members.map(({ key }) => key))
  let copy: Record<string, unknown> | null = null
  for (const [name, value] of Object.entries(data)) {
    const key = names.get(name) ?? keyOfName(name)
    const made = markedExpiry(name, value, members) ?? marker.mark(value, [name])
    if (Object.is(made, value) && key === name) continue
    copy ??= copyOf(data)
    if (key !== name) delete copy[name]
    defineValue(copy, key, made)
  }
  return copy ?? data
}

/** A date that the session took as text, and that nobody changed. */
function markedExpiry(name: string, value: unknown, members: readonly Member[]): unknown {
  if (name !== expiryKey || typeof value !== 'string') return null
  const before = members.find(({ key }) => key === name)?.source
  const moment = { [`${mark}datetime`]: value }
  return before === stringifyPythonJson(moment) ? moment : null
}
