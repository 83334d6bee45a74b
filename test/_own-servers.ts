/**
 * Servers of our own, in folders and on ports of their own, for tests that bring them down or that
 * nobody else has.
 *
 * @module
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, readdirSync } from 'node:fs'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

import { Client } from 'pg'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0

/** Where Debian puts what is not in the path. */
const folders = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  ...listFolder('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`),
]

/** The file of an installed program; null where there is none. */
export function findProgram(name: string): string | null {
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @throws Where the program is not installed. */
export function program(name: string): string {
  const file = findProgram(name)
  if (file === null) throw new Error(`${name} is not installed.`)
  return file
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  await once(server.close(), 'close')
  return port
}

/** A server that is reached by a URL. */
export interface OwnServer {
  readonly url: string
  close(): Promise<void>
}

/** A PgBouncer before a database, which lends its connections by transaction. */
export async function startPgbouncer(databaseUrl: string): Promise<OwnServer> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl)
  const own = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'async-django-pgbouncer-'))
  const file = join(folder, 'pgbouncer.ini')
  const secret = password && ` password=${decodeURIComponent(password)}`
  const lines = [
    '[databases]',
    `* = host=${hostname} port=${port || 5432} user=${username}${secret}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${own}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 5',
  ]
  await writeFile(file, lines.join('\n'))
  await chmod(folder, 0o755)
  // It refuses to run as root.
  const user = isRoot ? ['-u', 'nobody'] : []
  const child = spawn(program('pgbouncer'), ['-q', ...user, file], { stdio: 'ignore' })
  const url = `postgres://${username}@127.0.0.1:${own}${pathname}`
  if (!(await isReady(url, child))) throw new Error('PgBouncer does not start.')
  return {
    url,
    async close() {
      await end(child, 'SIGINT')
      await rm(folder, { recursive: true })
    },
  }
}

/** A PostgreSQL that can be brought down at any moment. */
export interface OwnPostgres extends OwnServer {
  start(): Promise<void>
  /** Ends it as it stands: nothing is flushed, and nobody is told. */
  kill(): Promise<void>
}

/** A PostgreSQL with an empty cluster, started. */
export function startPostgres(): Promise<OwnPostgres> {
  return startCluster((data, owner) =>
    run(program('initdb'), ['-A', 'trust', '-U', 'postgres', '-N', '-D', data], owner),
  )
}

/** A copy of a PostgreSQL that follows it, started: what is written there can be read here, later. */
export function startReplica(primary: OwnServer): Promise<OwnPostgres> {
  const copying = ['-d', primary.url, '-R', '-X', 'stream', '-c', 'fast']
  return startCluster((data, owner) =>
    run(program('pg_basebackup'), [...copying, '-D', data], owner),
  )
}

async function startCluster(
  make: (data: string, owner: User) => Promise<unknown>,
): Promise<OwnPostgres> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'async-django-postgres-'))
  const owner = await postgresUser()
  if (owner.uid !== undefined) await chown(folder, owner.uid, owner.gid ?? owner.uid)
  const data = join(folder, 'data')
  await make(data, owner)
  const server = new PostgresServer(data, port, owner)
  await server.start()
  return {
    url: server.url,
    start: () => server.start(),
    kill: () => server.end('SIGKILL'),
    async close() {
      await server.end('SIGINT')
      await rm(folder, { recursive: true })
    },
  }
}

interface User {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL refuses to run as root. */
async function postgresUser(): Promise<User> {
  if (!isRoot) return {}
  const [uid, gid] = await Promise.all(['-u', '-g'].map((id) => run('id', [id, 'postgres'])))
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) }
}

class PostgresServer {
  readonly url: string
  readonly #data: string
  readonly #port: number
  readonly #owner: User
  #process: ChildProcess | null = null

  constructor(data: string, port: number, owner: User) {
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`
    this.#data = data
    this.#port = port
    this.#owner = owner
  }

  /** What a killed server left behind may hold the next one up, so it is tried again. */
  async start(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const args = ['-D', this.#data, '-p', String(this.#port), '-k', this.#data]
      const options = { ...this.#owner, stdio: 'ignore' as const }
      const child = spawn(program('postgres'), [...args, '-h', '127.0.0.1'], options)
      this.#process = child
      if (await isReady(this.url, child)) return
      await end(child, 'SIGKILL')
      await sleep(100)
    }
    throw new Error('PostgreSQL does not start.')
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process) await end(this.#process, signal)
    this.#process = null
  }
}

/** Whether a server takes a connection; false where its process ends before it does. */
async function isReady(url: string, server: ChildProcess): Promise<boolean> {
  while (server.exitCode === null && server.signalCode === null) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 1000 })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.query('SELECT 1')
      return true
    } catch {
      await sleep(50)
    } finally {
      await client.end().catch(() => {})
    }
  }
  return false
}

export async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const exit = once(server, 'exit')
  server.kill(signal)
  await exit
}
