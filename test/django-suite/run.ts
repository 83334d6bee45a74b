/**
 * Runs some of Django's own tests with this package in Django's place.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

import { runCommand } from '../../tools/_command.ts'
import { pythonVariables } from '../../tools/_python.ts'
import { projectRoot } from '../../tools/_root.ts'
import { startRedis } from '../_own-redis.ts'
import { redisEngines } from './engines.ts'
import type { Source } from './releases.ts'

/** One of Django's tests, and how it ended. */
export interface DjangoTest {
  /** Module and class. */
  readonly class: string
  readonly name: string
  /** `expected`: one that Django itself expects to fail, and that did. */
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'expected'
  /** How many calls reached this package. */
  readonly calls: number
  /** The last line of what went wrong. */
  readonly problem: string | null
}

/** What stands in Django's place. */
export interface RunOptions {
  /** By its name in `python/plugs.py`. */
  readonly plug: string
  /** What Django's test runner is told to run. */
  readonly labels: readonly string[]
  /** The command of the process that answers. Default: this package's, as it is built. */
  readonly child?: readonly string[]
}

const python = join(projectRoot, 'test', 'django-suite', 'python')

/** Files that are in memory, where there is such a place: Django's tests wait for the disk, else. */
const memory = '/dev/shm'

/** The command of the process that answers. @param root - The folder of a clone that is built. */
export function childOf(root: string = projectRoot): readonly string[] {
  return [process.execPath, join(root, 'build', 'test', 'django-suite', 'child.js')]
}

/** Runs them. @throws Error where they cannot be run at all. */
export async function runDjangoTests(
  source: Source,
  { plug, labels, child = childOf() }: RunOptions,
): Promise<readonly DjangoTest[]> {
  const folder = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), 'async-django-'))
  const report = join(folder, 'report.json')
  const database = join(folder, 'database.sqlite3')
  const redis = redisEngines.includes(plug) ? await startRedis(['--save', '']) : null
  const variables = {
    PYTHONPATH: [python, source.folder, join(source.folder, 'tests')].join(delimiter),
    CONFORMANCE_CHILD: child.map((part) => `'${part}'`).join(' '),
    CONFORMANCE_FILE: database,
    CONFORMANCE_DATABASE: `sqlite://${database}`,
    ...(redis && { CONFORMANCE_CACHE: redis.url }),
  }
  try {
    const command = [source.python, '-W', 'ignore', join(python, 'run.py'), report, plug, ...labels]
    const env = pythonVariables(variables) as Readonly<Record<string, string>>
    const { output } = await runCommand(command, { env, maxMinutes: 60 })
    if (!existsSync(report)) throw new Error(`Django's tests did not run: ${output}`)
    const tests = JSON.parse(await readFile(report, 'utf8')) as DjangoTest[]
    if (tests.length === 0) throw new Error(`Django's tests did not run: ${output}`)
    return tests
  } finally {
    await redis?.close()
    await rm(folder, { recursive: true, force: true })
  }
}
