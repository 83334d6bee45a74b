/**
 * What a golden vector is, and the few functions by which checks look into one.
 *
 * @module
 */

/** Values by their names. */
export type Fields = Readonly<Record<string, unknown>>

/** What a release of Django answered to an input. */
export interface Vector {
  readonly id: string
  /** Every release that gave this answer. */
  readonly django: readonly string[]
  readonly kind: string
  readonly input: Fields
  /** Settings by Django's names, and the frozen clock, `now`. */
  readonly settings: Fields
  readonly output: Fields
}

/** Throws a `Mismatch` where this package answers otherwise. */
export type Check = (vector: Vector) => void | Promise<void>

/** This package gave another answer than Django. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch'
}

/** The text of a field; anything else is a mistake in the vector, or in its check. */
export function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value === 'string') return value
  throw new TypeError(`${name} is no text in this vector.`)
}

/** The text of a field that may be null or absent. */
export function textOrNull(fields: Fields, name: string): string | null {
  return fields[name] === null || fields[name] === undefined ? null : text(fields, name)
}

/** A field that holds fields. */
export function fieldsOf(fields: Fields, name: string): Fields {
  return fields[name] as Fields
}

/** The bytes of a field in base64. */
export function bytes(fields: Fields, name: string): Uint8Array {
  return Uint8Array.from(atob(text(fields, name)), (character) => character.charCodeAt(0))
}

/** Whether any of the releases that gave the answer is this one or a later one. */
export function isSince(vector: Vector, major: number, minor: number): boolean {
  return vector.django.some((release) => {
    const [theirMajor = 0, theirMinor = 0] = release.split('.').map(Number)
    return theirMajor > major || (theirMajor === major && theirMinor >= minor)
  })
}

/** The releases that gave the answer, and whose behaviour this package has. */
export function releasesOf(vector: Vector): readonly string[] {
  return vector.django.filter((release) => isSince({ ...vector, django: [release] }, 4, 2))
}

/** @throws Mismatch where the two are not the same, printed as JSON with sorted keys. */
export function same(what: string, actual: unknown, expected: unknown): void {
  const ours = print(actual)
  const theirs = print(expected)
  if (ours !== theirs) throw new Mismatch(`${what}: ${theirs} was expected, not ${ours}`)
}

function print(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'number' || value === undefined) return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(print).join()}]`
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${print(member)}`).join()}}`
}

/** What Django's exceptions are here, by the code of the error. */
const codes: Readonly<Record<string, string>> = {
  BadSignature: 'ERR_BAD_SIGNATURE',
  SignatureExpired: 'ERR_SIGNATURE_EXPIRED',
  // A validly signed text whose content cannot be read.
  IndexError: 'ERR_PAYLOAD',
  Error: 'ERR_PAYLOAD',
  ValueError: 'ERR_PAYLOAD',
  TypeError: 'ERR_INVALID_ARGUMENT',
  SessionInterrupted: 'ERR_SESSION_INTERRUPTED',
  UpdateError: 'ERR_SESSION_INTERRUPTED',
}

/** What a function answers; where it throws, the code of the error, as `{ raises }`. */
export async function outcome(run: () => unknown): Promise<unknown> {
  try {
    return await run()
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
    if (typeof code !== 'string') throw error
    return { raises: code }
  }
}

/** What Django answered, with exceptions as codes of ours. */
export function answerOf(answer: unknown, translation: Fields = codes): unknown {
  if (typeof answer !== 'object' || answer === null || !('raises' in answer)) return answer
  const code = translation[String(answer.raises)]
  if (code === undefined) throw new TypeError(`${String(answer.raises)} has no like here.`)
  return { raises: code }
}
