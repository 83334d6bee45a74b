/**
 * How Python's values look in the data of sessions that stand as pickles, in the stores over caches.
 *
 * @module
 */
export { frozenset, isFrozenset, isTuple, tuple } from './pickle-live.ts'
export { type PythonKind, PythonValue, type PythonValues } from './pickle-values.ts'
