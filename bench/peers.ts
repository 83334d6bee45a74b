/**
 * What users take instead of this package, beside it, on the same framework over the same database.
 * README.md says how each is set up.
 *
 * `npm run bench -- peers [--quick] [--only=Express,Fastify,Hono] [--works=read,write,free]
 * [--rounds=5] [--seconds=2] [--connections=32,128] [--sessions=10000]`
 *
 * @module
 */
import { startRedis } from '../test/_own-redis.ts'
import { checkAnswers, checkOwnAnswers } from './_answers.ts'
import { readContestOptions } from './_arguments.ts'
import { Contest, type ContestPlan, type ContestRow, type Rival, type Side } from './_contest.ts'
import { cookiesOf, createSessions, type SessionDatabase } from './_data.ts'
import { findLoadGenerator, saveCookies } from './_load.ts'
import { type Peer, peers } from './_peers.ts'
import { saveResults } from './_results.ts'
import { cookieSetBy, ServerProcess } from './_server-process.ts'

const { rounds, seconds, connections, sessions, ...options } = readContestOptions()
const generator = await findLoadGenerator()
const redis = await startRedis(['--save', ''])
const atOnce = 32
const works = ['read', 'write', 'free'] as const

type Sides = Readonly<Record<string, Side>>

/** Has a server make its sessions by itself. Answers their cookies, the odd one's first. */
async function makeSessions(server: ServerProcess): Promise<string[]> {
  const cookies: string[] = []
  for (let count = 0; count <= sessions; count += atOnce) {
    const lanes = Math.min(atOnce, sessions + 1 - count)
    await Promise.all(Array.from({ length: lanes }, () => makeSession(server, cookies)))
  }
  return cookies
}

async function makeSession(server: ServerProcess, cookies: string[]): Promise<void> {
  const response = await server.request('make', '')
  cookies[Number(await response.text())] = cookieSetBy(response) ?? ''
}

async function startOwn(args: readonly string[]): Promise<Side> {
  const server = await ServerProcess.start(args)
  const made = await makeSessions(server)
  await checkOwnAnswers(server, made)
  return { server, cookies: saveCookies(made.slice(1)) }
}

/** One after the other: sessions are made in turns too. */
async function start(
  framework: string,
  rivals: readonly Peer[],
  database: SessionDatabase,
): Promise<Sides> {
  const places = [database.url, redis.url]
  const cookies = saveCookies(cookiesOf(sessions))
  const [ours, bare] = await Promise.all(
    ['ours', 'bare'].map(async (side) => ({
      server: await ServerProcess.start([framework, side, ...places]),
      cookies,
    })),
  )
  if (!ours || !bare) throw new Error('A server is missing.')
  await checkAnswers({ ours, bare }, database)
  const sides: Record<string, Side> = { ours, bare }
  if (rivals.some(({ over }) => over === 'Redis')) {
    sides['ours over Redis'] = await startOwn([framework, 'ours over Redis', ...places])
  }
  for (const { name } of rivals) sides[name] = await startOwn([framework, name, ...places])
  return sides
}

/** What is done of a work, over each place. */
function plansFor(
  work: (typeof works)[number],
  rivals: readonly Peer[],
): ReadonlyMap<Peer['over'], ContestPlan<string>> {
  const over = (place: Peer['over']): Rival<string>[] =>
    rivals.filter((peer) => peer.over === place).map(({ name }) => ({ side: name, work, name }))
  const byHand: Rival<string> = {
    side: 'bare',
    work: work === 'read' ? 'decoded' : work,
    name: 'none: by hand',
  }
  const plans = new Map<Peer['over'], ContestPlan<string>>([
    ['PostgreSQL', { ours: 'ours', work, rivals: [...over('PostgreSQL'), byHand] }],
  ])
  const overRedis = over('Redis')
  if (overRedis.length > 0) plans.set('Redis', { ours: 'ours over Redis', work, rivals: overRedis })
  return plans
}

async function measure(framework: string): Promise<ContestRow[]> {
  const rivals = peers.filter((peer) => peer.framework === framework)
  const database = await createSessions(sessions)
  let sides: Sides = {}
  try {
    sides = await start(framework, rivals, database)
    const tables = rivals.some(({ name }) => name.includes('connect-pg-simple')) ? ['session'] : []
    const terms = { seconds, send: generator.send, rest: () => database.vacuum(...tables) }
    const rows: ContestRow[] = []
    for (const count of connections) {
      for (const work of works.filter((each) => options.isWantedWork(each))) {
        const contests = Array.from(plansFor(work, rivals), ([place, plan]) => ({
          name: `${framework}, ${place}`,
          contest: new Contest(plan, sides, { ...terms, connections: count }),
        }))
        // The servers stay the same: once they are warm they remain so.
        if (count === connections[0]) for (const { contest } of contests) await contest.warmUp()
        for (let round = 0; round < rounds; round++) {
          for (const { contest } of contests) await contest.runRound(round)
        }
        rows.push(...contests.flatMap(({ name, contest }) => contest.rows(name)))
      }
    }
    return rows
  } finally {
    await Promise.all(Object.values(sides).map(({ server }) => server.stop()))
    await database.drop()
  }
}

try {
  const rows: ContestRow[] = []
  for (const framework of new Set(peers.map((peer) => peer.framework))) {
    if (options.isWantedFramework(framework)) rows.push(...(await measure(framework)))
  }
  const title =
    `${sessions} sessions; load by ${generator.name}; medians of ${rounds} rounds of ` +
    `${seconds} s, all ways in turns`
  console.log(title)
  console.table(rows)
  saveResults('peers', { title, rows })
} finally {
  await redis.close()
}
