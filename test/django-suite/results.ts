/**
 * What came of Django's tests, counted: `conformance.json` of the project.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { projectRoot } from '../../tools/_root.ts'
import type { DjangoTest } from './run.ts'
import type { Suite } from './suites.ts'

/** How many tests of a class ended how. */
export interface Tally {
  readonly passed: number
  /** Listed in `not-applicable.json`, and failing. */
  readonly notApplicable: number
  readonly failed: number
  /** By Django itself. */
  readonly skipped: number
}

/** The rows of a suite, by class and by series of Django. */
export type Rows = Readonly<Record<string, Readonly<Record<string, Tally>>>>

/** What came of one deliberate defect: which of the three told. */
export interface MutantResult {
  readonly title: string
  readonly vectors: boolean
  readonly django: boolean
  readonly differential: boolean
}

/** What came of random histories. */
export interface DifferentialResult {
  /** Of Django. */
  readonly release: string
  /** Of the first history. */
  readonly seed: number
  readonly histories: number
  readonly unclaimed: number
  /** How many differences each rule claimed. */
  readonly claimed: Readonly<Record<string, number>>
}

/** All that is known. */
export interface Conformance {
  /** The releases, by series. */
  readonly releases: Readonly<Record<string, string>>
  readonly suites: Readonly<Record<Suite['name'], Rows>>
  readonly differential: Readonly<Record<'djangoExact' | 'asIntended', DifferentialResult | null>>
  readonly mutants: Readonly<Record<string, MutantResult>>
}

/** What came of a subject on one release, and what is wrong with it, a line each. */
export interface Judgement {
  readonly rows: Readonly<Record<string, Tally>>
  readonly problems: readonly string[]
}

const none: Tally = { passed: 0, notApplicable: 0, failed: 0, skipped: 0 }

/** What cannot pass, and why. */
export const notApplicable: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(projectRoot, 'test', 'django-suite', 'not-applicable.json'), 'utf8'),
) as Record<string, string>

/** Counts tests by the class, or, where `byModule`, by the module that they are in. */
export function judge(tests: readonly DjangoTest[], byModule: boolean): Judgement {
  const rows: Record<string, Tally> = {}
  const problems: string[] = []
  for (const test of tests.filter(({ calls }) => calls > 0)) {
    const verdict = verdictOf(test)
    const row = byModule ? test.class.replace(/\.[^.]+$/, '') : test.class
    const tally = rows[row] ?? none
    rows[row] = { ...tally, [verdict]: tally[verdict] + 1 }
    if (verdict === 'failed') problems.push(`${nameOf(test)}: ${problemOf(test)}`)
  }
  return { rows, problems }
}

function verdictOf(test: DjangoTest): keyof Tally {
  const isListed = Object.hasOwn(notApplicable, nameOf(test))
  if (test.outcome === 'skipped') return 'skipped'
  if (test.outcome === 'failed') return isListed ? 'notApplicable' : 'failed'
  return isListed ? 'failed' : 'passed'
}

function problemOf({ outcome, problem }: DjangoTest): string {
  return outcome === 'failed' ? (problem ?? 'failed') : 'passes, and is listed as not applicable'
}

function nameOf({ class: of, name }: DjangoTest): string {
  return `${of}.${name}`
}

/** The sum of rows. */
export function sum(rows: readonly Tally[]): Tally {
  return rows.reduce(
    (all, one) => ({
      passed: all.passed + one.passed,
      notApplicable: all.notApplicable + one.notApplicable,
      failed: all.failed + one.failed,
      skipped: all.skipped + one.skipped,
    }),
    none,
  )
}

const file = join(projectRoot, 'conformance.json')

/** What the last complete runs wrote. */
export function readConformance(): Conformance {
  return JSON.parse(readFileSync(file, 'utf8')) as Conformance
}

/** Takes over what a complete run found. */
export function writeConformance(part: Partial<Conformance>): Conformance {
  const conformance = { ...readConformance(), ...part }
  writeFileSync(file, `${JSON.stringify(conformance, null, 2)}\n`)
  return conformance
}
