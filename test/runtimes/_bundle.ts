/**
 * Makes `program.ts` one file of plain JavaScript, in a project that has the package installed.
 *
 * @module
 */
import { join, relative, resolve, sep } from 'node:path'

import { type PartialResolvedId, rolldown } from 'rolldown'

const source = resolve('src') + sep
const drivers = ['kysely', 'libsql', 'pg', 'postgres', 'mysql2', /^mysql2\//, /^mariadb\//]

/**
 * Bundles the tests, and nothing of the package: what they import of it, public or from its source,
 * is what was installed.
 */
export async function bundleProgram(project: string): Promise<string> {
  const build = await rolldown({
    input: resolve('test/runtimes/program.ts'),
    platform: 'node',
    external: [/^node:/, /^async-django/, ...drivers],
    plugins: [{ name: 'installed', resolveId: installedFile }],
  })
  const file = join(project, 'program.mjs')
  await build.write({ format: 'esm', file })
  await build.close()
  return file
}

function installedFile(id: string, importer: string | undefined): PartialResolvedId | null {
  if (!id.startsWith('.') || importer === undefined) return null
  const file = resolve(importer, '..', id)
  if (!file.startsWith(source)) return null
  const path = relative(source, file).replace(/\.ts$/, '.js').split(sep).join('/')
  return { id: `./node_modules/async-django/dist/${path}`, external: 'relative' }
}
