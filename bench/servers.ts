/**
 * Sessions over PostgreSQL on real servers: each framework with this package beside the same
 * framework without it. README.md says how to read what it prints.
 *
 * `npm run bench -- servers [--quick] [--only=node:http,Hono] [--works=read,write,free]
 * [--rounds=5] [--seconds=2] [--connections=32,128] [--sessions=10000]`
 *
 * @module
 */
import { parseArgs } from 'node:util'

import { checkAnswers } from './_answers.ts'
import { Contest, contestPlans, type ContestRow, frameworkRows, type Sides } from './_contest.ts'
import { createSessions } from './_data.ts'
import { findLoadGenerator } from './_load.ts'
import { saveResults } from './_results.ts'
import { ServerProcess } from './_server-process.ts'
import { type Framework, frameworks } from './_sites.ts'

const { values: options } = parseArgs({
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
const { quick, only, works } = options
const rounds = Number(options.rounds ?? (quick ? 1 : 5))
const seconds = Number(options.seconds ?? (quick ? 1 : 2))
const connections = (options.connections ?? (quick ? '32' : '32,128')).split(',').map(Number)
const sessions = Number(options.sessions)

const isWanted = (name: string, list: string | undefined): boolean =>
  list?.split(',').includes(name) ?? true

const generator = await findLoadGenerator()
const database = await createSessions(sessions)

async function start(framework: Framework): Promise<Sides> {
  const [ours, bare] = await Promise.all(
    ['ours', 'bare'].map((side) => ServerProcess.start([framework.name, side, database.url])),
  )
  if (!ours || !bare) throw new Error('A server is missing.')
  return { ours, bare }
}

async function measure(framework: Framework): Promise<ContestRow[]> {
  const sides = await start(framework)
  const { send } = generator
  try {
    await checkAnswers(sides, database)
    const rows: ContestRow[] = []
    for (const count of connections) {
      const load = { connections: count, seconds, sessions }
      for (const plan of contestPlans.filter(({ work }) => isWanted(work, works))) {
        const contest = new Contest(plan, sides, { ...load, send, rest: database.vacuum })
        await contest.warmUp()
        for (let round = 0; round < rounds; round++) await contest.runRound(round)
        rows.push(...contest.rows(framework.name))
      }
    }
    return rows
  } finally {
    await Promise.all(Object.values(sides).map((server: ServerProcess) => server.stop()))
  }
}

try {
  const rows: ContestRow[] = []
  for (const framework of frameworks) {
    if (isWanted(framework.name, only)) rows.push(...(await measure(framework)))
  }
  const title =
    `${sessions} sessions; load by ${generator.name}; medians of ${rounds} rounds of ` +
    `${seconds} s, all ways in turns`
  console.log(title)
  console.table(rows)
  const frameworksOwn = frameworkRows(rows)
  console.log("How much of the processor's time of a read is the framework's own:")
  console.table(frameworksOwn)
  saveResults('servers', { title, rows, frameworks: frameworksOwn })
} finally {
  await database.drop()
}
