/**
 * How many tests passed, failed and were skipped: read from what a test run wrote.
 *
 * @module
 */
import { relative } from 'node:path'

/** What came of some tests. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** What a reader should know beside the numbers, a line each. */
  readonly notes: readonly string[]
}

/** The report of Vitest's `json` reporter, as far as it is read here. */
interface TestReport {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly TestCase[]
  }>
}

interface TestCase {
  readonly ancestorTitles: readonly string[]
  readonly title: string
  readonly status: string
  readonly meta?: { readonly counts?: TaskCounts }
}

/** What a test that stands for many of a kind says of them, in its `task.meta.counts`. */
export interface TaskCounts {
  readonly passed: number
  readonly failed: number
  /** What a reader should know beside the numbers, a line each. */
  readonly notes?: readonly string[]
}

/**
 * Counts the tests of a report. A file that does not load, a run that fails without a failed test,
 * and a run without any test count as a failure.
 *
 * @param text - The report; null where none was written.
 * @param isOk - Whether the run itself said that all is well.
 */
export function countTests(text: string | null, isOk: boolean): Counts {
  if (text === null) return failure('no report was written')
  const { testResults } = JSON.parse(text) as TestReport
  const cases = testResults.flatMap(({ assertionResults }) => assertionResults)
  const broken = testResults
    .filter(({ status, assertionResults }) => status === 'failed' && !hasFailed(assertionResults))
    .map(({ name }) => `${relative('', name)} does not run`)
  if (cases.length + broken.length === 0) return failure('there are no tests')
  const none: Counts = { passed: 0, failed: broken.length, skipped: 0, notes: broken }
  const { notes, ...sum } = cases.map(countCase).reduce(addCounts, none)
  if (sum.failed === 0 && !isOk) return failure('the run failed, though no test did', sum.passed)
  return { ...sum, notes: [...notes, ...skippedGroups(cases)] }
}

/** One test is one, unless it says of how many it tells. */
function countCase({ status, meta }: TestCase): Counts {
  const { passed, failed, notes = [] } = meta?.counts ?? {}
  if (status === 'passed') return { passed: passed ?? 1, failed: 0, skipped: 0, notes }
  if (status === 'failed') {
    return { passed: passed ?? 0, failed: Math.max(failed ?? 1, 1), skipped: 0, notes }
  }
  return { passed: 0, failed: 0, skipped: 1, notes }
}

function failure(note: string, passed = 0): Counts {
  return { passed, failed: 1, skipped: 0, notes: [note] }
}

function hasFailed(cases: readonly TestCase[]): boolean {
  return cases.some(({ status }) => status === 'failed')
}

/** The outermost groups with skipped tests, and how many they hold. */
function skippedGroups(cases: readonly TestCase[]): string[] {
  const groups = new Map<string, number>()
  for (const { status, ancestorTitles, title } of cases) {
    if (status === 'passed' || status === 'failed') continue
    const group = ancestorTitles.find((it) => it !== '') ?? title
    groups.set(group, (groups.get(group) ?? 0) + 1)
  }
  return [...groups].map(([group, count]) => `skipped: ${group} (${count})`)
}

/**
 * Counts the cells of the demonstration's table. Where it does without Django, something is skipped.
 *
 * @param output - What it printed; its last line counts what is good and what is bad.
 * @param isOk - Whether the run itself said that all is well.
 */
export function countDemo(output: string, isOk: boolean): Counts {
  const [, good, bad] = /^(\d+) good, (\d+) bad$/m.exec(output) ?? []
  const passed = Number(good ?? 0)
  const failed = Number(bad ?? 0)
  if (passed + failed === 0) return failure('the demo counted nothing')
  if (failed === 0 && !isOk) return failure('the demo failed, though nothing is bad', passed)
  const [without] = /^Without Django.*$/m.exec(output) ?? []
  const notes = without === undefined ? [] : [`skipped: ${without}`]
  return { passed, failed, skipped: notes.length, notes }
}

/** Sums up. */
export function addCounts(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    notes: [...a.notes, ...b.notes],
  }
}

/** Where nothing may be skipped, what was skipped has failed. */
export function forbidSkips({ passed, failed, skipped, notes }: Counts): Counts {
  return { passed, failed: failed + skipped, skipped: 0, notes }
}

/** `12 passed, 0 failed`, and what was skipped where something was. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
