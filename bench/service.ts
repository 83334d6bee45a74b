/**
 * What the session service does in a second, beside the store behind it asked straight: `npm run bench
 * -- service`, with seconds for each figure: 3. PostgreSQL is found by `POSTGRES_URL`, or at its usual
 * local port. The service is a process of its own, as `async-django serve` starts it.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import { createDjango, type SessionStore, type SessionStoreFactory } from 'async-django'
import { httpStore } from 'async-django/stores/http'
import { nodeFetch } from 'async-django/stores/http-node'
import { createSessionTable } from 'async-django/stores/kysely'
import { postgresStore } from 'async-django/stores/postgres'
import { Pool } from 'pg'

import { administer, openDatabase } from '../test/_databases.ts'
import { projectRoot } from '../tools/_root.ts'
import { encode } from './_bare-codec.ts'
import { keyOf, sessionData } from './_data.ts'
import { rounded, saveResults } from './_results.ts'

const [seconds = 3] = process.argv.slice(2).map(Number)
const sessions = 1000
const expireDate = new Date(Date.now() + 86_400_000)
const token = 'a-token-of-this-measurement-of-some-length'

const server = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const database = `async_django_service_${process.pid}`
const url = new URL(`/${database}`, server).href

/** A way to the sessions. */
interface Way {
  readonly name: string
  readonly store: SessionStore
  /** The process of the service, where there is one. */
  readonly service: ChildProcess | null
}

/** One figure. */
interface Figure {
  readonly way: string
  readonly work: string
  readonly lanes: number
  readonly perSecond: number
  readonly medianMs: number
  /** Microseconds of the processor for one: here, and in the service. */
  readonly clientCpu: number
  readonly serviceCpu: number | null
}

function made(factory: SessionStoreFactory): SessionStore {
  let store: SessionStore | null = null
  createDjango({
    settings: { secretKey: 'secret' },
    store: (context) => (store = factory(context)),
  })
  if (store === null) throw new Error('There is no store.')
  return store
}

/** Microseconds that a process took of the processor, as Linux counts them; null elsewhere. */
function cpuOf(child: ChildProcess | null): number | null {
  try {
    const stat = readFileSync(`/proc/${child?.pid ?? 'none'}/stat`, 'utf8')
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(')'))
      .split(' ')
      .slice(12, 14)
      .map(Number)
    return (user + system) * 10_000
  } catch {
    return null
  }
}

async function measure(
  { name, store, service }: Way,
  work: string,
  lanes: number,
  run: (store: SessionStore, at: number, lane: number) => Promise<void>,
): Promise<Figure> {
  const times: number[] = []
  const before = process.cpuUsage()
  const serviceBefore = cpuOf(service)
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (let at = 0; performance.now() < endsAt; at++) {
        const askedAt = performance.now()
        await run(store, at, lane)
        times.push(performance.now() - askedAt)
      }
    }),
  )
  const took = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(before)
  const serviceAfter = cpuOf(service)
  times.sort((a, b) => a - b)
  return {
    way: name,
    work,
    lanes,
    perSecond: times.length / took,
    medianMs: times[times.length >> 1] ?? 0,
    clientCpu: (user + system) / times.length,
    serviceCpu:
      serviceBefore === null || serviceAfter === null
        ? null
        : (serviceAfter - serviceBefore) / times.length,
  }
}

async function load(store: SessionStore, at: number, lane: number): Promise<void> {
  const found = await store.load(keyOf((at * 7919 + lane * 31) % sessions))
  if (!found) throw new Error('A session was not found.')
}

async function loadMany(store: SessionStore, at: number, lane: number): Promise<void> {
  const keys = Array.from({ length: 32 }, (_, more) => keyOf((at * 32 + lane + more) % sessions))
  const found = await store.loadMany?.(keys)
  if (found?.size !== 32) throw new Error('A session was not found.')
}

/** Each lane has sessions of its own: no conflicts. */
async function write(store: SessionStore, at: number, lane: number): Promise<void> {
  const key = keyOf((lane * 31 + (at % 31)) % sessions)
  const previous = await store.load(key)
  if (!previous) throw new Error('A session was not found.')
  const payload = encode(JSON.stringify(sessionData(at)))
  const updated = await store.update(key, { payload, expireDate }, previous)
  if (updated.outcome === 'missing') throw new Error('A session was not found.')
}

async function startService(): Promise<{ readonly child: ChildProcess; readonly at: string }> {
  const program = join(projectRoot, 'dist/cli/main.js')
  const env = { ...process.env, ASYNC_DJANGO_STORE: url, ASYNC_DJANGO_TOKENS: token }
  const child = spawn(process.execPath, [program, 'serve', '--port', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const at = /(http\S+)/.exec(String(line))?.[1]
  if (at === undefined) throw new Error('The service does not start.')
  return { child, at }
}

await administer(server, `CREATE DATABASE ${database}`)
const db = openDatabase(url)
await createSessionTable(db)
await db.destroy()
const pool = new Pool({ connectionString: url, max: 10, pipeline: true })
const direct = made(postgresStore(pool))
for (let at = 0; at < sessions; at++) {
  await direct.create(keyOf(at), { payload: encode(JSON.stringify(sessionData(at))), expireDate })
}
const { child, at: serviceUrl } = await startService()
const ways: readonly Way[] = [
  { name: 'PostgreSQL, straight', store: direct, service: null },
  { name: 'httpStore', store: made(httpStore(serviceUrl, { token })), service: child },
  {
    name: 'httpStore, nodeFetch',
    store: made(httpStore(serviceUrl, { token, fetch: nodeFetch() })),
    service: child,
  },
]
const figures: Figure[] = []
for (const [work, lanes, run] of [
  ['load', 1, load],
  ['load', 32, load],
  ['loadMany of 32', 4, loadMany],
  ['load and update', 32, write],
] as const) {
  for (const way of ways) {
    await measure(way, work, lanes, run)
    const figure = await measure(way, work, lanes, run)
    figures.push(figure)
    console.log(
      [
        `${work}, ${lanes} at once`.padEnd(28),
        way.name.padEnd(22),
        `${rounded(figure.perSecond, 0)} a second`.padEnd(18),
        `${rounded(figure.medianMs, 2)} ms`.padEnd(10),
        `CPU µs ${rounded(figure.clientCpu, 0)}`,
        figure.serviceCpu === null ? '' : `+ ${rounded(figure.serviceCpu, 0)} in the service`,
      ].join(' '),
    )
  }
}
child.kill('SIGTERM')
await once(child, 'exit')
await pool.end()
await administer(server, `DROP DATABASE ${database}`)
saveResults('service', { seconds, sessions, figures })
