/**
 * Runs Django's own tests with this package in Django's place, and writes what came of them into
 * `conformance.json` and `docs/conformance.md`.
 *
 *     npm run conformance                       everything
 *     npm run conformance -- 6.1 engines csrf   only these releases, suites, subjects: writes nothing
 *     npm run conformance -- --first            stops at the first problem
 *     npm run conformance -- --check            fails where it is not as it was written
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'

import { findProgram } from '../test/_own-servers.ts'
import { formatRow, writeDocument } from '../test/django-suite/document.ts'
import { redisEngines } from '../test/django-suite/engines.ts'
import { openSource, type Release, releases, type Source } from '../test/django-suite/releases.ts'
import {
  type Conformance,
  judge,
  type Judgement,
  readConformance,
  sum,
  type Tally,
  writeConformance,
} from '../test/django-suite/results.ts'
import { childOf, type DjangoTest, runDjangoTests } from '../test/django-suite/run.ts'
import { type Subject, type Suite, suites } from '../test/django-suite/suites.ts'
import { forEachOfSome } from './_concurrency.ts'
import { NoPythonError } from './_python.ts'

/** Some tests on one release. */
interface Job {
  readonly suite: Suite
  readonly subject: Subject
  readonly release: Release
  readonly source: Source
}

/** With nothing saved, 50 of the 566 tests of engines must fail, or they do not look. */
const fewestUnsaved = 50 / 566
/** Python and Node take turns, so two runs share a core well. */
const jobsAtOnce = 3

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const isCheck = process.argv.includes('--check')
const isFirst = process.argv.includes('--first')
const wantedReleases = releases.filter(({ series }) =>
  isWanted(
    series,
    releases.map((r) => r.series),
  ),
)
const wantedSuites = suites.filter(({ name }) =>
  isWanted(
    name,
    suites.map((s) => s.name),
  ),
)

const plugs = suites.flatMap(({ subjects }) => subjects.map(({ plug }) => plug))

/** Whether it was named, or none of its kind was. */
function isWanted(name: string, kind: readonly string[]): boolean {
  return words.includes(name) || !words.some((word) => kind.includes(word))
}

async function makeJobs(): Promise<Job[]> {
  const jobs: Job[] = []
  for (const release of wantedReleases) {
    const source = await tryToOpen(release)
    if (source === null) continue
    for (const suite of wantedSuites.filter(({ series }) => series.includes(release.series))) {
      const subjects = suite.subjects.filter(
        ({ plug }) => isWanted(plug, plugs) && isPossible(plug),
      )
      jobs.push(...subjects.map((subject) => ({ suite, subject, release, source })))
    }
  }
  return jobs
}

/** Some need a server of their own. */
function isPossible(plug: string): boolean {
  if (!redisEngines.includes(plug) || process.env['CI'] === 'true') return true
  const isHere = findProgram('redis-server') !== null
  if (!isHere) console.log(`skipped: ${plug}: install redis-server`)
  return isHere
}

async function tryToOpen(release: Release): Promise<Source | null> {
  try {
    return await openSource(release)
  } catch (error) {
    if (!(error instanceof NoPythonError) || process.env['CI'] === 'true') throw error
    console.log(`skipped: Django ${release.series}: ${error.message}`)
    return null
  }
}

async function run({ suite, subject, source }: Job): Promise<Judgement> {
  const { plug, labels } = subject
  const tests = await runDjangoTests(source, { plug, labels })
  return judge(tests, suite.name === 'application')
}

/** The rows of all suites, in the order in which they are listed. */
type AllRows = Record<Suite['name'], Record<string, Record<string, Tally>>>

async function runAll(jobs: readonly Job[]): Promise<{ rows: AllRows; problems: string[] }> {
  const judgements = new Map<Job, Judgement>()
  await forEachOfSome(jobs, jobsAtOnce, async (job) => {
    const isOver = isFirst && [...judgements.values()].some((one) => one.problems.length > 0)
    if (!isOver) judgements.set(job, await run(job))
  })
  const rows: AllRows = { engines: {}, functions: {}, application: {} }
  const problems: string[] = []
  for (const [job, judgement] of jobs.map((one) => [one, judgements.get(one)] as const)) {
    const { suite, release } = job
    for (const [name, row] of Object.entries(judgement?.rows ?? {})) {
      const bySeries = (rows[suite.name][name] ??= {})
      bySeries[release.series] = row
    }
    problems.push(...(judgement?.problems ?? []).map((line) => `Django ${release.django}: ${line}`))
  }
  return { rows, problems }
}

/** Whether Django's tests notice that nothing is saved; what is wrong if they do not. */
async function saveNothing(engineJobs: readonly Job[]): Promise<readonly string[]> {
  const [node = '', child = ''] = childOf()
  const preload = child.replace(/child\.js$/, 'saves-nothing.js')
  const tests: DjangoTest[] = []
  for (const { subject, source } of engineJobs) {
    const { plug, labels } = subject
    const options = { plug, labels, child: [node, '--import', preload, child] }
    tests.push(...(await runDjangoTests(source, options)))
  }
  const failed = tests.filter(({ outcome }) => outcome === 'failed').length
  const fewest = Math.ceil(tests.length * fewestUnsaved)
  const told = `with nothing saved, ${failed} of ${tests.length} tests of engines fail`
  console.log(`${told}; ${fewest} must`)
  return failed < fewest ? [told] : []
}

function print(rows: AllRows): void {
  for (const suite of wantedSuites) {
    for (const { series, django } of wantedReleases.filter((r) =>
      suite.series.includes(r.series),
    )) {
      const cells = Object.values(rows[suite.name]).flatMap((row) => row[series] ?? [])
      console.log(`Django ${django} ${suite.name}: ${formatRow(sum(cells))}`)
    }
  }
}

/** What is not as it was written. */
function findChanges(rows: AllRows): readonly string[] {
  const then = readConformance().suites
  return wantedSuites.flatMap(({ name }) =>
    Object.entries(rows[name]).flatMap(([row, bySeries]) =>
      Object.entries(bySeries)
        .filter(([series, tally]) => !isDeepStrictEqual(tally, then[name][row]?.[series]))
        .map(([series]) => `conformance.json tells otherwise of ${row} on Django ${series}`),
    ),
  )
}

const isComplete = words.length === 0 && !isFirst
const jobs = await makeJobs()
const { rows, problems } = await runAll(jobs)
print(rows)

const newest = wantedReleases.at(-1)
const ofEngines = jobs.filter(
  ({ suite, release }) => suite.name === 'engines' && release === newest,
)
if (isComplete && ofEngines.length > 0) problems.push(...(await saveNothing(ofEngines)))

const found: Pick<Conformance, 'releases' | 'suites'> = {
  releases: Object.fromEntries(releases.map(({ series, django }) => [series, django])),
  suites: rows,
}
if (isCheck) problems.push(...findChanges(rows))
else if (isComplete) writeDocument(writeConformance(found))
for (const problem of problems) console.log(`✗ ${problem}`)
process.exitCode = problems.length > 0 ? 1 : 0
