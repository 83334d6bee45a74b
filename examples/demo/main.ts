/**
 * `npm run demo`: a Django site and servers of Hono, Express, Fastify and NestJS, that share their
 * sessions and users. With `--check` it walks through them by itself.
 *
 * @module
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { currentDjango, databaseDrivers, djangoPython, NoPythonError } from '../../tools/_python.ts'
import { projectRoot } from '../../tools/_root.ts'
import { type DemoOptions, readOptions, usage, UsageError } from './_options.ts'
import { Servers } from './_processes.ts'
import {
  chooseServers,
  prepareFolder,
  readSecret,
  serverCommands,
  type Site,
  sqliteUrl,
} from './_site.ts'
import { makeTables } from './_tables.ts'
import { walk } from './_walk.ts'

const checkTimeoutMs = 300_000

/** @returns The exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (options.help) {
    console.log(usage)
    return 0
  }
  const python = await findPython(options)
  const folder = join(projectRoot, '.demo', options.check ? `check-${process.pid}` : '')
  try {
    await prepareFolder(folder, options.fresh)
    return await run(options, folder, python)
  } finally {
    if (options.check) await rm(folder, { recursive: true, force: true })
  }
}

/** A Python with Django; null, after saying why, where none can be had. */
async function findPython({ noPython, database }: DemoOptions): Promise<string | null> {
  if (noPython) return withoutDjango('as asked.')
  const packages = database === null ? [] : databaseDrivers
  try {
    return await djangoPython({ ...currentDjango, packages }, console.log)
  } catch (error) {
    if (!(error instanceof NoPythonError)) throw error
    return withoutDjango(error.message)
  }
}

function withoutDjango(reason: string): null {
  console.log(`Without Django, with TypeScript servers only: ${reason}`)
  return null
}

async function run(options: DemoOptions, folder: string, python: string | null): Promise<number> {
  const hasDjango = python !== null
  const { servers, replaced } = await chooseServers(hasDjango, options.check ? null : options.port)
  for (const line of replaced) console.log(line)
  const databaseUrl = options.database ?? sqliteUrl(folder)
  const site = { servers, databaseUrl, secretKey: await readSecret(folder), python }
  if (!hasDjango) await makeTables(site)
  const running = new Servers()
  try {
    const interrupted = signalled()
    const started = startAll(running, site)
    const first = await Promise.race([started, interrupted, running.ended])
    if (first !== null) return report(first)
    const work = options.check ? check(site) : serve(site)
    return await Promise.race([work, Promise.race([interrupted, running.ended]).then(report)])
  } finally {
    await running.stop()
  }
}

/** Answers null, or why a server did not start. */
async function startAll(running: Servers, site: Site): Promise<string | null> {
  for (const command of serverCommands(site)) {
    const problem = await running.start(command)
    if (problem !== null) return problem
  }
  return null
}

/** Comes true when somebody wants the demo to end; a second time ends it at once. */
function signalled(): Promise<typeof interruption> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve(interruption))
    }
  })
}

const interruption = ''

function report(reason: string): number {
  if (reason === interruption) {
    console.log('\nStopped.')
    return 0
  }
  console.error(`\n${reason} All servers are stopped.`)
  return 1
}

async function check(site: Site): Promise<number> {
  const { text, bad } = await walk(site.servers, AbortSignal.timeout(checkTimeoutMs))
  console.log(text)
  return bad === 0 ? 0 : 1
}

function serve({ servers }: Site): Promise<never> {
  const lines = Object.entries(servers).map(([name, url]) => `  ${name.padEnd(9)} ${url}/`)
  console.log(`\nOne session, ${lines.length} servers. Log in as admin, with the password admin.\n`)
  console.log(`${lines.join('\n')}\n`)
  console.log('Ctrl-C stops them all.')
  return new Promise(() => {})
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message}\n\n${usage}`)
  process.exitCode = 2
}
