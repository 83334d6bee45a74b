/**
 * The runtimes that this package is tested in, each brought by an npm package with its program, once,
 * into `build/runtimes/`.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { type CommandResult, runCommand } from '../../tools/_command.ts'
import { projectRoot } from '../../tools/_root.ts'

/** A runtime in one version. */
export interface Runtime {
  /** `Node 22`. */
  readonly name: string
  /** Exact: `22.23.3`. */
  readonly version: string
  /** The npm package that brings the program for this machine; null where there is none. */
  readonly packageName: string | null
  /** Where in that package the program is. */
  readonly program: string
  /** What stands between the program and the file that it is to run. */
  readonly args: readonly string[]
  /** The version of `@types/node` that tells what there is; null where that is another package's. */
  readonly types: string | null
}

/** A runtime, and whether it can be had. */
export interface FoundRuntime extends Runtime {
  /** The path of its program; null where it cannot be had. */
  readonly path: string | null
  /** Why not; empty where it can. */
  readonly reason: string
  /** The folder of its types; null where there are none of its own. */
  readonly typeRoot: string | null
}

const { platform, arch } = process
const exe = platform === 'win32' ? '.exe' : ''

/** The oldest that is supported, and the newest of each later line; Bun and Deno. */
export const runtimes: readonly Runtime[] = [
  node('20.19.0', '20.19.43'),
  node('22.23.3', '22.20.5'),
  node('24.21.0', '24.19.2'),
  node('26.10.0', '26.6.6'),
  {
    name: 'Bun',
    version: '1.4.5',
    packageName: bunPackage(),
    program: `bin/bun${exe}`,
    args: ['--no-install'],
    types: null,
  },
  {
    name: 'Deno',
    version: '2.9.6',
    packageName: denoPackage(),
    program: `deno${exe}`,
    args: ['run', '--allow-all', '--no-prompt'],
    types: null,
  },
]

function node(version: string, types: string): Runtime {
  const [major = ''] = version.split('.')
  const system = platform === 'win32' ? 'win' : platform
  return {
    name: `Node ${major}`,
    version,
    packageName: `node-${system}-${arch}`,
    program: `bin/node${exe}`,
    args: [],
    types,
  }
}

function bunPackage(): string {
  const system = platform === 'win32' ? 'windows' : platform
  return `@oven/bun-${system}-${arch === 'arm64' ? 'aarch64' : arch}`
}

function denoPackage(): string | null {
  if (arch !== 'x64' && arch !== 'arm64') return null
  return `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`
}

/** Finds a runtime, or fetches it. Never throws: one that cannot be had says why. */
export async function findRuntime(runtime: Runtime): Promise<FoundRuntime> {
  const { packageName, program, types } = runtime
  if (packageName === null) return missing(runtime, `it is not made for ${platform} on ${arch}`)
  const folder = join(projectRoot, 'build', 'runtimes', folderName(runtime))
  if (!existsSync(folder)) {
    const packages = [
      `${packageName}@${runtime.version}`,
      ...(types ? [`@types/node@${types}`] : []),
    ]
    const { isOk, output } = await fetchInto(folder, packages)
    if (!isOk) return missing(runtime, reasonIn(output))
  }
  const path = join(folder, 'node_modules', packageName, program)
  const { isOk, output } = await runCommand([path, '--version'], { maxMinutes: 1 })
  if (!isOk) return missing(runtime, reasonIn(output))
  const typeRoot = types === null ? null : join(folder, 'node_modules', '@types')
  return { ...runtime, path, reason: '', typeRoot }
}

function folderName({ name, version, types }: Runtime): string {
  const own = `${name.toLowerCase().replace(/\W.*/, '')}-${version}`
  return types === null ? own : `${own}+types-${types}`
}

function missing(runtime: Runtime, reason: string): FoundRuntime {
  return { ...runtime, path: null, reason, typeRoot: null }
}

/** Made beside its place and moved there whole: neither a crash nor a second process leaves half of one. */
async function fetchInto(
  folder: string,
  packages: readonly string[],
): Promise<Pick<CommandResult, 'isOk' | 'output'>> {
  const half = `${folder}.${process.pid}.tmp`
  await mkdir(half, { recursive: true })
  try {
    await writeFile(join(half, 'package.json'), '{ "private": true }\n')
    // The program is in the package: what its scripts would do is not needed.
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const install = ['npm', 'install', ...quiet, ...packages]
    const result = await runCommand(install, { cwd: half, maxMinutes: 5 })
    if (result.isOk) await rename(half, folder)
    return result
  } catch (error) {
    return { isOk: existsSync(folder), output: String(error) }
  } finally {
    await rm(half, { recursive: true, force: true })
  }
}

/** The first line in which npm says what went wrong, else the last of all. */
function reasonIn(output: string): string {
  const lines = output
    .trim()
    .split('\n')
    .map((line) => line.replace(/^npm error /, ''))
  const told = lines.find((line) => !/^(?:code|errno|syscall|npm warn|A complete log) /.test(line))
  return told ?? lines.at(-1) ?? 'it gave no reason'
}
