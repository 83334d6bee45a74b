import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, inject, test } from 'vitest'

import { listFiles } from '../../tools/_project.ts'

const { bare, files } = inject('packed')
const installed = join(bare, 'node_modules', 'async-django')
const read = (file: string): string => readFileSync(join(installed, file), 'utf8')
const scripts = files.filter((file) => file.endsWith('.js'))

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

  test('holds a source map with its source for each script', () => {
    for (const file of scripts) {
      expect(read(file)).toMatch(/\n\/\/# sourceMappingURL=[\w.-]+\.js\.map$/)
      const map = JSON.parse(read(`${file}.map`)) as { sourcesContent: string[]; sources: string[] }
      const source = file.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts')
      expect(map.sources.map((path) => path.replace(/^(\.\.\/)+/, ''))).toEqual([source])
      expect(map.sourcesContent).toEqual([readFileSync(source, 'utf8')])
    }
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
  const nodeOnly = exclude.map((path) => path.replace('src/', 'dist/').replace('.ts', ''))
  const web = files.filter(
    (file) => /\.(js|d\.ts)$/.test(file) && !nodeOnly.includes(file.replace(/\.(js|d\.ts)$/, '')),
  )

  test('nothing of Node is imported', () => {
    expect(web.length).toBeGreaterThan(40)
    expect(web.filter((file) => /['"]node:/.test(read(file)))).toEqual([])
  })

  test('no type of Node is named', () => {
    const declarations = web.filter((file) => file.endsWith('.d.ts'))
    const isOfNode = /reference types|\bBuffer\b|\bNodeJS\./
    expect(declarations.filter((file) => isOfNode.test(read(file)))).toEqual([])
  })
})
