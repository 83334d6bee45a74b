/**
 * Makes Python environments with real Django in them, each once, in `.venv/` of the clone.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import { newerPython } from './_newer-python.ts'
import { projectRoot } from './_root.ts'

const exec = promisify(execFile)

/** What an environment is to hold. */
export interface DjangoRelease {
  /** Exact: `5.2.19`. */
  readonly django: string
  /** What pip installs beside it: database drivers. Default none. */
  readonly packages?: readonly string[]
  /** The oldest Python that this Django runs on. */
  readonly minimum: readonly [major: number, minor: number]
  /** The command of a Python to take. Default: the first good one on the path. */
  readonly python?: string | undefined
}

/** The release that the demo shows. */
export const currentDjango: DjangoRelease = { django: '5.2.19', minimum: [3, 10] }

/** Packages by which Django reaches other databases than SQLite; none of them needs a compiler. */
export const databaseDrivers: readonly string[] = ['psycopg[binary]==3.3.9', 'PyMySQL==1.2.4']

/** Packages by which Django, and django-redis, reach caches; none of them needs a compiler. */
export const cacheDrivers: readonly string[] = [
  'redis==6.4.0',
  'django-redis==6.0.0',
  'pymemcache==4.0.0',
]

/** There is no Python to work with; the message says in one line what to install. */
export class NoPythonError extends Error {
  override readonly name = 'NoPythonError'
}

/** A Python that can make environments. */
interface Python {
  readonly command: string
  readonly version: string
}

/**
 * The path of a Python that has this Django: made at the first call, found at the next.
 *
 * @param log - Told what takes a while.
 * @throws NoPythonError where Python, venv, pip or the packages cannot be had.
 */
export async function djangoPython(
  release: DjangoRelease,
  log: (line: string) => void = () => {},
): Promise<string> {
  const base = await findPython(release)
  const folder = join(projectRoot, '.venv', folderName(release, base))
  const isThere = existsSync(folder)
  if (isThere && (await holdsDjango(folder, release))) return pythonIn(folder)
  // The Python that it was made from is gone, say.
  if (isThere) await rm(folder, { recursive: true, force: true })
  log(`Making a Python environment with Django ${release.django} (once, in .venv/) …`)
  await makeEnvironment(base, release, folder)
  return pythonIn(folder)
}

/** The environment variables for a Python of ours: nothing of another one, and no files beside the source. */
export function pythonVariables(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PYTHONHOME: _home, PYTHONPATH: _path, VIRTUAL_ENV: _env, ...rest } = process.env
  return { ...rest, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1', PYTHONUTF8: '1', ...more }
}

function folderName({ django, packages = [] }: DjangoRelease, { version }: Python): string {
  const parts = [`django-${django}`, `python-${version}`, ...packages]
  return parts.join('+').replace(/[^\w.+-]+/g, '-')
}

function pythonIn(folder: string): string {
  return process.platform === 'win32'
    ? join(folder, 'Scripts', 'python.exe')
    : join(folder, 'bin', 'python')
}

async function holdsDjango(folder: string, { django }: DjangoRelease): Promise<boolean> {
  return (await output(pythonIn(folder), ['-m', 'django', '--version'])) === django
}

/** Made beside its place and moved there whole: neither a crash nor a second process leaves half of one. */
async function makeEnvironment(
  base: Python,
  release: DjangoRelease,
  folder: string,
): Promise<void> {
  const half = `${folder}.${process.pid}.tmp`
  await mkdir(dirname(folder), { recursive: true })
  await removeLeftovers(dirname(folder))
  try {
    await run(base.command, ['-m', 'venv', half], venvProblem(base))
    const packages = [`Django==${release.django}`, ...(release.packages ?? [])]
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input']
    await run(
      pythonIn(half),
      [...install, ...packages],
      `pip could not install ${packages.join(', ')}; is a package index within its reach?`,
    )
    await moveInto(half, folder, release)
  } finally {
    await rm(half, { recursive: true, force: true })
  }
}

/** What processes began that were ended before they could remove it. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1]
    if (pid === undefined || isRunning(Number(pid))) continue
    await rm(join(parent, name), { recursive: true, force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return Reflect.get(Object(error), 'code') !== 'ESRCH'
  }
}

async function moveInto(half: string, folder: string, release: DjangoRelease): Promise<void> {
  try {
    await rename(half, folder)
  } catch (error) {
    if (!(await holdsDjango(folder, release))) throw error
  }
}

/** Whether there is a Python of this version or a later one. */
export async function hasPython(minimum: DjangoRelease['minimum']): Promise<boolean> {
  return (await lookForPython(commandNames(minimum), minimum)).python !== null
}

async function findPython({ django, minimum, python }: DjangoRelease): Promise<Python> {
  const wanted = minimum.join('.')
  const commands = python === undefined ? commandNames(minimum) : [python]
  const { python: good, found } = await lookForPython(commands, minimum)
  if (good !== null) return good
  const seen = found.length === 0 ? 'none was found' : found.join(', ')
  throw new NoPythonError(
    `Django ${django} needs Python ${wanted} or later, and ${seen}. Install it: ` +
      'https://www.python.org/downloads/, or "apt install python3 python3-venv" on Debian and Ubuntu.',
  )
}

async function lookForPython(
  commands: readonly string[],
  minimum: DjangoRelease['minimum'],
): Promise<{ python: Python | null; found: string[] }> {
  const found: string[] = []
  for (const command of commands) {
    const version = await output(command, [
      '-c',
      'import sys; print("%d.%d" % sys.version_info[:2])',
    ])
    if (version === null) continue
    if (isAtLeast(version, minimum)) return { python: { command, version }, found }
    found.push(`${command} is ${version}`)
  }
  return { python: null, found }
}

function commandNames([major, oldest]: readonly [number, number]): string[] {
  const named = process.env['PYTHON'] ? [process.env['PYTHON']] : []
  const newest = 14
  const numbered = Array.from(
    { length: newest - oldest + 1 },
    (_, at) => `python${major}.${newest - at}`,
  )
  return [...named, 'python3', ...numbered, 'python', ...pyenvPythons(), newerPython]
}

/** pyenv puts every version on the path, and lets only the chosen one run from there. */
function pyenvPythons(): string[] {
  const versions = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions')
  const names = existsSync(versions) ? readdirSync(versions) : []
  return names.map((name) => join(versions, name, 'bin', 'python'))
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [theirMajor = 0, theirMinor = 0] = version.split('.').map(Number)
  return theirMajor > major || (theirMajor === major && theirMinor >= minor)
}

function venvProblem({ command, version }: Python): string {
  return (
    `${command} (${version}) cannot make environments; on Debian and Ubuntu: ` +
    `"apt install python${version}-venv"`
  )
}

/** What a command prints, or null where it fails. */
async function output(command: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await exec(command, args, { env: pythonVariables(), timeout: 20_000 })
    return stdout.trim()
  } catch {
    return null
  }
}

async function run(command: string, args: readonly string[], problem: string): Promise<void> {
  try {
    await exec(command, args, { env: pythonVariables(), timeout: 300_000 })
  } catch (error) {
    throw new NoPythonError(`${problem} (${reasonOf(error)}).`, { cause: error })
  }
}

/** The last line in which a tool says what went wrong. */
function reasonOf(error: unknown): string {
  const {
    stderr = '',
    stdout = '',
    killed = false,
  } = error as {
    stderr?: string
    stdout?: string
    killed?: boolean
  }
  if (killed) return 'it took more than five minutes'
  const lines = `${stdout}\n${stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  const last = lines.findLast((line) => line.startsWith('ERROR:')) ?? lines.at(-1)
  return last?.replace(/^ERROR:\s*/, '').replace(/\.$/, '') ?? 'it gave no reason'
}
