/**
 * The few assertions that the suites need, so that they need no test framework.
 *
 * @module
 */
import { PreciseDate } from '../formats/datetime.ts'

/** A store, or an adapter, does not keep its contract. */
export class ContractError extends Error {
  override readonly name = 'ContractError'
}

/** @throws ContractError unless the condition holds. */
export function check(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new ContractError(promise)
}

/** @throws ContractError unless both are the same value, or print alike as JSON. */
export function same(actual: unknown, expected: unknown, what: string): void {
  if (Object.is(actual, expected) || print(actual) === print(expected)) return
  throw new ContractError(`${what}: expected ${show(expected)}, got ${show(actual)}`)
}

/** @throws ContractError unless it is null, or the same moment to the microsecond. */
export function sameMoment(actual: Date | null, expected: Date, what: string): void {
  if (actual === null) return
  same(moment(actual), moment(expected), what)
}

/** @throws ContractError unless the promise is rejected. */
export async function rejects(promise: Promise<unknown>, what: string): Promise<void> {
  const isRejected = await promise.then(
    () => false,
    () => true,
  )
  check(isRejected, `${what}: expected a rejection`)
}

function moment(date: Date): string {
  const { microsecond } = PreciseDate.from(date)
  return `${date.toISOString().slice(0, -1)}${String(microsecond).padStart(3, '0')}Z`
}

function print(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}

/** Long values are cut. */
function show(value: unknown): string {
  const text = print(value)
  return text.length > 500 ? `${text.slice(0, 250)} … ${text.slice(-250)}` : text
}
