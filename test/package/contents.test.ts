import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, inject, test } from 'vitest'

import { listFiles } from '../../tools/_project.ts'

const { bare, files } = inject('packed')
const installed = join(bare, 'node_modules', 'async-django')
const read = (file: string): string => readFileSync(join(installed, file), 'utf8')
const scripts = files.filter((file) => file.endsWith('.js'))

interface SourceMap {
  readonly sources: readonly string[]
  readonly sourcesContent: readonly string[]
}

/** Entries may only hand on what is in others. */
const holdsCode = (script: string): boolean => files.includes(`${script}.map`)
const mapOf = (script: string): SourceMap => JSON.parse(read(`${script}.map`)) as SourceMap
/** The files below `src/` that a script was made of. */
const sourcesOf = (script: string): string[] =>
  mapOf(script).sources.map((path) => path.replace(/^(\.\.\/)+/, ''))

describe('the tarball', () => {
  test('holds what is built, and what a reader wants', () => {
    expect(listFiles(installed)).toEqual(files.toSorted())
    const others = files.filter((file) => !file.startsWith('dist/'))
    expect(others.toSorted()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
    expect(scripts.length).toBeGreaterThan(20)
  })

  test('holds no source and no test', () => {
    expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\.|\.test-d\.|^src\//.test(file))).toEqual(
      [],
    )
  })

  test('names no folder of the machine that made it', () => {
    const folder = process.cwd()
    expect(files.filter((file) => read(file).includes(folder))).toEqual([])
  })

  test('holds the source of each script in its map, and each source once', () => {
    const all: string[] = []
    for (const file of scripts.filter(holdsCode)) {
      expect(read(file)).toMatch(/\n\/\/# sourceMappingURL=[\w.-]+\.js\.map$/)
      const { sourcesContent } = mapOf(file)
      const sources = sourcesOf(file)
      expect(sourcesContent).toEqual(sources.map((source) => readFileSync(source, 'utf8')))
      all.push(...sources)
    }
    expect(all.toSorted()).toEqual([...new Set(all)].toSorted())
  })
})

describe('package.json', () => {
  const manifest = JSON.parse(read('package.json')) as {
    readonly exports: Readonly<Record<string, string | { types: string; default: string }>>
    readonly imports: Readonly<Record<string, string>>
    readonly dependencies?: object
    readonly peerDependencies: object
    readonly peerDependenciesMeta: Readonly<Record<string, { optional?: boolean }>>
  }

  test('leads to files that are there', () => {
    const targets = [
      ...Object.values(manifest.exports).flatMap((it) =>
        typeof it === 'string' ? [it] : Object.values(it),
      ),
      ...Object.values(manifest.imports),
    ]
    expect(targets.filter((path) => !files.includes(path.replace('./', '')))).toEqual([])
  })

  test('asks for nothing, and offers every peer as optional', () => {
    expect(manifest.dependencies).toBeUndefined()
    const optionalPeers = Object.entries(manifest.peerDependenciesMeta)
      .filter(([, { optional = false }]) => optional)
      .map(([name]) => name)
    expect(optionalPeers.toSorted()).toEqual(Object.keys(manifest.peerDependencies).toSorted())
  })
})

describe('outside of the Node-only files', () => {
  const { exclude } = JSON.parse(readFileSync('tsconfig.core.json', 'utf8')) as {
    exclude: string[]
  }
  const nodeOnly = new Set(exclude)
  const web = scripts.filter(
    (script) => holdsCode(script) && !sourcesOf(script).some((source) => nodeOnly.has(source)),
  )

  test('nothing of Node is imported', () => {
    expect(web.length).toBeGreaterThan(10)
    expect(web.filter((script) => /['"]node:/.test(read(script)))).toEqual([])
  })

  test('no type of Node is named', () => {
    const declarations = files.filter(
      (file) =>
        file.endsWith('.d.ts') &&
        !nodeOnly.has(file.replace('dist/', 'src/').replace('.d.ts', '.ts')),
    )
    expect(declarations.length).toBeGreaterThan(40)
    const isOfNode = /reference types|\bBuffer\b|\bNodeJS\./
    expect(declarations.filter((file) => isOfNode.test(read(file)))).toEqual([])
  })
})
