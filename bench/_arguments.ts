/**
 * The numbers that follow a program's name.
 *
 * @module
 */
import { parseArgs } from 'node:util'

/**
 * What was asked for.
 *
 * @param usual - Where nothing is said.
 * @param quick - With `--quick`.
 * @throws TypeError for what is no number.
 */
export function readCounts<N extends readonly number[]>(usual: N, quick: N): N {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false } },
  })
  const counts = (values.quick ? quick : usual).map((count, at) => Number(positionals[at] ?? count))
  if (counts.some(Number.isNaN)) throw new TypeError(`These are no numbers: ${positionals.join()}.`)
  return counts as unknown as N
}
