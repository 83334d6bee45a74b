/**
 * What the tools share: the project's files, and how a check tells what it found.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'

/** Paths of all files below a folder, relative to it, with `/` between the parts. */
export function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.split(sep).join('/'))
    .map((path) => path.slice(folder.length + 1))
    .toSorted()
}

/** Whether a file holds tests. */
export function isTest(file: string): boolean {
  return /\.(test|test-d)\.ts$/.test(file)
}

/** The content of a JSON file. */
export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8')) as unknown
}

/** Prints the problems that a check found; with any, the process fails. */
export function report(check: string, problems: readonly string[]): void {
  for (const problem of problems) console.error(problem)
  console.log(`${check}: ${problems.length === 0 ? 'in order' : `${problems.length} problems`}`)
  if (problems.length > 0) process.exitCode = 1
}
