/**
 * Logins, many at once: what else the server can do meanwhile, and how many there are in a second;
 * and whether a name that there is not can be told by how long its refusal takes.
 * `npm run bench -- logins [--quick]`, with the number of logins, of runs and of pairs behind it: 50, 5,
 * 200.
 *
 * @module
 */
import { pbkdf2 } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

import { createDjango, type Django } from 'async-django'
import { memoryStore } from 'async-django/stores/memory'
import { memoryUserStore } from 'async-django/users/memory'

import { defaultHasherParameters } from '../src/auth/password-hashers.ts'
import { derivations } from '../src/platform/node-derivations.ts'
import { readCounts } from './_arguments.ts'
import { median } from './_results.ts'

const [logins, runs, pairs] = readCounts([50, 5, 200], [8, 1, 10])
const release = '6.1'
const { iterations } = defaultHasherParameters(release).PBKDF2PasswordHasher
/** Enough for the hash to be nearly all of a refusal. */
const pairIterations = 30_000
const probeEveryMs = 25
const password = 'correct horse'
const derive = promisify(pbkdf2)
const salt = 'abcdefghijklmnopqrstuv'

function open(count: number): Django {
  return createDjango({
    settings: { secretKey: 'secret' },
    djangoVersion: release,
    store: memoryStore(),
    users: memoryUserStore(),
    auth: { hasherParameters: { PBKDF2PasswordHasher: { iterations: count } } },
  })
}

function hashOnce(count: number = iterations): Promise<Buffer> {
  return derive(password, salt, count, 32, 'sha256')
}

function all(run: (at: number) => Promise<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: logins }, (_, at) => run(at)))
}

/** What a server was like during a run, in milliseconds. */
interface Figures {
  readonly loopP99: number
  readonly file: number
  readonly name: number
  /** Logins a second; 0 where nobody logged in. */
  readonly rate: number
}

interface Way {
  readonly name: string
  readonly count: number
  run(): Promise<unknown>
}

async function logIn(django: Django, at: number): Promise<void> {
  const user = await django.users.authenticate({ username: `user ${at}`, password })
  if (user === null) throw new Error('Nobody was let in.')
  const session = django.sessions.get(null)
  await django.users.login(session, user)
  await session.save()
}

/** Runs a way, and asks the file system and the resolver again and again meanwhile. */
async function measure({ run, count }: Way, file: string): Promise<Figures> {
  const stop = new AbortController()
  const probe = async (ask: () => Promise<unknown>): Promise<number> => {
    let longest = 0
    do {
      const start = performance.now()
      await ask()
      longest = Math.max(longest, performance.now() - start)
      await sleep(probeEveryMs)
    } while (!stop.signal.aborted)
    return longest
  }
  const probes = [probe(() => readFile(file)), probe(() => lookup('localhost'))] as const
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const start = performance.now()
  await run()
  const seconds = (performance.now() - start) / 1000
  delay.disable()
  stop.abort()
  const [longestFile, longestName] = await Promise.all(probes)
  const loopP99 = delay.percentile(99) / 1e6 - 1
  return { loopP99, file: longestFile, name: longestName, rate: count / seconds }
}

/** Hashes a second that the cores make, as many at once as there may be, and with nothing beside. */
async function hashRate(): Promise<number> {
  const lanes = derivations.mostAtOnce()
  const each = Math.max(4, Math.ceil(logins / lanes / 4))
  const start = performance.now()
  const lane = async (): Promise<void> => {
    for (let at = 0; at < each; at++) await hashOnce()
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return (lanes * each) / ((performance.now() - start) / 1000)
}

function middle(figures: readonly Figures[], name: keyof Figures): number {
  return median(figures.map((one) => one[name]))
}

/** Each way once a run, so that whatever else the machine does meets them all. */
async function compareWays(ways: readonly Way[], file: string): Promise<void> {
  const found = new Map(ways.map(({ name }) => [name, [] as Figures[]]))
  const rates: number[] = []
  for (let run = 0; run < runs; run++) {
    rates.push(await hashRate())
    for (const way of ways) found.get(way.name)?.push(await measure(way, file))
  }
  const rate = median(rates)
  console.log(
    `${logins} logins at once, ${iterations} iterations, medians of ${runs} runs, in milliseconds; ` +
      `the cores make ${rate.toFixed(2)} hashes a second`,
  )
  console.table(
    [...found].map(([name, figures]) => ({
      'while there runs': name,
      'loop p99': middle(figures, 'loopP99').toFixed(1),
      'longest readFile': middle(figures, 'file').toFixed(1),
      'longest lookup': middle(figures, 'name').toFixed(1),
      'logins a second': middle(figures, 'rate').toFixed(2),
      'share of the cores': (middle(figures, 'rate') / rate).toFixed(2),
    })),
  )
}

/** How long something took, and how much of the processor it took: neighbours are in the first alone. */
interface Cost {
  readonly ms: number
  readonly cpuMs: number
}

async function costOf(run: () => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage()
  const start = performance.now()
  await run()
  const ms = performance.now() - start
  const { user, system } = process.cpuUsage(before)
  return { ms, cpuMs: (user + system) / 1000 }
}

/** Two kinds of refusals, in turns: whichever comes second may find the machine warmer. */
async function comparePairs(
  title: string,
  unknown: () => Promise<unknown>,
  wrong: () => Promise<unknown>,
): Promise<void> {
  const costs: Record<'unknown' | 'wrong', Cost[]> = { unknown: [], wrong: [] }
  for (let at = 0; at < pairs; at++) {
    if (at % 2 === 0) costs.unknown.push(await costOf(unknown))
    costs.wrong.push(await costOf(wrong))
    if (at % 2 === 1) costs.unknown.push(await costOf(unknown))
  }
  console.log(`${title}, ${pairs} pairs, medians:`)
  for (const [name, label] of [
    ['ms', 'ms'],
    ['cpuMs', 'ms of the processor'],
  ] as const) {
    const a = median(costs.unknown.map((cost) => cost[name]))
    const b = median(costs.wrong.map((cost) => cost[name]))
    const apart = (100 * Math.abs(a - b)) / Math.max(a, b)
    console.log(
      `  unknown name ${a.toFixed(2)}, wrong password ${b.toFixed(2)} ${label}: ` +
        `${apart.toFixed(2)} % apart, ${apart < 2 ? 'cannot' : 'can'} be told`,
    )
  }
}

async function compareRefusals(): Promise<void> {
  const django = open(pairIterations)
  await django.users.create({ username: 'ada', password })
  const refuse = (username: string): Promise<unknown> =>
    django.users.authenticate({ username, password: 'wrong' })
  await comparePairs(
    'users.authenticate',
    () => refuse('nobody'),
    () => refuse('ada'),
  )
  await comparePairs(
    'the same without the hash that nobody asked for',
    () => django.users.getByNaturalKey('nobody').catch(() => null),
    () => refuse('ada'),
  )
}

const folder = await mkdtemp(join(tmpdir(), 'async-django-bench-'))
try {
  const file = join(folder, 'one-kilobyte')
  await writeFile(file, Buffer.alloc(1024))
  const django = open(iterations)
  await all((at) => django.users.create({ username: `user ${at}`, password }))
  await compareWays(
    [
      { name: 'nothing', count: 0, run: () => sleep(2000) },
      { name: 'logins', count: logins, run: () => all((at) => logIn(django, at)) },
      { name: 'crypto.pbkdf2, all at once', count: logins, run: () => all(() => hashOnce()) },
    ],
    file,
  )
  await compareRefusals()
} finally {
  await rm(folder, { recursive: true })
}
