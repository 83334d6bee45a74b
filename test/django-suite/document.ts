/**
 * `docs/conformance.md`, and the sum in `README.md`, out of `conformance.json`: nothing of it is
 * typed by hand.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { projectRoot } from '../../tools/_root.ts'
import {
  type Conformance,
  type DifferentialResult,
  notApplicable,
  type Rows,
  sum,
  type Tally,
} from './results.ts'
import { suites } from './suites.ts'

/** Writes both. */
export function writeDocument(conformance: Conformance): void {
  writeFileSync(join(projectRoot, 'docs', 'conformance.md'), documentOf(conformance))
  const readme = join(projectRoot, 'README.md')
  const text = readFileSync(readme, 'utf8')
  writeFileSync(readme, text.replace(totalsPlace, `$1${totalsOf(conformance)}$2`))
}

const totalsPlace = /(<!-- totals -->).*(<!-- end of totals -->)/

/** All suites together, on the newest release. */
function totalsOf({ releases, suites: rows }: Conformance): string {
  const [series, release] = Object.entries(releases).at(-1) ?? ['', '']
  const bySeries = Object.values(rows).flatMap((suite) => Object.values(suite))
  const { passed, failed } = sum(bySeries.flatMap((row) => row[series] ?? []))
  return `${passed} of them pass beside Django ${release}, ${failed} fail`
}

function documentOf(conformance: Conformance): string {
  return [
    ...introduction,
    ...suites.flatMap(({ name, title, series }) => [
      `## ${title}`,
      '',
      ...suiteTable(conformance, conformance.suites[name], series),
      '',
    ]),
    ...applicability(),
    ...differences(conformance),
    ...defects(conformance),
  ].join('\n')
}

const introduction = [
  '# Conformance',
  '',
  'Written by `npm run conformance`, `npm run differential` and `npm run mutants`; do not edit.',
  '',
  "Django's own tests, from its source releases, run with this package in Django's place: a Node",
  "process carries out every method of the session store, of the signers and so on. Django's tests",
  'call them through a Python class that translates, and decides nothing (`test/django-suite/`).',
  'Tests in which no call reaches Node are not counted.',
  '',
  '`12` means that 12 tests passed; `12 + 2 n/a` that 2 more cannot pass, for a reason that is',
  'listed below; what failed is in **bold**. Both ways are checked: a listed test that passes fails',
  'the run, as does an unlisted one that fails.',
  '',
]

function suiteTable(
  { releases }: Conformance,
  rows: Rows,
  series: readonly string[],
): readonly string[] {
  const body = Object.entries(rows).map(([name, bySeries]) => [
    `\`${name}\``,
    ...series.map((one) => formatRow(bySeries[one])),
  ])
  const totals = series.map((one) =>
    formatRow(sum(Object.values(rows).flatMap((r) => r[one] ?? []))),
  )
  const head = ['', ...series.map((one) => releases[one] ?? one)]
  return table(head, [...body, ['**all**', ...totals]])
}

/** A row as a cell; empty where the release has no such tests. */
export function formatRow(row: Tally | undefined): string {
  if (row === undefined) return ''
  const { passed, notApplicable: other, failed, skipped } = row
  return [
    String(passed),
    ...(other > 0 ? [`${other} n/a`] : []),
    ...(skipped > 0 ? [`${skipped} skipped by Django`] : []),
    ...(failed > 0 ? [`**${failed} failed**`] : []),
  ].join(' + ')
}

function applicability(): readonly string[] {
  const lines = Object.entries(notApplicable).map(([name, reason]) => `- \`${name}\`: ${reason}`)
  return ['## Not applicable', '', ...lines, '']
}

function differences({ differential }: Conformance): readonly string[] {
  const lines = [
    ...differenceLines('With `djangoExact`', differential.djangoExact),
    ...differenceLines('Without', differential.asIntended),
  ]
  return [
    '## Random histories',
    '',
    'Each history of requests, logins and clock steps runs on Django alone, and on Django and this',
    'package taking turns; rows, cookies, headers and answers are compared.',
    '',
    ...lines,
    '',
    'What they found, each of which was mended, with a test of its own:',
    '',
    ...foundByHistories.map((found) => `- ${found}`),
    '',
  ]
}

const foundByHistories: readonly string[] = [
  '`sessions.decode()` told nobody of a payload that it could not read.',
  'An unknown algorithm of a signer was an error without a type.',
  '`setExpiry({ days })` with `USE_TZ` off was an hour off over a change of the clock.',
  'A key that was deleted and set again kept its place in the data.',
  'With `djangoExact`: `clear()`, an unknown key, `cycleKey()` of a row that is gone, and a rotation of the secret were not as Django does them.',
  '`cycleKey()` deleted, with the old row, what others had written to it meanwhile where we could not read that.',
]

function differenceLines(title: string, result: DifferentialResult | null): readonly string[] {
  if (result === null) return [`- ${title}: not run yet.`]
  const { release, seed, histories, unclaimed, claimed } = result
  const rules = Object.entries(claimed).map(([rule, count]) => `${rule} ${count}`)
  const claims = rules.length === 0 ? '' : `; claimed by rules of the design: ${rules.join(', ')}`
  const played = `${histories} histories from seed ${seed}, beside Django ${release}`
  return [`- ${title}: ${played}: ${unclaimed} unclaimed differences${claims}.`]
}

function defects({ mutants }: Conformance): readonly string[] {
  const rows = Object.entries(mutants).map(([name, { title, vectors, django, differential }]) => [
    `\`${name}\``,
    title,
    ...[vectors, django, differential].map((told) => (told ? 'caught' : '')),
  ])
  const caught = rows.filter((row) => row.includes('caught')).length
  return [
    '## Deliberate defects',
    '',
    `Each of ${rows.length} defects was built into a copy: ${caught} were caught, by one or more of these.`,
    '',
    ...table(['defect', '', 'vectors', "Django's tests", 'random histories'], rows),
    '',
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
}
