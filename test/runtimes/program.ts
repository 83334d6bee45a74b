/**
 * The core suite, for every runtime: `<runtime> program.mjs <suite>` runs a suite over the installed
 * package, and prints what came of it as one line of JSON.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { gunzipSync } from 'node:zlib'

import { createDjango, type SessionStoreFactory } from 'async-django'
import { djangoFetch, type FetchContext, guard as guardFetch } from 'async-django/fetch'
import { createSessionTable, kyselyStore } from 'async-django/stores/kysely'
import { memoryStore } from 'async-django/stores/memory'
import { postgresStore } from 'async-django/stores/postgres'
import {
  type AdapterAnswer,
  type OpenedSessionStore,
  testAdapter,
  testSessionStore,
} from 'async-django/testing'
import { memoryUserStore } from 'async-django/users/memory'
import { type Kysely, sql } from 'kysely'
import { Pool } from 'pg'
import postgres from 'postgres'

import { openDatabase, type SessionTables } from '../_databases.ts'
import { runVectors } from '../conformance/vectors.ts'
import { Runner, type SuiteReport } from './_runner.ts'
import { serve } from './_serve.ts'
import type { SuiteName } from './_suites.ts'

const suites: Readonly<Record<SuiteName, () => Promise<SuiteReport>>> = {
  'signing vectors': () => agreeWith('signing'),
  'session vectors': () => agreeWith('session'),
  'cookie vectors': () => agreeWith('cookie'),
  'password vectors': () => agreeWith('password'),
  'user vectors': () => agreeWith('auth'),
  'memory store': runMemoryStore,
  'SQLite store': runSqliteStore,
  'PostgreSQL store': () => runPool(variable('POSTGRES')),
  'postgres.js store': () => runPostgresJs(variable('POSTGRES')),
  'MariaDB store': () => runTableStore(variable('MARIADB')),
  'fetch adapter': runFetchAdapter,
}

/** @throws TypeError where who runs this does not say. */
function variable(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new TypeError(`${name} is not set.`)
  return value
}

async function agreeWith(subject: string): Promise<SuiteReport> {
  const file = join(variable('VECTORS'), `${subject}.jsonl.gz`)
  const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n')
  const { passed, failures, excluded } = await runVectors(lines)
  return {
    passed,
    failures: failures.map(({ id, message }) => ({ test: id, message })),
    notes: [...excluded].map(([rule, number]) => `${number} left out: ${rule}`),
  }
}

function runMemoryStore(): Promise<SuiteReport> {
  const runner = new Runner()
  const open = async () => {
    const factory = memoryStore()
    return { factory, async close() {} }
  }
  testSessionStore(runner, { open })
  return runner.run()
}

async function runSqliteStore(): Promise<SuiteReport> {
  const folder = mkdtempSync(join(tmpdir(), 'async-django-runtime-'))
  const report = await runTableStore(`sqlite://${join(folder, 'sessions.sqlite3')}`)
  rmSync(folder, { recursive: true })
  return report
}

async function runPool(url: string): Promise<SuiteReport> {
  const pool = new Pool({ connectionString: url })
  const report = await runTableStore(url, postgresStore(pool))
  await pool.end()
  return report
}

async function runPostgresJs(url: string): Promise<SuiteReport> {
  const client = postgres(url)
  const report = await runTableStore(url, postgresStore(client))
  await client.end()
  return report
}

/** Runs the contract over a table of its own, in a database that is empty. Default: by Kysely. */
async function runTableStore(url: string, store?: SessionStoreFactory): Promise<SuiteReport> {
  const db = openDatabase(url)
  await createSessionTable(db)
  await sql`ALTER TABLE django_session ADD COLUMN visitor varchar(100)`.execute(db)
  const factory = store ?? kyselyStore(db)
  const runner = new Runner()
  testSessionStore(runner, {
    async open() {
      await db.deleteFrom('django_session').execute()
      return { factory, columns: columnsOf(db), async close() {} }
    },
  })
  const report = await runner.run()
  await db.schema.dropTable('django_session').execute()
  await db.destroy()
  return report
}

function columnsOf(db: Kysely<SessionTables>): OpenedSessionStore['columns'] & object {
  return {
    values: { visitor: 'Zoë "O\'Neil" \\ 漢字' },
    async read(key) {
      const { rows } = await sql<Record<string, unknown>>`
        SELECT visitor FROM django_session WHERE session_key = ${key}`.execute(db)
      return rows[0] ?? {}
    },
  }
}

function runFetchAdapter(): Promise<SuiteReport> {
  const runner = new Runner()
  testAdapter(runner, {
    createDjango,
    store: () => memoryStore(),
    users: () => memoryUserStore(),
    serve({ django, options, guard, handle, fail }) {
      const respond = async (_: Request, visit: FetchContext<typeof django>): Promise<Response> =>
        toResponse(await handle(visit))
      const answer = djangoFetch(django, guard ? guardFetch(guard, respond) : respond, options)
      return Promise.resolve(
        serve((request) => answer(request).catch((error: unknown) => toResponse(fail(error)))),
      )
    },
  })
  return runner.run()
}

function toResponse({ status = 200, headers = {}, body }: AdapterAnswer): Response {
  return new Response(typeof body === 'object' ? toStream(body) : (body ?? null), {
    status,
    headers: { ...headers },
  })
}

function toStream(parts: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const iterator = parts[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}

const report = await suites[process.argv[2] as SuiteName]()
console.log(JSON.stringify(report))
// A runtime may keep connections that it does not need any more.
process.exit(0)
