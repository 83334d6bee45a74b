/**
 * Packs the package as for a release, away from the working copy, and installs it in a fresh project.
 *
 * @module
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

import type { TestProject } from 'vitest/node'

import { runCommand } from '../../tools/_command.ts'
import { peers } from './_peers.ts'

/** Where the package was packed, and where it was installed. */
export interface Packed {
  /** The tarball that would be published. */
  readonly tarball: string
  /** A project with nothing in it but the installed package. */
  readonly bare: string
  /** The same with the optional peers, and the tools to compile and test with. */
  readonly full: string
  /** The paths in the tarball. */
  readonly files: readonly string[]
}

declare module 'vitest' {
  interface ProvidedContext {
    packed: Packed
  }
}

/** What decides what is published. */
const published = ['package.json', '.npmrc', 'README.md', 'LICENSE', 'CHANGELOG.md', 'src']
const configs = ['tsconfig.json', 'tsconfig.build.json', 'tools/bundle.mjs']

/** Called by Vitest before the tests of this folder. */
export async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'async-django-package-'))
  const { tarball, files } = await pack(join(folder, 'packing'), folder)
  const bare = await install(tarball, join(folder, 'bare'))
  const full = join(folder, 'full')
  cpSync(bare, full, { recursive: true })
  linkPeers(full)
  project.provide('packed', { tarball, bare, full, files })
  return () => rmSync(folder, { recursive: true, force: true })
}

async function pack(from: string, to: string): Promise<Pick<Packed, 'tarball' | 'files'>> {
  mkdirSync(from)
  for (const path of [...published, ...configs]) cpSync(path, join(from, path), { recursive: true })
  symlinkSync(resolve('node_modules'), join(from, 'node_modules'), 'junction')
  const output = await run(
    ['npm', 'pack', '--json', '--loglevel=error', `--pack-destination=${to}`],
    from,
  )
  const [packed] = JSON.parse(output.slice(output.indexOf('\n[') + 1)) as Array<{
    filename: string
    files: Array<{ path: string }>
  }>
  if (!packed) throw new Error('npm pack told nothing of what it made.')
  return { tarball: join(to, packed.filename), files: packed.files.map(({ path }) => path) }
}

/** Offline: the package has no dependencies, so that nothing needs to be fetched. */
async function install(tarball: string, project: string): Promise<string> {
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n')
  await run(
    ['npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', tarball],
    project,
  )
  return project
}

/** What programs are compiled and tested with, beside the peers. */
const tools = [
  'ioredis',
  'libsql',
  'mariadb',
  'mysql2',
  'pg',
  'postgres',
  'valibot',
  'vitest',
  'zod',
  '@standard-schema/spec',
  '@types',
]

function linkPeers(project: string): void {
  for (const name of [...peers, ...tools]) {
    const from = resolve('node_modules', name)
    const to = join(project, 'node_modules', name)
    mkdirSync(dirname(to), { recursive: true })
    if (existsSync(from) && !existsSync(to)) symlinkSync(from, to, 'junction')
  }
}

async function run(command: readonly string[], cwd: string): Promise<string> {
  const { isOk, output } = await runCommand(command, { cwd })
  if (!isOk) throw new Error(`${command.join(' ')} failed:\n${output}`)
  return output
}
