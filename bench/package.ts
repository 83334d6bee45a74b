/**
 * What the package costs before it does anything: the size of its core in an application's bundle,
 * and the time that its import takes.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { bundle } from '../test/package/_bundle.ts'
import { projectRoot } from '../tools/_root.ts'
import { median, rounded, saveResults } from './_results.ts'

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const imports = options.quick ? 5 : 21

const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
  name: string
  exports: Readonly<Record<string, string | { readonly default: string }>>
}
const subpaths = Object.entries(manifest.exports).flatMap(([subpath, entry]) =>
  typeof entry === 'string' || subpath === './testing'
    ? []
    : [{ name: manifest.name + subpath.slice(1), file: join(projectRoot, entry.default) }],
)

/** Milliseconds of one import, in a process of its own; that of other packages included. */
function importMs(name: string): number {
  const program = `const start = performance.now(); await import('${name}'); console.log(performance.now() - start)`
  const args = ['--input-type=module', '--eval', program]
  return Number(execFileSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8' }))
}

const times = new Map(subpaths.map(({ name }) => [name, [] as number[]]))
for (let round = 0; round < imports; round++) {
  for (const [name, ms] of times) ms.push(importMs(name))
}

const rows: object[] = []
for (const { name, file } of subpaths) {
  if (!existsSync(file)) continue
  const { bytes, gzipped } = await bundle(name, projectRoot)
  rows.push({
    import: name,
    kB: rounded(bytes / 1000, 1),
    'kB compressed': rounded(gzipped / 1000, 1),
    'import ms': rounded(median(times.get(name) ?? []), 1),
  })
}
const title = `Size with all that it imports of this package; time of import, median of ${imports} processes`
console.log(title)
console.table(rows)
saveResults('package', { title, rows })
