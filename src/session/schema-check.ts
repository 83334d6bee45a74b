/**
 * Session data against a Standard Schema: it is checked, never replaced.
 *
 * @module
 */
import { type DataIssue, SessionDataError } from '../errors.ts'
import { isEqual } from '../formats/json-source.ts'
import type { ValidateData } from './schema.ts'

/**
 * The defaults for absent keys; none while a key without a default is absent too.
 *
 * @throws SessionDataError where the data does not fit.
 */
export function checkData(
  data: Record<string, unknown>,
  validate: ValidateData,
): ReadonlyMap<string, unknown> {
  const own = Object.entries(data).filter(([key]) => !key.startsWith('_'))
  const seen = Object.fromEntries(own)
  const result = validate(seen)
  // A new visitor has none of the keys: what is absent is not wrong.
  const issues = (result.issues ?? []).filter((issue) => !isAbsent(pathOf(issue)[0], seen))
  const [first] = issues
  if (first) throw new SessionDataError(first.message, pathOf(first), issues)
  return result.issues ? new Map() : defaultsIn(result.value, seen)
}

function defaultsIn(output: unknown, seen: Record<string, unknown>): Map<string, unknown> {
  const defaults = new Map<string, unknown>()
  for (const [key, value] of Object.entries(output ?? {})) {
    if (!Object.hasOwn(seen, key)) defaults.set(key, value)
    else if (!isEqual(value, seen[key]) && !isSubset(value, seen[key])) {
      throw new SessionDataError(
        'the schema changes this value; session data is checked, never replaced. ' +
          'Take transforms, coercions and inner defaults out of the schema',
        [key],
      )
    }
  }
  return defaults
}

/** Schemas that strip unknown keys give an object with fewer members. */
function isSubset(output: unknown, input: unknown): boolean {
  if (Array.isArray(output) && Array.isArray(input)) {
    return (
      output.length === input.length &&
      output.every((value, index) => isSubset(value, input[index]))
    )
  }
  if (!isObject(output) || !isObject(input)) return isEqual(output, input)
  return Object.entries(output).every(
    ([key, value]) => Object.hasOwn(input, key) && isSubset(value, input[key]),
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAbsent(key: PropertyKey | undefined, data: object): boolean {
  return key !== undefined && !Object.hasOwn(data, key)
}

function pathOf(issue: DataIssue): PropertyKey[] {
  return (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part))
}
