/**
 * What the contract tests run on: real engines, each with what it takes to open and close it.
 *
 * `ENGINES=sqlite,postgres` picks some. Servers are found by `POSTGRES_URL`, `MYSQL_URL` and
 * `REDIS_URL`, or on their standard local ports; one that is not there is skipped, and with `CI=true` a failure.
 *
 * @module
 */
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import type { SessionStoreFactory } from 'async-django'
import { cachedDbStore } from 'async-django/stores/cached-db'
import { fileStore } from 'async-django/stores/file'
import { createSessionTable } from 'async-django/stores/kysely'
import { fallbackStore } from 'async-django/stores/fallback'
import { type Fetch, httpStore } from 'async-django/stores/http'
import { nodeFetch } from 'async-django/stores/http-node'
import { signedCookiesStore } from 'async-django/stores/signed-cookies'
import { memcachedClient, memcachedStore } from 'async-django/stores/memcached'
import { memoryStore } from 'async-django/stores/memory'
import type { OpenedSessionStore } from 'async-django/testing'
import { sql } from 'kysely'

import type { SessionTableNames } from '../src/stores/_session-table.ts'
import { administer, openDatabase } from './_databases.ts'
import { startRedisCluster } from './_own-redis.ts'
import { startMemcached } from './_own-memcached.ts'
import { findProgram } from './_own-servers.ts'
import {
  answersRedis,
  openRedisDoor,
  openRedisStore,
  redisAddress,
  type RedisClientName,
  redisClientNames,
} from './_redis.ts'
import { serviceToken, startService } from './_session-service.ts'
import {
  openStores,
  type PostgresClientName,
  postgresClientNames,
  type StoreAddress,
  type StorePlace,
} from './_stores.ts'

/** A session store over a real engine. */
export interface Engine {
  readonly name: string
  /** Why it cannot be had here, and how it can; null where it is there. */
  readonly skipReason: string | null
  /** Whether there is a database that others can open, too. Default true. */
  readonly hasDatabase?: boolean
  /** Nothing is kept on the server, so writers know nothing of each other. */
  readonly isStateless?: boolean
  /** Opens an empty store, in a database of its own. */
  open(): Promise<OpenEngine>
}

/** An engine, opened. */
export interface OpenEngine {
  readonly store: SessionStoreFactory
  /** What other processes open; null where there is nothing to share. */
  readonly address: StoreAddress | null
  /** The database; null where it is in none. */
  readonly database: SharedDatabase | null
  /** Writes as a stranger does, where that is not into a table. */
  readonly write?: NonNullable<OpenedSessionStore['write']>
  /** The longest text of data that it takes, where that is not long. */
  readonly longest?: number
  /** Removes all sessions. */
  empty(): Promise<void>
  close(): Promise<void>
}

/** A database with Django's session table, and one extra column in it. */
export interface SharedDatabase extends StorePlace {
  /** The store of another table there, by the same client. */
  storeAt(names: SessionTableNames): SessionStoreFactory
}

/** The extra column, for values that `sessionColumns` gives. */
export const extraColumn = 'visitor_name'

const servers = {
  postgres: process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  mysql: process.env['MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3306/',
  redis: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379/',
}

const hints = {
  postgres: 'start PostgreSQL on port 5432, or set POSTGRES_URL',
  mysql: 'start MariaDB or MySQL on port 3306, or set MYSQL_URL',
}

const wanted = process.env['ENGINES']?.split(',')
const isStrict = process.env['CI'] === 'true'

const all: readonly Engine[] = [
  { name: 'memory', skipReason: null, hasDatabase: false, open: openMemory },
  { name: 'file', skipReason: null, hasDatabase: false, open: openFolder },
  {
    name: 'signed cookies',
    skipReason: null,
    hasDatabase: false,
    isStateless: true,
    open: openCookies,
  },
  {
    name: 'memcached',
    skipReason: missingMemcached(),
    hasDatabase: false,
    open: openMemcached,
  },
  { name: 'cached db', skipReason: null, hasDatabase: false, open: openCachedDb },
  { name: 'sqlite', skipReason: null, open: openFile },
  {
    name: 'postgres',
    skipReason: await missing('postgres'),
    open: () => openServer(servers.postgres),
  },
  { name: 'fallback', skipReason: null, hasDatabase: false, open: openFallback },
  {
    name: 'http, sqlite',
    skipReason: null,
    hasDatabase: false,
    open: () => openHttp(openFile()),
  },
  {
    name: 'http, postgres',
    skipReason: await missing('postgres'),
    hasDatabase: false,
    open: () => openHttp(openServer(servers.postgres, 'pipelined pool'), nodeFetch()),
  },
  { name: 'mysql', skipReason: await missing('mysql'), open: () => openServer(servers.mysql) },
  {
    name: 'mariadb',
    skipReason: await missing('mysql'),
    open: () => openServer(servers.mysql.replace(/^mysql:/, 'mariadb:')),
  },
  ...(await Promise.all(
    postgresClientNames.map(async (client) => ({
      name: `postgres, ${client}`,
      skipReason:
        (client === 'pgbouncer' ? missingProgram('pgbouncer', 'PgBouncer') : null) ??
        (await missing('postgres')),
      open: () => openServer(servers.postgres, client),
    })),
  )),
  ...(await Promise.all(
    redisClientNames.map(async (client) => ({
      name: `redis, ${client}`,
      skipReason: await missingRedis(),
      hasDatabase: false,
      open: () => openRedis(servers.redis, client),
    })),
  )),
  ...redisClientNames.map((client) => ({
    name: `redis cluster, ${client}`,
    skipReason: missingProgram('redis-server', 'redis-server'),
    hasDatabase: false,
    open: () => openRedisCluster(client),
  })),
]

/** The engines that `ENGINES` names, or all of them; `postgres` names all ways there. */
export const ENGINES: readonly Engine[] = all.filter(
  ({ name }) => wanted?.some((one) => one === name || name.startsWith(`${one},`)) ?? true,
)

/** Those where writers of one session meet. */
export const SHARED_ENGINES: readonly Engine[] = ENGINES.filter(({ isStateless }) => !isStateless)

/** The ways to a database that others stand for where much is tried many times. */
const alike = [
  'mariadb',
  'fallback',
  'postgres, pool',
  'postgres, pipelined client',
  'postgres, postgres.js',
  'postgres, pgbouncer',
  'http, sqlite',
  'http, postgres',
  'redis, node-redis',
  'redis cluster, ioredis',
  'redis cluster, node-redis',
]

/**
 * How often an engine tries something that is wanted so many times: each database does all of it,
 * through Kysely and straight, and other ways there a fifth. `EVERY_WAY=true` has all do all of it.
 */
export function share(name: string, times: number): number {
  const isSmall = alike.includes(name) && process.env['EVERY_WAY'] !== 'true'
  return isSmall ? Math.ceil(times / 5) : times
}

for (const { name, skipReason } of ENGINES) {
  if (skipReason !== null) console.warn(`${name} is skipped: ${skipReason}`)
}

async function missing(server: keyof typeof hints): Promise<string | null> {
  if (isStrict) return null
  try {
    await administer(servers[server], 'SELECT 1')
    return null
  } catch (error) {
    const code: unknown = Reflect.get(Object(error), 'code')
    return `${hints[server]} (${String(code)}).`
  }
}

async function missingRedis(): Promise<string | null> {
  if (isStrict || (await answersRedis(servers.redis))) return null
  return 'start Redis on port 6379, or set REDIS_URL.'
}

function missingProgram(program: string, title: string): string | null {
  if (isStrict || findProgram(program) !== null) return null
  return `install ${title} (Debian: apt-get install ${program}).`
}

function missingMemcached(): string | null {
  if (isStrict || findProgram('memcached') !== null) return null
  return 'install memcached (Debian: apt-get install memcached).'
}

async function openMemory(): Promise<OpenEngine> {
  let current = memoryStore()
  return {
    store: (context) => current(context),
    address: null,
    database: null,
    async empty() {
      current = memoryStore()
    },
    async close() {},
  }
}

/** Nothing is kept, so there is nothing to open. */
async function openCookies(): Promise<OpenEngine> {
  return {
    store: signedCookiesStore(),
    address: null,
    database: null,
    longest: 3000,
    async empty() {},
    async close() {},
  }
}

async function openFolder(): Promise<OpenEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'async-django-'))
  return {
    store: fileStore({ sessionFilePath: folder }),
    address: { url: pathToFileURL(folder).href, client: null },
    database: null,
    async write(key, payload, expireDate) {
      const file = join(folder, `sessionid${key}`)
      await writeFile(file, payload)
      // Half a microsecond more, as Node drops what is less than one.
      await utimes(file, new Date(), (expireDate.getTime() + 0.0005) / 1000 - 1_209_600)
    },
    async empty() {
      for (const name of await readdir(folder)) await rm(join(folder, name))
    },
    close: () => rm(folder, { recursive: true }),
  }
}

/** A file that answers, beside a second store that is not needed. */
async function openFallback(): Promise<OpenEngine> {
  const opened = await openFile()
  return {
    ...opened,
    store: fallbackStore(opened.store, { second: memoryStore() }),
    database: null,
  }
}

/** A session service over another engine. */
async function openHttp(opening: Promise<OpenEngine>, fetch?: Fetch): Promise<OpenEngine> {
  const { store, empty, close } = await opening
  const service = await startService(store)
  return {
    store: httpStore(service.url, { token: serviceToken, ...(fetch && { fetch }) }),
    address: { url: service.url, client: null },
    database: null,
    empty,
    async close() {
      await service.close()
      await close()
    },
  }
}

/** Two servers, as keys are shared out among them. */
async function openMemcached(): Promise<OpenEngine> {
  const caches = [await startMemcached(), await startMemcached()]
  const locations = caches.map(({ location }) => location)
  const client = memcachedClient(locations)
  return {
    store: memcachedStore(client),
    address: { url: `memcached:${locations.join(';')}`, client: null },
    database: null,
    async write(key, bytes, expireDate) {
      const exptime = Math.ceil((expireDate.getTime() - Date.now()) / 1000)
      await client.set(`:1:django.contrib.sessions.cache${key}`, { flags: 1, exptime, bytes })
    },
    async empty() {},
    async close() {
      client.close()
      for (const cache of caches) await cache.kill()
    },
  }
}

/** The cache is in the memory of this process, where tests can set the clock of it. */
async function openCachedDb(): Promise<OpenEngine> {
  const table = await openFile()
  let cache = memoryStore()
  return {
    ...table,
    store: cachedDbStore(table.store, (context) => cache(context)),
    address: null,
    async empty() {
      await table.empty()
      cache = memoryStore()
    },
  }
}

async function openFile(): Promise<OpenEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'async-django-'))
  return openTable(`sqlite://${join(folder, 'sessions.sqlite3')}`, () =>
    rm(folder, { recursive: true }),
  )
}

let made = 0

async function openServer(
  server: string,
  client: PostgresClientName | null = null,
): Promise<OpenEngine> {
  made += 1
  const name = `async_django_${process.pid}_${made}`
  await administer(server, `CREATE DATABASE ${name}`)
  const url = new URL(`/${name}`, server).href
  return openTable(url, () => administer(server, `DROP DATABASE ${name}`), client)
}

function openRedis(server: string, client: RedisClientName): Promise<OpenEngine> {
  made += 1
  const prefix = `async-django-${process.pid}-${made}`
  return openInRedis(redisAddress(server, client, { prefix }), async () => {})
}

async function openRedisCluster(client: RedisClientName): Promise<OpenEngine> {
  const { url, close } = await startRedisCluster()
  return openInRedis(redisAddress(url, client, { isCluster: true }), close)
}

async function openInRedis(address: string, remove: () => Promise<void>): Promise<OpenEngine> {
  const { store, close } = await openRedisStore(address)
  const door = openRedisDoor(address)
  return {
    store,
    address: { url: address, client: null },
    database: null,
    write: door.write,
    empty: door.empty,
    async close() {
      await door.empty()
      door.close()
      await close()
      await remove()
    },
  }
}

async function openTable(
  url: string,
  remove: () => Promise<void>,
  client: PostgresClientName | null = null,
): Promise<OpenEngine> {
  const db = openDatabase(url)
  await createSessionTable(db)
  await sql`ALTER TABLE django_session ADD COLUMN ${sql.id(extraColumn)} varchar(100) NULL`.execute(
    db,
  )
  const { storeAt, close } = await openStores({ url, db, client })
  return {
    store: storeAt({}),
    address: { url, client },
    database: { url, db, client, storeAt },
    async empty() {
      await db.deleteFrom('django_session').execute()
    },
    async close() {
      await close()
      await db.destroy()
      await remove()
    },
  }
}
