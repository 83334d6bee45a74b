import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { afterEach, describe, expect, test } from 'vitest'

import {
  currentDjango,
  databaseDrivers,
  djangoPython,
  NoPythonError,
  pythonVariables,
} from '../../tools/_python.ts'
import { Child } from '../_child.ts'
import { schemeOf } from '../_databases.ts'
import { type Engine, ENGINES, type OpenEngine, type SharedDatabase } from '../setup.ts'
import { type Audit, audit, loggedVersions, logVersions } from './overlap-audit.ts'
import { watchedDjango, type Done, secretKey } from './overlap-writers.ts'

/** For the slowest machine: nothing here depends on it. */
const timeoutMs = 600_000
const times = 20
const ourProcesses = [names('ours', 0, 5), names('ours', 5, 10)]
const djangoProcesses = [0, 2, 4, 6, 8].map((first) => names('django', first, first + 2))

const python = await findPython()
const shared = ENGINES.filter(({ hasDatabase = true }) => hasDatabase)

describe.skipIf(python === null).each(shared)('$name', ({ name, skipReason, open }: Engine) => {
  let opened: OpenEngine | null = null
  afterEach(async () => {
    await opened?.close()
    opened = null
  })

  test.skipIf(skipReason !== null)(
    'what ten of ours save beside ten of Django is lost only where Django erases it',
    { timeout: timeoutMs },
    async () => {
      opened = await open()
      const { store, database } = opened
      if (database === null || python === null) throw new Error('There is nothing to share.')
      const { django } = watchedDjango(store)
      const session = django.sessions.get(null)
      await session.create()
      const key = session.key ?? ''
      const first = (await django.sessions.get(key).load()).data
      await logVersions(database.url, database.db)

      const done = await writeTogether(database, key, python)

      const payloads = await loggedVersions(database.db)
      const versions = payloads.map((payload) => django.sessions.decode(payload) as object)
      const found = audit([first, ...versions] as Record<string, unknown>[], (writer) =>
        writer.startsWith('ours'),
      )
      print(name, done, found)
      expect(found.wrongs).toEqual([])
      expect(found.ours.toSorted()).toEqual(done.ours.toSorted())
      expect(found.djangos.toSorted()).toEqual(done.djangos.toSorted())
      expect((await django.sessions.get(key).load()).data).toEqual(versions.at(-1))
      expect(found.ours.length).toBeGreaterThan(100)
      expect(done.djangos.length).toBe(200)
    },
  )
})

function names(prefix: string, from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => `${prefix}${from + at}`)
}

/** `DJANGO_PYTHON`, or one that is made; null, after a line that says why, where none can be had. */
async function findPython(): Promise<string | null> {
  const given = process.env['DJANGO_PYTHON']
  if (given) return given
  try {
    return await djangoPython({ ...currentDjango, packages: databaseDrivers }, console.log)
  } catch (error) {
    if (!(error instanceof NoPythonError) || process.env['CI'] === 'true') throw error
    console.warn(`Writers beside Django are skipped: ${error.message}`)
    return null
  }
}

interface AllDone {
  readonly ours: readonly string[]
  readonly refused: number
  readonly djangos: readonly string[]
}

async function writeTogether(
  { url, client }: SharedDatabase,
  key: string,
  command: string,
): Promise<AllDone> {
  const file = new URL('overlap-process.ts', import.meta.url)
  const ours = ourProcesses.map(() => new Child(file, { url, client }))
  const djangos = djangoProcesses.map(
    (writers) => new DjangoWriters(command, { settings: djangoSettings(url), key, writers, times }),
  )
  try {
    await Promise.all([
      ...ours.map((child) => child.receive()),
      ...djangos.map((one) => one.ready()),
    ])
    for (const one of djangos) one.go()
    for (const [at, writers = []] of ourProcesses.entries()) {
      ours[at]?.send({ share: { work: 'mixed', key, times, writers } })
    }
    const done = await Promise.all(ours.map((child) => child.receive<Done>()))
    const djangosDone = await Promise.all(djangos.map((one) => one.saved()))
    for (const child of ours) child.send({ share: null })
    await Promise.all(ours.map((child) => child.end()))
    return {
      ours: done.flatMap(({ saved }) => saved),
      refused: done.flatMap(({ refused }) => refused).length,
      djangos: djangosDone.flat(),
    }
  } finally {
    for (const child of ours) child.kill()
    for (const one of djangos) one.kill()
  }
}

/** A Django process with some threads that write. */
class DjangoWriters {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #exit: Promise<unknown[]>

  constructor(command: string, order: object) {
    const script = fileURLToPath(new URL('overlap_django.py', import.meta.url))
    this.#process = spawn(command, [script], { env: pythonVariables() })
    this.#process.stderr.on('data', (text: Buffer) => console.error(text.toString()))
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
    this.#exit = once(this.#process, 'exit')
    this.#process.stdin.write(`${JSON.stringify(order)}\n`)
  }

  async ready(): Promise<void> {
    const { value } = await this.#lines.next()
    if (value !== 'ready') throw new Error('A Django process did not start.')
  }

  go(): void {
    this.#process.stdin.write('go\n')
  }

  /** The names of what it saved. */
  async saved(): Promise<string[]> {
    const { value } = (await this.#lines.next()) as { value: string | undefined }
    const [code] = await this.#exit
    if (value === undefined || code !== 0) throw new Error('A Django process failed.')
    return JSON.parse(value) as string[]
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}

function djangoSettings(url: string): object {
  const { hostname: HOST, port: PORT, username: USER, password: PASSWORD, pathname } = new URL(url)
  const scheme = schemeOf(url)
  const server = { NAME: pathname.slice(1), HOST, PORT, USER, PASSWORD }
  const database =
    scheme === 'sqlite'
      ? { ENGINE: 'django.db.backends.sqlite3', NAME: pathname, OPTIONS: { timeout: 120 } }
      : scheme === 'postgres'
        ? { ...server, ENGINE: 'django.db.backends.postgresql' }
        : { ...server, ENGINE: 'django.db.backends.mysql' }
  return { SECRET_KEY: secretKey, USE_TZ: true, DATABASES: { default: database } }
}

function print(engine: string, { ours, refused, djangos }: AllDone, found: Audit): void {
  const erased = found.erased.length
  console.log(
    `${engine}: ${ours.length} saves of ours (${refused} more were refused) and ${djangos.length} ` +
      `of Django's, by ${found.turns} turns; ${ours.length - erased} of ours stand, ` +
      `${erased} were erased by a later save of Django's, 0 by anything else`,
  )
}
