/**
 * Django's source releases, which carry their tests, and a Python for each.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { runCommand } from '../../tools/_command.ts'
import { type DjangoRelease, djangoPython, pythonVariables } from '../../tools/_python.ts'
import { projectRoot } from '../../tools/_root.ts'

/** A release whose tests are run. */
export type Release = DjangoRelease & { readonly series: '4.2' | '5.2' | '6.0' | '6.1' }

/** What Django's tests need beside Django. */
const packages: readonly string[] = [
  'jinja2==3.1.6',
  'tblib==3.1.0',
  'argon2-cffi==25.1.0',
  'bcrypt==4.3.0',
  'redis==6.4.0',
]

/** All of them, the oldest first. */
export const releases: readonly Release[] = [
  { series: '4.2', django: '4.2.30', minimum: [3, 8], packages },
  { series: '5.2', django: '5.2.19', minimum: [3, 10], packages },
  { series: '6.0', django: '6.0.10', minimum: [3, 12], packages },
  { series: '6.1', django: '6.1.3', minimum: [3, 12], packages },
]

/** A release that is here: unpacked, with a Python that runs it. */
export interface Source {
  readonly python: string
  /** The folder with `django/` and `tests/` in it. */
  readonly folder: string
}

/**
 * Fetches what is not here yet.
 *
 * @throws NoPythonError; an Error where the package index does not give the source.
 */
export async function openSource(
  release: Release,
  log: (line: string) => void = console.log,
): Promise<Source> {
  const python = await djangoPython(release, log)
  const folder = join(projectRoot, 'build', 'django', release.django)
  if (!existsSync(folder)) await fetchSource(python, release, folder, log)
  return { python, folder }
}

/** Unpacked beside its place and moved there whole. */
async function fetchSource(
  python: string,
  { django }: Release,
  folder: string,
  log: (line: string) => void,
): Promise<void> {
  log(`Fetching the source of Django ${django} (once, into build/) …`)
  const parent = join(folder, '..')
  await mkdir(parent, { recursive: true })
  const half = await mkdtemp(join(parent, 'fetch-'))
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-input']
    const source = ['--no-deps', '--no-binary', ':all:', '--dest', half, `Django==${django}`]
    await run([python, ...pip, ...source])
    const [archive = ''] = await readdir(half)
    await run([python, '-m', 'tarfile', '--extract', join(half, archive), half])
    const unpacked = (await readdir(half)).find((name) => name !== archive) ?? ''
    if (!existsSync(folder)) await rename(join(half, unpacked), folder)
  } finally {
    await rm(half, { recursive: true, force: true })
  }
}

async function run(command: readonly string[]): Promise<void> {
  const { isOk, output } = await runCommand(command, { env: pythonVariables() as Variables })
  if (!isOk) throw new Error(`${command.join(' ')} failed: ${output}`)
}

type Variables = Readonly<Record<string, string>>
