/**
 * Makes `program.ts` one file of plain JavaScript, with the package in it: tests look into what is
 * not public, too. What was packed is for `packed.test.ts`.
 *
 * @module
 */
import { join, resolve } from 'node:path'

import { rolldown } from 'rolldown'

import { readJson } from '../../tools/_project.ts'
import { peers } from '../package/_peers.ts'

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
  readonly imports: Readonly<Record<string, string>>
}

const manifest = readJson('package.json') as Manifest
const drivers = ['kysely', 'libsql', 'pg', 'postgres', 'mysql2', /^mysql2\//, /^mariadb\//]

/** The sources of what is imported by name. */
const sources = new Map(
  [...Object.entries(manifest.exports), ...Object.entries(manifest.imports)].map(
    ([name, target]) => [
      name.replace(/^\./, 'async-django'),
      sourceOf(typeof target === 'string' ? target : target.default),
    ],
  ),
)

function sourceOf(built: string): string {
  return resolve(built.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))
}

/** Writes the program into a project that has the drivers, and answers where it is. */
export async function bundleProgram(project: string): Promise<string> {
  const build = await rolldown({
    input: resolve('test/runtimes/program.ts'),
    platform: 'node',
    external: [/^node:/, ...drivers, ...peers],
    plugins: [{ name: 'sources', resolveId: (id) => sources.get(id) ?? null }],
  })
  const file = join(project, 'program.mjs')
  await build.write({ format: 'esm', file, codeSplitting: false })
  await build.close()
  return file
}
