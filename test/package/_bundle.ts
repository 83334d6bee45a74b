/**
 * What an application gets of the package by a bundler.
 *
 * @module
 */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { type OutputAsset, type OutputChunk, rolldown } from 'rolldown'

import { peers } from './_peers.ts'

/** A bundle that uses all of a subpath, minified. */
export interface Bundle {
  readonly bytes: number
  readonly gzipped: number
  /** The same with what is loaded only when it is asked for: each such file compressed alone. */
  readonly wholeGzipped: number
  /** The files of the package that are read before the import is done, whatever is used of them. */
  readonly modules: readonly string[]
  /** Those of which something is in the bundle. */
  readonly files: readonly string[]
}

/** Bundles a subpath in a project that has the package installed. */
export async function bundle(subpath: string, project: string): Promise<Bundle> {
  const entry = join(project, 'entry.js')
  const imports = new Map<string, readonly string[]>()
  const build = await rolldown({
    input: entry,
    platform: 'node',
    external: [/^node:/, ...peers],
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? `export * from '${subpath}'` : null),
        moduleParsed: ({ id, importedIds }) => void imports.set(id, importedIds),
      },
    ],
  })
  const { output } = await build.generate({ format: 'esm', minify: true })
  await build.close()
  // What is loaded when it is asked for is left out: what reads a session, or writes one; `django.check()`.
  const chunks = staticChunks(output)
  const folder = join(project, 'node_modules', 'async-django', 'dist/')
  const used = chunks.flatMap(({ modules }) =>
    Object.entries(modules).filter(([, it]) => it.renderedLength > 0),
  )
  const namesOf = (files: readonly string[]): string[] =>
    files.filter((file) => file.startsWith(folder)).map((file) => file.slice(folder.length))
  const code = chunks.map((chunk) => chunk.code).join('')
  return {
    bytes: Buffer.byteLength(code),
    gzipped: sizeOf(code),
    wholeGzipped: output.reduce((sum, it) => sum + (it.type === 'chunk' ? sizeOf(it.code) : 0), 0),
    modules: namesOf([...reachable(entry, imports)]),
    files: namesOf(used.map(([file]) => file)),
  }
}

function sizeOf(code: string): number {
  return gzipSync(code, { level: 9 }).length
}

/** The chunk of the entry, and those that it imports. */
function staticChunks(output: readonly (OutputChunk | OutputAsset)[]): OutputChunk[] {
  const chunks = output.filter((it) => it.type === 'chunk')
  const imports = new Map(chunks.map((chunk) => [chunk.fileName, chunk.imports]))
  const [entry] = chunks
  const names = reachable(entry?.fileName ?? '', imports)
  return chunks.filter(({ fileName }) => names.has(fileName))
}

function reachable(
  from: string,
  imports: ReadonlyMap<string, readonly string[]>,
  seen: Set<string> = new Set(),
): Set<string> {
  if (seen.has(from)) return seen
  seen.add(from)
  for (const next of imports.get(from) ?? []) reachable(next, imports, seen)
  return seen
}
