/**
 * What an application gets of the package by a bundler.
 *
 * @module
 */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { rolldown } from 'rolldown'

import { peers } from './_peers.ts'

/** A bundle that uses all of a subpath, minified. */
export interface Bundle {
  readonly bytes: number
  readonly gzipped: number
  /** The files of the package that it looked into. */
  readonly modules: readonly string[]
  /** Those of which something is in the bundle. */
  readonly files: readonly string[]
}

/** Bundles a subpath in a project that has the package installed. */
export async function bundle(subpath: string, project: string): Promise<Bundle> {
  const entry = join(project, 'entry.js')
  const build = await rolldown({
    input: entry,
    platform: 'node',
    external: [/^node:/, ...peers],
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? `export * from '${subpath}'` : null),
      },
    ],
  })
  const { output } = await build.generate({ format: 'esm', minify: true })
  await build.close()
  const [chunk] = output
  const folder = join(project, 'node_modules', 'async-django', 'dist/')
  const read = Object.entries(chunk.modules).filter(([file]) => file.startsWith(folder))
  const used = read.filter(([, { renderedLength }]) => renderedLength > 0)
  const code = Buffer.from(chunk.code)
  return {
    bytes: code.length,
    gzipped: gzipSync(code, { level: 9 }).length,
    modules: read.map(([file]) => file.slice(folder.length)),
    files: used.map(([file]) => file.slice(folder.length)),
  }
}
