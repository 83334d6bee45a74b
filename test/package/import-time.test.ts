import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, inject, test } from 'vitest'

import { runCommand } from '../../tools/_command.ts'
import { bundle } from './_bundle.ts'

const { bare, full } = inject('packed')

/** What importing these takes, it takes every program that has them. */
const ofNode = ['node:buffer', 'node:crypto', 'node:diagnostics_channel', 'node:zlib']

const imports: Readonly<Record<string, readonly string[]>> = {
  nothing: [],
  'what it needs of Node': ofNode,
  'async-django': ['async-django'],
  'async-django/signing': ['async-django/signing'],
}

/** Milliseconds. */
interface Time {
  /** Of the processors for the import alone: what else the machine does matters less. */
  readonly work: number
  /** Of the import alone, as the process sees it. */
  readonly own: number
  /** Of the process, from its start to its end. */
  readonly whole: number
}

const begin = `
  const start = performance.now()
  const usage = process.cpuUsage()
`
const end = `
  const own = performance.now() - start
  const { user, system } = process.cpuUsage(usage)
  console.log(JSON.stringify({ own, work: (user + system) / 1000 }))
`

async function timeOf(name: string, modules: readonly string[]): Promise<Time> {
  const file = join(bare, `import-${name.replaceAll(/\W/g, '-')}.mjs`)
  const lines = modules.map((module) => `await import('${module}')\n`).join('')
  writeFileSync(file, `${begin}${lines}${end}`)
  const start = performance.now()
  const { isOk, output } = await runCommand([process.execPath, file])
  if (!isOk) throw new Error(output)
  return { ...(JSON.parse(output) as Omit<Time, 'whole'>), whole: performance.now() - start }
}

/** The median, and the least: what a machine takes that has nothing else to do. */
function summary(times: readonly number[], without: readonly number[] = [0]): string {
  const [median, least] = [medianOf(times) - medianOf(without), leastOf(times) - leastOf(without)]
  return `${median.toFixed(1)} ms (least ${least.toFixed(1)})`
}

function medianOf(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
}

function leastOf(times: readonly number[]): number {
  return Math.min(...times)
}

test('what an import takes is told', async () => {
  const times = new Map<string, Time[]>(Object.keys(imports).map((name) => [name, []]))
  // In turns, so that what else the machine does falls on all of them.
  for (let round = 0; round < 9; round++) {
    for (const [name, modules] of Object.entries(imports)) {
      times.get(name)?.push(await timeOf(name, modules))
    }
  }
  const empty = times.get('nothing')?.map((time) => time.whole)
  for (const [name, all] of times) {
    const own = summary(all.map((time) => time.own))
    const work = summary(all.map((time) => time.work))
    const whole = all.map((time) => time.whole)
    const more =
      name === 'nothing' ? summary(whole) : `${summary(whole, empty)} more than with nothing`
    console.log(`importing ${name}: ${own}; of the processors: ${work}; the process: ${more}`)
  }
  expect(times.get('async-django')).toHaveLength(9)
})

test('an import reads few files, as each takes its time', async () => {
  const { modules } = await bundle('async-django', full)
  console.log(`importing async-django reads ${modules.length} files`)

  expect(modules).toContain('index.js')
  expect(modules.length).toBeLessThanOrEqual(5)
})
