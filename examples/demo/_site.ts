/**
 * The servers of the demo, and what they share: an address each, a database and a secret.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { pythonVariables } from '../../tools/_python.ts'
import { projectRoot } from '../../tools/_root.ts'
import { freePorts, host } from './_ports.ts'
import type { ServerCommand } from './_processes.ts'

/** Names of the TypeScript servers: each has a program in `examples/servers/`. */
const programs: Readonly<Record<string, string>> = {
  Hono: 'hono.js',
  Express: 'express.js',
  Fastify: 'fastify.js',
  NestJS: 'nest.js',
}

/** What all servers are told. */
export interface Site {
  /** Addresses by name, without a slash at the end; Django first, where there is one. */
  readonly servers: Readonly<Record<string, string>>
  readonly databaseUrl: string
  readonly secretKey: string
  /** A Python that has Django; null without Django. */
  readonly python: string | null
}

/** Chooses addresses. @param firstPort - The first of the wanted ports; null for any. */
export async function chooseServers(
  hasDjango: boolean,
  firstPort: number | null,
): Promise<{ readonly servers: Site['servers']; readonly replaced: readonly string[] }> {
  const names = [...(hasDjango ? ['Django'] : []), ...Object.keys(programs)]
  const ports = await freePorts(names.length, firstPort)
  const replaced = names.flatMap((name, at) => {
    const wanted = (firstPort ?? 0) + at
    const isReplaced = firstPort !== null && ports[at] !== wanted
    return isReplaced ? [`Port ${wanted} is taken: ${name} has port ${ports[at]}.`] : []
  })
  const servers = names.map((name, at) => [name, `http://${host}:${ports[at]}`] as const)
  return { servers: Object.fromEntries(servers), replaced }
}

/** An SQLite file in a folder. */
export function sqliteUrl(folder: string): string {
  return pathToFileURL(join(folder, 'demo.sqlite3')).href.replace(/^file:/, 'sqlite:')
}

/** Empties and makes the folder in which the demo keeps its things. */
export async function prepareFolder(folder: string, isFresh: boolean): Promise<void> {
  if (isFresh) await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
}

/** The secret of a folder: kept, because sessions of earlier runs are signed with it. */
export async function readSecret(folder: string): Promise<string> {
  const file = join(folder, 'secret-key')
  try {
    await writeFile(file, randomBytes(48).toString('base64url'), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFile(file, 'utf8')
}

/** How to start the servers, in this order: Django makes the tables. */
export function serverCommands(site: Site): ServerCommand[] {
  const variables = {
    DEMO_SECRET_KEY: site.secretKey,
    DEMO_DATABASE_URL: site.databaseUrl,
    DEMO_SERVERS: JSON.stringify(site.servers),
  }
  return Object.entries(site.servers).map(([name, url]) =>
    name === 'Django'
      ? djangoCommand(site, url, pythonVariables(variables))
      : nodeCommand(name, { ...process.env, ...variables }),
  )
}

function djangoCommand({ python }: Site, url: string, env: NodeJS.ProcessEnv): ServerCommand {
  if (python === null) throw new TypeError('Django needs a Python.')
  const cwd = join(projectRoot, 'examples', 'django')
  return {
    name: 'Django',
    command: python,
    args: ['manage.py', 'serve', new URL(url).port],
    cwd,
    env,
  }
}

function nodeCommand(name: string, env: NodeJS.ProcessEnv): ServerCommand {
  const program = join(import.meta.dirname, '..', 'servers', programs[name] ?? '')
  return { name, command: process.execPath, args: [program], cwd: projectRoot, env }
}
