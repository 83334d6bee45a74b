/**
 * Sessions over PostgreSQL on real servers: each framework with this package beside the same
 * framework without it. README.md says how to read what it prints.
 *
 * `npm run bench -- servers [--quick] [--only=node:http,Hono] [--works=read,write,free]
 * [--rounds=5] [--seconds=2] [--connections=32,128] [--sessions=10000]`
 *
 * @module
 */
import { checkAnswers } from './_answers.ts'
import { readContestOptions } from './_arguments.ts'
import {
  Contest,
  type ContestPlan,
  type ContestRow,
  frameworkRows,
  type Sides,
} from './_contest.ts'
import { cookiesOf, createSessions } from './_data.ts'
import { findLoadGenerator, saveCookies } from './_load.ts'
import { saveResults } from './_results.ts'
import { ServerProcess } from './_server-process.ts'
import { type Framework, frameworks } from './_sites.ts'

const contestPlans: readonly ContestPlan<keyof Sides>[] = [
  {
    ours: 'ours',
    work: 'read',
    rivals: [
      { side: 'bare', work: 'decoded', name: 'coalesced queries, decoded each time', target: 0.9 },
      { side: 'bare', work: 'gathered', name: 'coalesced queries, not decoded', target: 0.8 },
      { side: 'bare', work: 'single', name: 'one query a request, not decoded', target: 1.7 },
    ],
  },
  {
    ours: 'ours',
    work: 'write',
    rivals: [
      { side: 'bare', work: 'write', name: 'select, decode, encode, blind UPDATE', target: 1 },
    ],
  },
  {
    ours: 'ours',
    work: 'free',
    rivals: [{ side: 'bare', work: 'free', name: 'the same server without us', target: 0.97 }],
  },
]

const { rounds, seconds, connections, sessions, ...options } = readContestOptions()
const generator = await findLoadGenerator()
const database = await createSessions(sessions)
const cookies = saveCookies(cookiesOf(sessions))

async function start(framework: Framework): Promise<Sides> {
  const [ours, bare] = await Promise.all(
    ['ours', 'bare'].map((side) => ServerProcess.start([framework.name, side, database.url])),
  )
  if (!ours || !bare) throw new Error('A server is missing.')
  return { ours: { server: ours, cookies }, bare: { server: bare, cookies } }
}

async function measure(framework: Framework): Promise<ContestRow[]> {
  const sides = await start(framework)
  const { send } = generator
  try {
    await checkAnswers(sides, database)
    const rows: ContestRow[] = []
    for (const count of connections) {
      for (const plan of contestPlans.filter(({ work }) => options.isWantedWork(work))) {
        const terms = { connections: count, seconds, send, rest: () => database.vacuum() }
        const contest = new Contest(plan, sides, terms)
        await contest.warmUp()
        for (let round = 0; round < rounds; round++) await contest.runRound(round)
        rows.push(...contest.rows(framework.name))
      }
    }
    return rows
  } finally {
    await Promise.all([sides.ours, sides.bare].map(({ server }) => server.stop()))
  }
}

try {
  const rows: ContestRow[] = []
  for (const framework of frameworks) {
    if (options.isWantedFramework(framework.name)) rows.push(...(await measure(framework)))
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
