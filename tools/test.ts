/**
 * `npm test`: runs every suite, or those that are named, and sums up. `npm test -- unit contract`
 * runs two suites, `npm test -- lint` one check of a suite. With `CI=true` a skipped test is a
 * failure.
 *
 * @module
 */
import { addCounts, type Counts, forbidSkips, formatCounts } from './_counts.ts'
import { makeNewerPython } from './_newer-python.ts'
import { hasPython } from './_python.ts'
import { type Suite, suites } from './_suites.ts'

const isStrict = process.env['CI'] === 'true'

/** The suites to run, each with those of its parts that were named; none stands for all. */
function choose(names: readonly string[]): ReadonlyMap<Suite, readonly string[]> {
  if (names.length === 0) return new Map(suites.map((suite) => [suite, []]))
  const chosen = new Map<Suite, readonly string[]>()
  for (const suite of suites) {
    const parts = suite.parts.filter((part) => names.includes(part))
    if (parts.length > 0 || names.includes(suite.name)) {
      chosen.set(suite, names.includes(suite.name) ? [] : parts)
    }
  }
  return chosen
}

/** What was asked for and does not exist; null if all of it does. */
function findMistake(names: readonly string[]): string | null {
  const known = suites.flatMap(({ name, parts }) => [name, ...parts])
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length === 0) return null
  return `There is no ${unknown.join(', no ')}; there are ${[...new Set(known)].join(', ')}.`
}

async function runSuite(suite: Suite, parts: readonly string[]): Promise<Counts> {
  console.log(`\n── ${suite.name}`)
  const counts = await suite.run(parts)
  return isStrict ? forbidSkips(counts) : counts
}

/** The newest Django needs it; whether it is missing after all, the suites say that ask for it. */
async function provideNewerPython(): Promise<void> {
  if (await hasPython([3, 12])) return
  console.log('Making a newer Python, once, in .venv/ …')
  await makeNewerPython().catch((error: unknown) => console.error(String(error)))
}

async function runAll(names: readonly string[]): Promise<Counts> {
  let total: Counts = { passed: 0, failed: 0, skipped: 0, notes: [] }
  const lines: string[] = []
  const begin = performance.now()
  for (const [suite, parts] of choose(names)) {
    const start = performance.now()
    const counts = await runSuite(suite, parts)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    lines.push(`${suite.name.padEnd(9)} ${seconds.padStart(7)} s  ${formatCounts(counts)}`)
    lines.push(...counts.notes.map((note) => `${' '.repeat(21)}${note}`))
    total = addCounts(total, counts)
  }
  const all = ((performance.now() - begin) / 1000).toFixed(1)
  lines.push(`${'all'.padEnd(9)} ${all.padStart(7)} s`)
  console.log(`\n── sum\n${lines.join('\n')}\n`)
  return total
}

const names = process.argv.slice(2)
const mistake = findMistake(names)
if (mistake === null) {
  if (isStrict) await provideNewerPython()
  const total = await runAll(names)
  console.log(formatCounts(total))
  process.exitCode = total.failed > 0 ? 1 : 0
} else {
  console.error(mistake)
  process.exitCode = 2
}
