/**
 * Makes package-lock.json whole for every platform. A registry that mirrors another may not have
 * the binaries for all platforms yet; `npm install` then leaves them out of the lockfile, and
 * `npm ci` refuses such a lockfile everywhere. What is missing is known: packages with binaries name
 * them, with their exact versions. `--check` only tells.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'

import { report } from './_project.ts'

interface LockedPackage {
  readonly version?: string
  readonly dev?: boolean
  readonly license?: string
  readonly engines?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly resolved?: string
}

interface Lockfile {
  packages: Record<string, LockedPackage>
}

interface MissingBinary {
  readonly path: string
  readonly entry: LockedPackage
}

function missingBinaries({ packages }: Lockfile): MissingBinary[] {
  return Object.entries(packages).flatMap(([owner, locked]) =>
    Object.entries(locked.optionalDependencies ?? {})
      .filter(([name, version]) => isBinary(name) && !isLocked(packages, owner, name, version))
      .map(([name, version]) => ({
        path: pathFor(packages, owner, name),
        entry: binaryEntry(name, version, locked),
      })),
  )
}

const platforms = /\b(?:android|darwin|freebsd|linux|openharmony|win32)\b/
const architectures = /\b(?:arm64|arm|ia32|ppc64|riscv64|s390x|x64)\b/

function isBinary(name: string): boolean {
  return platforms.test(name) && architectures.test(name)
}

/** npm puts a package beside the one that wants it, or above. */
function isLocked(
  packages: Lockfile['packages'],
  owner: string,
  name: string,
  version: string,
): boolean {
  const nested = packages[`${owner}/node_modules/${name}`]
  return (nested ?? packages[`node_modules/${name}`])?.version === version
}

function pathFor(packages: Lockfile['packages'], owner: string, name: string): string {
  const top = `node_modules/${name}`
  const isNested = owner.lastIndexOf('node_modules/') > 0 || packages[top] !== undefined
  return isNested ? `${owner}/${top}` : top
}

/** No integrity: only a machine of that platform fetches it, from the registry that has it. */
function binaryEntry(name: string, version: string, owner: LockedPackage): LockedPackage {
  const [platform = ''] = platforms.exec(name) ?? []
  const [architecture = ''] = architectures.exec(name) ?? []
  const libc = /-musl/.test(name) ? ['musl'] : /-gnu/.test(name) ? ['glibc'] : null
  return {
    version,
    cpu: [architecture],
    ...(owner.dev ? { dev: true } : {}),
    ...(platform === 'linux' && libc ? { libc } : {}),
    ...(owner.license ? { license: owner.license } : {}),
    optional: true,
    os: [platform],
    ...(owner.engines ? { engines: owner.engines } : {}),
  } as LockedPackage
}

const file = 'package-lock.json'
const isCheck = process.argv.includes('--check')
const lockfile = JSON.parse(readFileSync(file, 'utf8')) as Lockfile
const missing = missingBinaries(lockfile)

if (isCheck) {
  report('lockfile', [
    ...missing.map(({ path }) => `${file} lacks ${path}: run "npm run lockfile".`),
    ...Object.entries(lockfile.packages)
      .filter(([, { resolved }]) => resolved !== undefined)
      .map(([path]) => `${file} names a registry for ${path}.`),
  ])
} else {
  for (const { path, entry } of missing) lockfile.packages[path] = entry
  const sorted = Object.entries(lockfile.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'))
  lockfile.packages = Object.fromEntries(sorted)
  writeFileSync(file, `${JSON.stringify(lockfile, null, 2)}\n`)
  console.log(`lockfile: ${missing.length} binaries for other platforms added`)
}
