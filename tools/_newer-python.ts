/**
 * A newer Python beside a machine's own: Django 6 needs 3.12 or later, which Debian 12 has not. It
 * comes from Debian's own packages, in a folder, and runs there by the libraries that it came with.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { runCommand } from './_command.ts'
import { projectRoot } from './_root.ts'

const folder = join(projectRoot, '.venv', 'debian-13')
const usr = join(folder, 'usr')
const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'].map((path) =>
  join(folder, path),
)

/** Where it is, once it was made. */
export const newerPython: string = join(usr, 'bin', 'python3.13-beside')

/**
 * Makes it, in about a minute and 300 MB. It installs what it takes to do so, and is for machines
 * that are made for tests.
 *
 * @throws Error where this is no Debian, or packages cannot be installed.
 */
export async function makeNewerPython(): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64' || process.getuid?.() !== 0) {
    throw new Error('A newer Python can be made by root on Linux, on x64, and nowhere else.')
  }
  await installTools()
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const mirror = mirrors()[0]
  const source = mirror === undefined ? [] : [mirror]
  await run(
    'debootstrap',
    '--variant=minbase',
    '--include=python3-venv',
    'trixie',
    folder,
    ...source,
  )
  ownWheels()
  const loader = join(folder, 'lib64', 'ld-linux-x86-64.so.2')
  const links = ['--set-interpreter', loader, '--force-rpath', '--set-rpath', libraries.join(':')]
  // Last: where this file is, all of it is there.
  await run('patchelf', ...links, '--output', newerPython, join(usr, 'bin', 'python3.13'))
}

async function installTools(): Promise<void> {
  const tools = ['debootstrap', 'patchelf']
  const { isOk } = await runCommand(['apt-get', 'install', '-y', '-q', ...tools])
  if (isOk) return
  await run('apt-get', 'update', '-q')
  await run('apt-get', 'install', '-y', '-q', ...tools)
}

/** Where this machine gets its packages from, as it may reach no other place. */
function mirrors(): string[] {
  const files = ['/etc/apt/sources.list', ...listFolder('/etc/apt/sources.list.d')]
  return files
    .filter((file) => existsSync(file))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^(?:deb |URIs:).*?(https?:\S+)/gm)])
    .map(([, url = '']) => url)
}

function listFolder(path: string): string[] {
  return existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : []
}

/** Debian's Python makes environments with the pip of one folder, which it knows by its full path. */
function ownWheels(): void {
  const library = join(usr, 'lib', 'python3.13')
  for (const name of readdirSync(library).filter((each) => each.startsWith('_sysconfigdata'))) {
    const file = join(library, name)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace("'/usr/share/python-wheels", `'${usr}/share/python-wheels`))
  }
}

async function run(...command: readonly string[]): Promise<void> {
  const { isOk, output } = await runCommand(command, { env: { DEBIAN_FRONTEND: 'noninteractive' } })
  if (!isOk) throw new Error(`${command.join(' ')} failed: ${output.trim().split('\n').at(-1)}`)
}
