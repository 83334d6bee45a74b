/**
 * Session values for the merge test: copies, and text that is equal where values are.
 *
 * @module
 */

/** Whether a value is an array or an object. */
export function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Gives an object a member, `__proto__` too. */
export function put(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  })
}

/** An object of these entries, all of them copied. */
export function objectOf(
  entries: ReadonlyArray<readonly [string, unknown]>,
): Record<string, unknown> {
  return Object.fromEntries(entries.map(([key, value]) => [key, clone(value)]))
}

/** A copy that shares nothing with the value. */
export function clone<T>(value: T): T {
  if (Array.isArray(value)) return value.map(clone) as T
  return isContainer(value) ? (objectOf(Object.entries(value)) as T) : value
}

/** The JSON of a value in ASCII, names sorted, so that equal values have equal text. */
export function textOf(value: unknown, comma: string = ',', colon: string = ':'): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return numberText(value)
  if (Array.isArray(value)) {
    return `[${value.map((member) => textOf(member, comma, colon)).join(comma)}]`
  }
  if (!isContainer(value)) return ascii(JSON.stringify(value))
  const members = Object.entries(value).map(
    ([key, member]) => `${ascii(JSON.stringify(key))}${colon}${textOf(member, comma, colon)}`,
  )
  return `{${members.sort().join(comma)}}`
}

function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  return Number.isInteger(value) ? String(BigInt(value)) : String(value)
}

function ascii(text: string): string {
  return text.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
