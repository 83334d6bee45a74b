/**
 * Plays random histories on Django alone, and on Django and this package in turns.
 *
 *     npm run differential                                  a few, of a new seed
 *     npm run differential -- --histories=10000             many
 *     npm run differential -- --seed=5 --histories=1        one again
 *     npm run differential -- --first                       ends at the first difference, as it is
 *     npm run differential -- --write                       into conformance.json, and its document
 *
 * @module
 */
import { parseArgs } from 'node:util'

import { writeDocument } from '../django-suite/document.ts'
import { readConformance, writeConformance } from '../django-suite/results.ts'
import { judge, type Mode, runDifferential } from './run.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    histories: { type: 'string', default: '100' },
    release: { type: 'string', default: '5.2' },
    only: { type: 'string' },
    first: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? Date.now() % 1_000_000_000)
const modes: readonly Mode[] = ['djangoExact', 'asIntended']
const results = await runDifferential({
  seed,
  histories: Number(values.histories),
  series: values.release,
  isFirstEnough: values.first,
  modes: modes.filter((mode) => values.only === undefined || values.only === mode),
})
const verdicts = Object.entries(results).map(([mode, result]) => judge(mode as Mode, result))
if (values.write) {
  const { differential } = readConformance()
  writeDocument(writeConformance({ differential: { ...differential, ...results } }))
}
process.exitCode = verdicts.includes(false) ? 1 : 0
