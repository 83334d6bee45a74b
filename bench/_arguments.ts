/**
 * What follows a program's name.
 *
 * @module
 */
import { parseArgs } from 'node:util'

/**
 * What was asked for, in numbers.
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

/** How contests are held. */
export interface ContestOptions {
  readonly rounds: number
  readonly seconds: number
  readonly connections: readonly number[]
  readonly sessions: number
  isWantedFramework(name: string): boolean
  isWantedWork(name: string): boolean
}

/** The options that programs with contests have. */
export function readContestOptions(): ContestOptions {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      works: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      sessions: { type: 'string', default: '10000' },
    },
  })
  const { quick, only, works } = values
  const isIn = (list: string | undefined, name: string): boolean =>
    list?.toLowerCase().split(',').includes(name.toLowerCase()) ?? true
  return {
    rounds: Number(values.rounds ?? (quick ? 1 : 5)),
    seconds: Number(values.seconds ?? (quick ? 1 : 2)),
    connections: (values.connections ?? (quick ? '32' : '32,128')).split(',').map(Number),
    sessions: Number(values.sessions),
    isWantedFramework: (name) => isIn(only, name),
    isWantedWork: (name) => isIn(works, name),
  }
}
