/**
 * The public names, as `exports.snapshot` lists them.
 *
 * @module
 */
import { readFileSync } from 'node:fs'

/** What each subpath holds at run time. */
export function runtimeNames(): Record<string, string[]> {
  const snapshot = readFileSync('test/package/exports.snapshot', 'utf8').trim()
  return Object.fromEntries(
    snapshot.split('\n\n').map((part) => {
      const [subpath = '', ...names] = part.split('\n').map((line) => line.trim())
      return [subpath, names.filter((name) => !name.startsWith('type '))]
    }),
  )
}
