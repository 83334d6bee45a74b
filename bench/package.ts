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
import { gzipSync } from 'node:zlib'

import { rolldown } from 'rolldown'

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

/** Bytes of all that a subpath holds, minified, and compressed too. Other packages stay outside. */
async function bundle(file: string): Promise<{ minified: number; compressed: number }> {
  const build = await rolldown({
    input: file,
    platform: 'node',
    external: (id) => !/^[./#]/.test(id),
  })
  const { output } = await build.generate({ format: 'esm', minify: true })
  await build.close()
  const code = Buffer.from(output[0].code)
  return { minified: code.length, compressed: gzipSync(code, { level: 9 }).length }
}

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
  const { minified, compressed } = await bundle(file)
  rows.push({
    import: name,
    kB: rounded(minified / 1000, 1),
    'kB compressed': rounded(compressed / 1000, 1),
    'import ms': rounded(median(times.get(name) ?? []), 1),
  })
}
const title = `Size with all that it imports of this package; time of import, median of ${imports} processes`
console.log(title)
console.table(rows)
saveResults('package', { title, rows })
