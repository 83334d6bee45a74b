/**
 * Clearing expired sessions while others are read and written: how late answers come meanwhile, and
 * beside it the same with no clearing, and with the one statement of Django's `clearsessions`.
 * `npm run bench -- clearing`, with the number of expired and of live rows behind it, in thousands:
 * 1000, 1000. Databases are found by `POSTGRES_URL` and `MYSQL_URL`; SQLite is always there.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

import { createDjango, type Django } from 'async-django'
import { StoreTimeoutError } from 'async-django/errors'
import { createSessionTable, kyselyStore } from 'async-django/stores/kysely'
import { type Kysely, sql } from 'kysely'

import { administer, openDatabase, type SessionTables } from '../test/_databases.ts'
import { readCounts } from './_arguments.ts'
import { keyOf, sessionData } from './_data.ts'
import { rounded, saveResults } from './_results.ts'

const [expired, live] = readCounts([1000, 1000], [10, 10])
const thousand = 1000
/** Sessions that are asked for; the other live rows are only there. */
const visitors = 10_000
const requestsPerSecond = 300
const writesOfTen = 1
const aloneMs = 20_000
const databaseName = `async_django_clearing_${process.pid}`

/** A kind of database. */
interface Engine {
  readonly name: string
  /** Where a database can be made; null where it is a file. */
  readonly server: string | null
  /** Numbers from 1 to so many, as the rows of a table `n (i)`. */
  numbers(count: number): string
  /** So many seconds from now. */
  later(seconds: number): string
  readonly tidy: readonly string[]
}

const recursive = (count: number): string =>
  `(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT i FROM n) AS n`

const engines: readonly Engine[] = [
  {
    name: 'PostgreSQL',
    server: process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres',
    numbers: (count) => `generate_series(1, ${count}) AS n (i)`,
    later: (seconds) => `now() + interval '${seconds} seconds'`,
    tidy: ['VACUUM ANALYZE django_session', 'CHECKPOINT'],
  },
  {
    name: 'MariaDB',
    server: process.env['MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3306/',
    numbers: (count) => `(SELECT seq AS i FROM seq_1_to_${count}) AS n`,
    later: (seconds) => `date_add(utc_timestamp(6), INTERVAL ${seconds} SECOND)`,
    tidy: ['ANALYZE TABLE django_session'],
  },
  {
    name: 'SQLite',
    server: null,
    numbers: recursive,
    later: (seconds) => `strftime('%Y-%m-%d %H:%M:%f000', 'now', '${seconds} seconds')`,
    tidy: ['ANALYZE'],
  },
]

/** A database with many sessions. */
interface Site {
  readonly django: Django
  /** Fills in rows that expired at some time of the last day. */
  expire(): Promise<void>
  /** What Django's command does. */
  clearAtOnce(): Promise<void>
  close(): Promise<void>
}

async function open(engine: Engine): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'async-django-clearing-'))
  const { server } = engine
  if (server !== null) await administer(server, `CREATE DATABASE ${databaseName}`)
  const url = server === null ? `sqlite://${folder}/db.sqlite3` : urlOf(server)
  const db = openDatabase(url)
  await createSessionTable(db)
  const django = createDjango({ settings: { secretKey: 'secret' }, store: kyselyStore(db) })
  await addVisitors(db, django, engine)
  await add(db, engine, 'live', live * thousand - visitors, 1_000_000)
  return {
    django,
    expire: () => add(db, engine, `gone-${randomBytes(4).toString('hex')}`, expired * thousand, -1),
    async clearAtOnce() {
      await sql`DELETE FROM django_session WHERE expire_date < ${sql.raw(engine.later(0))}`.execute(
        db,
      )
    },
    async close() {
      await db.destroy()
      if (server !== null) await administer(server, `DROP DATABASE ${databaseName}`)
      await rm(folder, { recursive: true })
    },
  }
}

function urlOf(server: string): string {
  return Object.assign(new URL(server), { pathname: `/${databaseName}` }).href
}

async function addVisitors(
  db: Kysely<SessionTables>,
  django: Django,
  engine: Engine,
): Promise<void> {
  const end = sql.raw(engine.later(1_209_600))
  for (let from = 0; from < visitors; from += 500) {
    const rows = Array.from({ length: 500 }, (_, at) => from + at).map(
      (at) => sql`(${keyOf(at)}, ${django.sessions.encode(sessionData(at))}, ${end})`,
    )
    await sql`INSERT INTO django_session VALUES ${sql.join(rows)}`.execute(db)
  }
}

/** Rows whose ends are spread over a day from some seconds on. */
async function add(
  db: Kysely<SessionTables>,
  engine: Engine,
  prefix: string,
  count: number,
  seconds: number,
): Promise<void> {
  const payload = 'x'.repeat(331)
  const step = seconds < 0 ? -1 : 1
  const key = engine.name === 'SQLite' ? `'${prefix}-' || i` : `concat('${prefix}-', i)`
  const piece = 100_000
  for (let from = 0; from < count; from += piece) {
    const end = engine.later(seconds + step * Math.round((86_400 * from) / count))
    const shifted = key.replace(/\bi\b/, `(i + ${from})`)
    const numbers = engine.numbers(Math.min(piece, count - from))
    await sql
      .raw(`INSERT INTO django_session SELECT ${shifted}, '${payload}', ${end} FROM ${numbers}`)
      .execute(db)
  }
  for (const statement of engine.tidy) await sql.raw(statement).execute(db)
}

/** How late answers came, in milliseconds. */
interface Late {
  readonly p50: number
  readonly p99: number
  readonly longest: number
  readonly requests: number
  /** Of those, how many failed: their time was over. */
  readonly failed: number
}

/**
 * So many requests a second, whether those before them were answered or not: each is late from when
 * it was to begin.
 */
async function load(django: Django, until: Promise<unknown>): Promise<Late> {
  const over = new AbortController()
  void until.finally(() => over.abort())
  const late: number[] = []
  const waiting: Array<Promise<void>> = []
  let failed = 0
  const start = performance.now()
  for (let at = 0; !over.signal.aborted; at++) {
    const due = start + (at * 1000) / requestsPerSecond
    const wait = due - performance.now()
    if (wait > 0) await sleep(wait)
    const request = visit(django, at).catch((error: unknown) => {
      if (!(error instanceof StoreTimeoutError)) throw error
      failed += 1
    })
    waiting.push(request.then(() => void late.push(performance.now() - due)))
  }
  await Promise.all(waiting)
  late.sort((a, b) => a - b)
  const share = (part: number): number => late[Math.floor(late.length * part)] ?? Number.NaN
  return {
    p50: share(0.5),
    p99: share(0.99),
    longest: late.at(-1) ?? 0,
    requests: late.length,
    failed,
  }
}

async function visit(django: Django, at: number): Promise<void> {
  const key = keyOf(Math.floor(Math.random() * visitors))
  const session = await django.sessions.get(key).load()
  if (session.get('theme') === null) throw new Error('A live session was not found.')
  if (at % 10 >= writesOfTen) return
  session.set('visits', at)
  await session.save()
}

const results: Record<string, unknown> = {}
for (const engine of engines) {
  const site = await open(engine)
  const ways: Array<readonly [string, () => Promise<unknown>]> = [
    ['no clearing', () => sleep(aloneMs)],
    ['clearExpired()', () => site.django.sessions.clearExpired()],
    ['one statement', () => site.clearAtOnce()],
  ]
  console.log(
    `\n${engine.name}: ${expired} thousand expired rows beside ${live} thousand live ones, ` +
      `${requestsPerSecond} requests a second, ${writesOfTen} of 10 a write`,
  )
  for (const [way, run] of ways) {
    // What is there without clearing is cleared next.
    if (way !== 'clearExpired()') await site.expire()
    const start = performance.now()
    const running = run()
    const found = await load(site.django, running)
    const seconds = (performance.now() - start) / 1000
    const cleared = await running
    results[`${engine.name}, ${way}`] = { ...found, seconds, cleared: cleared ?? null }
    console.log(
      `${way.padEnd(16)} p50 ${rounded(found.p50, 1)} ms, p99 ${rounded(found.p99, 1)} ms, ` +
        `longest ${rounded(found.longest, 0)} ms, ${found.failed} of ${found.requests} failed; ` +
        `${rounded(seconds, 1)} s` +
        (typeof cleared === 'number' ? `, ${cleared} rows cleared` : ''),
    )
  }
  await site.close()
}
saveResults('clearing', { expired, live, requestsPerSecond, results })
