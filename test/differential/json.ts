/**
 * Python's JSON without any bounds: Django has none.
 *
 * @module
 */
import { parsePythonJson, stringifyPythonJson } from '../../src/formats/python-json.ts'

const bounds = { depth: Number.POSITIVE_INFINITY, values: Number.POSITIVE_INFINITY }

/** @throws PayloadError for text that is no JSON. */
export function readJson(text: string): unknown {
  return parsePythonJson(text, bounds)
}

/** The text for a value. */
export function writeJson(value: unknown): string {
  return stringifyPythonJson(value, bounds.depth)
}
