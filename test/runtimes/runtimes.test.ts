import { resolve } from 'node:path'

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'

import { runCommand } from '../../tools/_command.ts'
import { ResultTable } from '../live/_results.ts'
import { bundleProgram } from './_bundle.ts'
import type { SuiteReport } from './_runner.ts'
import type { FoundRuntime } from './_runtimes.ts'
import { openServers } from './_servers.ts'
import { limits, serverOf, type SuiteName, suiteNames } from './_suites.ts'

const { full } = inject('packed')
const table = new ResultTable('the core suite')
const totals = new Map<SuiteName, number>()

const servers = await openServers()
let program = ''
beforeAll(async () => {
  program = await bundleProgram(full)
})
afterAll(async () => {
  console.log(table.format())
  await servers.close()
})

/** Whether the database server is there that a suite needs. */
function canRun(suite: SuiteName): boolean {
  const server = serverOf[suite]
  return server === undefined || servers.urls[server] !== undefined
}

async function run({ path, args }: FoundRuntime, suite: SuiteName): Promise<SuiteReport> {
  const vectors = resolve('test/conformance/vectors')
  const env = { ...servers.urls, VECTORS: vectors, NODE_ENV: 'test' }
  const command = [path ?? '', ...args, program, suite]
  const { isOk, output } = await runCommand(command, { cwd: full, env, maxMinutes: 5 })
  const line = output.split('\n').findLast((each) => each.startsWith('{"passed":'))
  if (!isOk || line === undefined) throw new Error(output)
  return JSON.parse(line) as SuiteReport
}

async function check(runtime: FoundRuntime, suite: SuiteName): Promise<SuiteReport> {
  const { name, version } = runtime
  const report = await run(runtime, suite)
  const { passed, failures, notes } = report
  for (const note of notes) console.log(`${name}, ${suite}: ${note}`)
  table.add(`${name} (${version})`, suite, passed, passed + failures.length)
  return report
}

describe.each(inject('runtimes').map((it) => [`${it.name} ${it.version}`, it] as const))(
  '%s',
  (_, runtime) => {
    const { name, path } = runtime

    test.skipIf(path === null).for(suiteNames)('%s', async (suite, { task, skip }) => {
      skip(!canRun(suite), 'the database server is not there')
      const { passed, failures } = await check(runtime, suite)
      const known = limits.filter((it) => it.runtime === name && it.suite === suite)
      const unknown = failures.filter((failure) => !known.some((it) => it.test === failure.test))
      const notes = known.map((it) => `${name} cannot: ${it.test}: ${it.reason}`)
      Object.assign(task.meta, { counts: { passed, failed: unknown.length, notes } })

      expect(unknown).toEqual([])
      expect(passed).toBeGreaterThan(0)
      expect(failures).toHaveLength(known.length)
      expect(passed + known.length).toBe(totals.get(suite) ?? passed + known.length)
      totals.set(suite, passed + known.length)
    })
  },
)
