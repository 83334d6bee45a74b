/**
 * An empty database of each engine, for Django and Kysely together.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Kysely } from 'kysely'

import { administer, openDatabase, type SessionTables } from '../_databases.ts'

/** The engines, by the names that Django has for them. */
export type DjangoEngine = 'sqlite3' | 'postgresql' | 'mysql'

/** A database that was made for some tests, and goes with them. */
export interface LiveDatabase {
  /** The entry of Django's `DATABASES`. */
  readonly django: Readonly<Record<string, unknown>>
  readonly db: Kysely<SessionTables>
  close(): Promise<void>
}

const servers = {
  postgresql: {
    url: process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres',
    hint: 'start PostgreSQL on port 5432, or set POSTGRES_URL',
  },
  mysql: {
    url: process.env['MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3306/',
    hint: 'start MariaDB or MySQL on port 3306, or set MYSQL_URL',
  },
}

/**
 * Whether an engine can be had here; says in a line what is missing.
 *
 * @throws The driver's error with `CI=true`, where nothing may be missing.
 */
export async function hasEngine(engine: DjangoEngine): Promise<boolean> {
  if (engine === 'sqlite3') return true
  const { url, hint } = servers[engine]
  try {
    await administer(url, 'SELECT 1')
    return true
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    console.warn(`${engine} is skipped: ${hint} (${String(Reflect.get(Object(error), 'code'))}).`)
    return false
  }
}

/** Makes an empty database. */
export function makeDatabase(engine: DjangoEngine): Promise<LiveDatabase> {
  return engine === 'sqlite3' ? makeFile() : makeOnServer(engine)
}

async function makeFile(): Promise<LiveDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'async-django-live-'))
  const file = join(folder, 'live.sqlite3')
  const db = openDatabase(`sqlite://${file}`)
  return {
    django: { ENGINE: 'django.db.backends.sqlite3', NAME: file },
    db,
    async close() {
      await db.destroy()
      await rm(folder, { recursive: true })
    },
  }
}

let made = 0

async function makeOnServer(engine: 'postgresql' | 'mysql'): Promise<LiveDatabase> {
  const server = servers[engine].url
  made += 1
  const name = `async_django_live_${process.pid}_${made}`
  await administer(server, `CREATE DATABASE ${name}`)
  const url = new URL(`/${name}`, server)
  const db = openDatabase(url.href)
  return {
    django: {
      ENGINE: `django.db.backends.${engine}`,
      NAME: name,
      USER: decodeURIComponent(url.username),
      PASSWORD: decodeURIComponent(url.password),
      HOST: url.hostname,
      PORT: url.port,
    },
    db,
    async close() {
      await db.destroy()
      await administer(server, `DROP DATABASE ${name}`)
    },
  }
}
