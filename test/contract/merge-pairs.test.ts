/**
 * Random pairs of writers of one session, on every engine: what comes of them is what the rules of
 * `merge-model.ts` say. `MERGE_PAIRS` asks for more pairs, `MERGE_SEED` for the same ones again.
 *
 * @module
 */
import type { SessionStoreFactory } from 'async-django'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Engine, type OpenEngine, share, SHARED_ENGINES } from '../setup.ts'
import { history } from './merge/histories.ts'
import { runHistory } from './merge/run.ts'
import { type Rule, rules } from './merge/writer.ts'

const allPairs = Number(process.env['MERGE_PAIRS'] ?? 1000)
const seed = Number(process.env['MERGE_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const pairsAtOnce = 8
const shrinkingMs = 30_000

describe.each(SHARED_ENGINES)('$name', (engine: Engine) => {
  const pairs = process.env['MERGE_PAIRS'] ? allPairs : share(engine.name, allPairs)
  describe.skipIf(engine.skipReason !== null)('merge', () => {
    let opened: OpenEngine
    beforeAll(async () => {
      opened = await engine.open()
    })
    afterAll(() => opened.close())

    test(`${pairs} pairs, MERGE_SEED=${seed}`, { timeout: 3_600_000 }, async () => {
      const report = await runPairs(opened.store, pairs)
      console.log(`${engine.name}: ${described(report, pairs)}`)
      expect(report.differences.size === 0 ? '' : await shortest(opened.store, pairs)).toBe('')
      expect(await rowsIn(opened)).toBe(opened.database ? report.rows : null)
      // A few pairs need not meet the rare rules.
      expect(pairs < allPairs ? [] : unmet(report)).toEqual([])
    })
  })
})

interface Report {
  /** How often each kind of difference was met. */
  readonly differences: Map<string, number>
  /** How many pairs met each rule. */
  readonly met: Map<Rule, number>
  /** The rows that should be left in the store. */
  rows: number
}

async function runPairs(store: SessionStoreFactory, pairs: number): Promise<Report> {
  const waiting = fc.sample(history, { seed, numRuns: pairs })
  const met = new Map<Rule, number>(rules.map((rule) => [rule, 0]))
  const report: Report = { differences: new Map(), met, rows: 0 }
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const run = await runHistory(store, next)
      report.rows += run.rows
      for (const rule of run.rules) count(met, rule)
      if (run.difference) count(report.differences, run.difference.kind)
    }
  }
  await Promise.all(Array.from({ length: pairsAtOnce }, work))
  return report
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function described({ differences, met }: Report, pairs: number): string {
  const total = [...differences.values()].reduce((sum, times) => sum + times, 0)
  const lines = [...differences, ...met].map(
    ([name, times]) => `${String(times).padStart(8)} ${name}`,
  )
  return [`${pairs} pairs, ${total} differences, MERGE_SEED=${seed}`, ...lines].join('\n')
}

function unmet({ met }: Report): Rule[] {
  return [...met].filter(([, times]) => times === 0).map(([rule]) => rule)
}

/** The shortest history that differs, as far as there is time to look for it, and how it differs. */
async function shortest(store: SessionStoreFactory, pairs: number): Promise<string> {
  let found = ''
  const property = fc.asyncProperty(history, async (made) => {
    const { difference } = await runHistory(store, made)
    if (difference) found = `${difference.text}\n${fc.stringify(made)}`
    return difference === null
  })
  const plugins = [fc.interruptAfterTimeLimit(shrinkingMs)]
  await fc.check(property, { seed, numRuns: pairs, plugins })
  return found
}

async function rowsIn({ database }: OpenEngine): Promise<number | null> {
  if (!database) return null
  const { db } = database
  const all = db.selectFrom('django_session').select(db.fn.countAll().as('rows'))
  return Number((await all.executeTakeFirstOrThrow()).rows)
}
