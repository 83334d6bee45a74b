/**
 * Vectors that a real Django makes now, from another seed than that of the golden ones, with random
 * and damaged inputs. Environment variables: `DJANGO_PYTHON`, a Python that has a Django;
 * `VECTOR_SEED`; `VECTOR_FUZZ`, how many random inputs of each kind.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { expect, it } from 'vitest'

import {
  cacheDrivers,
  currentDjango,
  djangoPython,
  NoPythonError,
  pythonVariables,
} from '../../tools/_python.ts'
import { startRedis } from '../_own-redis.ts'
import { findProgram } from '../_own-servers.ts'
import { fileSessionChecks } from './checks/file-sessions.ts'
import { countsOf, formatReport, runVectors } from './vectors.ts'

const generator = fileURLToPath(new URL('make_vectors.py', import.meta.url))
const { DJANGO_PYTHON, VECTOR_SEED = 'another', VECTOR_FUZZ = '50', CI } = process.env

/** Dates are read as from Python 3.11 on. */
async function findPython(): Promise<string> {
  const release = { ...currentDjango, minimum: [3, 11] as const, packages: cacheDrivers }
  return DJANGO_PYTHON ?? djangoPython(release, console.log)
}

/** Has a Redis of its own meanwhile, where Python has a client and there is a server. */
async function makeAll(python: string): Promise<string[]> {
  if (DJANGO_PYTHON || (findProgram('redis-server') === null && CI !== 'true')) {
    console.warn('No vectors of sessions in Redis: install redis-server, and unset DJANGO_PYTHON.')
    return makeVectors(python, [])
  }
  const redis = await startRedis()
  try {
    return await makeVectors(python, ['--redis', redis.url])
  } finally {
    await redis.close()
  }
}

async function makeVectors(python: string, more: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'async-django-vectors-'))
  try {
    const file = join(folder, 'vectors.jsonl')
    const args = [generator, '--seed', VECTOR_SEED, '--fuzz', VECTOR_FUZZ, '--out', file, ...more]
    await promisify(execFile)(python, args, {
      env: DJANGO_PYTHON ? process.env : pythonVariables(),
    })
    return (await readFile(file, 'utf8')).trimEnd().split('\n')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

it('agrees with vectors of another seed', { timeout: 600_000 }, async ({ skip, task }) => {
  const python = await findPython().catch((error: unknown) => {
    if (!(error instanceof NoPythonError) || CI === 'true') throw error
    return skip(`no vectors of another seed: ${error.message}`)
  })
  const report = await runVectors(await makeAll(python), fileSessionChecks)
  Object.assign(task.meta, { counts: countsOf(report) })
  console.log(formatReport(`seed ${VECTOR_SEED}`, report))
  expect(report.failures).toEqual([])
  expect(report.total).toBeGreaterThan(1000)
})
