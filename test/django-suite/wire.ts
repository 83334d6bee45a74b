/**
 * Values on their way between Python and Node: JSON, and tags for what JSON has no words for. The
 * other half is `python/wire.py`.
 *
 * @module
 */

/** Stands for an argument that was not given, and for a value that is not there. */
export const missing: unique symbol = Symbol('missing')

/** A value that JSON has no words for: its kind, and what it holds. */
interface Tagged {
  readonly $t: readonly [kind: keyof typeof readers, content: never]
}

const readers = {
  dict: (pairs: ReadonlyArray<readonly [unknown, unknown]>) =>
    Object.fromEntries(pairs.map(([key, value]) => [String(readValue(key)), readValue(value)])),
  tuple: (items: readonly unknown[]) => items.map(readValue),
  moment: (text: string) => new Date(text),
  length: (seconds: number) => ({ seconds }),
  bytes: (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64')),
  integer: (digits: string) => BigInt(digits),
  missing: () => missing,
} as const

/** What Python sent. */
export function readValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readValue)
  if (typeof value !== 'object' || value === null) return value
  const [kind, content] = (value as Tagged).$t
  return readers[kind](content)
}

/** What Python is sent. */
export function writeValue(value: unknown): unknown {
  if (value === missing) return tag('missing', null)
  if (typeof value === 'bigint') return tag('integer', value.toString())
  if (Array.isArray(value)) return value.map(writeValue)
  if (value instanceof Date) return tag('moment', value.toISOString())
  if (value instanceof Uint8Array) return tag('bytes', Buffer.from(value).toString('base64'))
  if (typeof value !== 'object' || value === null) return value ?? null
  return tag(
    'dict',
    Object.entries(value).map(([key, member]) => [key, writeValue(member)]),
  )
}

function tag(kind: keyof typeof readers, content: unknown): object {
  return { $t: [kind, content] }
}

/** Python's names as JavaScript's: `SESSION_COOKIE_AGE` is `sessionCookieAge`. */
export function camelCased(named: object): object {
  const camelCase = (name: string): string =>
    name.toLowerCase().replaceAll(/_(.)/g, (_all, letter: string) => letter.toUpperCase())
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [camelCase(name), value]))
}
