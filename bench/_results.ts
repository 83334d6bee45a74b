/**
 * What came of a measurement: figures, and the file they go to.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'

import { projectRoot } from '../tools/_root.ts'

/** The middle one; of an even number the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low = Number.NaN, high = low] = sorted.slice(
    (sorted.length - 1) >> 1,
    (sorted.length >> 1) + 1,
  )
  return (low + high) / 2
}

/** A number for people. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

/** Writes `build/bench-results/<name>.json`, with what it was measured on. */
export function saveResults(name: string, results: object): void {
  const folder = join(projectRoot, 'build/bench-results')
  mkdirSync(folder, { recursive: true })
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryGiB: rounded(totalmem() / 2 ** 30, 1),
    commit: commit(),
    at: new Date().toISOString(),
  }
  writeFileSync(
    join(folder, `${name}.json`),
    `${JSON.stringify({ machine, ...results }, null, 2)}\n`,
  )
}

function commit(): string | null {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}
