/**
 * Plays random histories and judges their differences.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { DjangoVersion } from 'async-django'
import type { Kysely } from 'kysely'

import { openDatabase, type SessionTables } from '../_databases.ts'
import { openSource, releases } from '../django-suite/releases.ts'
import type { DifferentialResult } from '../django-suite/results.ts'
import { type Difference, findDifference } from './compare.ts'
import { DjangoSide } from './django-side.ts'
import { collectEvidence, type Evidence } from './evidence.ts'
import { generate } from './generate.ts'
import { describeHistory, type History } from './history.ts'
import { OurSide } from './our-side.ts'
import { promises } from './promises.ts'
import { rules } from './rules.ts'
import { shrink } from './shrink.ts'
import { play, type Seen } from './world.ts'

/** As Django does in everything; or as the design wants it. */
export type Mode = 'djangoExact' | 'asIntended'

/** What is to be played. */
export interface DifferentialOptions {
  readonly seed: number
  readonly histories: number
  readonly series: string
  readonly modes: readonly Mode[]
  /** End at the first unclaimed difference, and do not shrink it. */
  readonly isFirstEnough: boolean
}

/** What was found, by mode. */
export type DifferentialResults = Partial<Record<Mode, DifferentialResult>>

/** Files that are in memory, where there is such a place. */
const memory = '/dev/shm'

/** Plays them, prints what was found, and answers it. */
export async function runDifferential(options: DifferentialOptions): Promise<DifferentialResults> {
  const { seed, histories, series, modes } = options
  const release = releases.find((one) => one.series === series)
  if (!release) throw new TypeError(`There is no release ${series}.`)
  const { python } = await openSource(release)
  const folder = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), 'async-django-'))
  const file = join(folder, 'differential.sqlite3')
  const django = new DjangoSide(python, file)
  try {
    await django.carryOut([])
    const stage = new Stage(
      django,
      openDatabase(`sqlite://${file}`),
      release.django as DjangoVersion,
    )
    console.log(`${histories} histories from seed ${seed}, beside Django ${release.django}`)
    const results: DifferentialResults = {}
    for (const mode of modes) results[mode] = await playAll(stage, mode, options)
    return results
  } finally {
    await django.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** A difference, and the rules that claim it. */
interface Finding {
  readonly difference: Difference
  readonly claims: readonly string[]
  readonly evidence: Evidence
  /** Rules whose promise is broken. */
  readonly broken: readonly string[]
}

/** Where histories are played. */
class Stage {
  readonly #django: DjangoSide
  readonly #db: Kysely<SessionTables>
  /** Of Django. */
  readonly version: DjangoVersion

  constructor(django: DjangoSide, db: Kysely<SessionTables>, version: DjangoVersion) {
    this.#django = django
    this.#db = db
    this.version = version
  }

  /** The first difference that there is. */
  async differ(history: History, mode: Mode): Promise<Finding | null> {
    const clock = { now: history.begin }
    const expected = await play(history, { django: this.#django, us: null, clock })
    const options = { djangoVersion: this.version, djangoExact: mode === 'djangoExact' }
    const us = new OurSide(this.#db, options, history.settings, clock)
    const actual = await play(history, { django: this.#django, us, clock })
    const broken = mode === 'djangoExact' ? null : findBroken(history, expected, actual)
    if (broken !== null) return broken
    const difference = findDifference(expected, actual)
    if (difference === null) return null
    const evidence = collectEvidence(history, difference.at, expected)
    const claiming =
      mode === 'djangoExact' ? [] : rules.filter((rule) => rule.claims(difference, evidence))
    return { difference, claims: claiming.map(({ name }) => name), evidence, broken: [] }
  }
}

/** The first step of ours that breaks a promise. */
function findBroken(
  history: History,
  expected: readonly Seen[],
  actual: readonly Seen[],
): Finding | null {
  const { steps } = history
  const ours = new Set(
    steps.flatMap((step) => (step.do === 'open' && step.side === 'us' ? [step.request] : [])),
  )
  for (const [at, step] of steps.entries()) {
    const isOurs = (step.do === 'operate' || step.do === 'close') && ours.has(step.request)
    const [theirs, seen] = [expected[at], actual[at]]
    if (!isOurs || !theirs || !seen) continue
    const evidence = collectEvidence(history, at, actual)
    const broken = promises.filter((promise) => !promise.isKept(seen, evidence))
    if (broken.length === 0) continue
    const difference = { at, expected: theirs, actual: seen }
    return { difference, claims: [], evidence, broken: broken.map(({ rule }) => rule) }
  }
  return null
}

/** How many unclaimed differences are shown before it is enough. */
const mostShown = 5

async function playAll(
  stage: Stage,
  mode: Mode,
  { seed, histories, isFirstEnough }: DifferentialOptions,
): Promise<DifferentialResult> {
  const claimed: Record<string, number> = {}
  let unclaimed = 0
  for (let n = 0; n < histories && unclaimed < mostShown; n++) {
    const history = generate(seed + n, mode === 'djangoExact')
    const finding = await stage.differ(history, mode)
    if (n > 0 && n % 1000 === 0) console.log(`${mode}: ${n} of ${histories} histories`)
    if (finding === null) continue
    const [claim, ...others] = finding.claims
    if (claim !== undefined && others.length === 0) claimed[claim] = (claimed[claim] ?? 0) + 1
    else unclaimed += 1
    if (claim !== undefined && others.length === 0) continue
    if (isFirstEnough) break
    await report(stage, mode, history, seed + n)
  }
  return { release: stage.version, seed, histories, unclaimed, claimed }
}

async function report(stage: Stage, mode: Mode, history: History, seed: number): Promise<void> {
  const isUnclaimed = async (one: History): Promise<boolean> => {
    const finding = await stage.differ(one, mode)
    return finding !== null && finding.claims.length !== 1
  }
  const shortest = await shrink(history, isUnclaimed)
  const finding = await stage.differ(shortest, mode)
  console.log(`\n✗ ${mode}, seed ${seed}\n${describeHistory(shortest)}`)
  console.log(
    `differs at ${finding?.difference.at}; claimed by ${finding?.claims.join(', ') || 'no rule'}`,
  )
  if (finding?.broken.length) console.log(`  broken promises: ${finding.broken.join(', ')}`)
  console.log(`  the session was: ${finding?.evidence.condition}`)
  console.log(`  Django alone: ${JSON.stringify(finding?.difference.expected)}`)
  console.log(`  with us:      ${JSON.stringify(finding?.difference.actual)}`)
}

/** Answers whether all is as it should be: with many histories, no rule is without a difference. */
export function judge(mode: Mode, { histories, unclaimed, claimed }: DifferentialResult): boolean {
  const counts = Object.entries(claimed).map(([rule, count]) => `${rule} ${count}`)
  const told = counts.length > 0 ? `; claimed: ${counts.join(', ')}` : ''
  console.log(`${mode}: ${histories} histories, ${unclaimed} unclaimed differences${told}`)
  const idle = rules.filter(({ name }) => !Object.hasOwn(claimed, name)).map(({ name }) => name)
  const isIdle = mode === 'asIntended' && histories >= many && idle.length > 0
  if (isIdle) console.log(`✗ rules that claimed nothing: ${idle.join(', ')}`)
  return unclaimed === 0 && !isIdle
}

/** So many histories show every rule at work. */
const many = 10_000
