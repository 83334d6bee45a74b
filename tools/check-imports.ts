/**
 * Checks that imports in `src/` point the way that `_import-table.ts` says.
 *
 * @module
 */
import { readFileSync } from 'node:fs'

import { checkHouse, type House } from './_import-rules.ts'
import { isTest, listFiles, readJson, report } from './_project.ts'

interface Manifest {
  readonly imports: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

interface CoreConfig {
  readonly exclude: readonly string[]
}

function readHouse(): House {
  const manifest = readJson('package.json') as Manifest
  const { exclude } = readJson('tsconfig.core.json') as CoreConfig
  const files = listFiles('src').filter((file) => file.endsWith('.ts') && !isTest(file))
  return {
    sources: new Map(files.map((file) => [file, readFileSync(`src/${file}`, 'utf8')])),
    aliases: new Map(
      Object.entries(manifest.imports).map(([name, built]) => [
        name,
        built.replace('./dist/', '').replace(/\.js$/, '.ts'),
      ]),
    ),
    packages: new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })),
    nodeOnly: new Set(
      exclude.filter((path) => !path.includes('*')).map((path) => path.replace('src/', '')),
    ),
  }
}

report('imports', checkHouse(readHouse()))
