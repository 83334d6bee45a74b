/**
 * Checks what users can import: every public file is exported and built, nothing else is, and the
 * public names are those of `test/package/exports.snapshot`. With `--write`, brings `package.json`
 * and the snapshot up to date instead; the difference then shows in review. Wants a fresh build.
 *
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

import {
  compareBuilt,
  compareExports,
  compareLines,
  exportedNames,
  type ExportMap,
  exportMap,
  formatSnapshot,
  listedSubpaths,
} from './_exports.ts'
import { isTest, listFiles, readJson, report } from './_project.ts'

const snapshotFile = 'test/package/exports.snapshot'

interface Manifest {
  exports: ExportMap
}

const manifest = readJson('package.json') as Manifest
const sources = listFiles('src').filter((file) => file.endsWith('.ts') && !isTest(file))
const expected = exportMap(sources)

function publicNames(): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>()
  for (const [subpath, entry] of Object.entries(expected)) {
    if (typeof entry === 'string' || !existsSync(entry.types)) continue
    names.set(subpath, exportedNames(entry.types, readFileSync(entry.types, 'utf8')))
  }
  return names
}

function checkNames(): string[] {
  const was = existsSync(snapshotFile) ? readFileSync(snapshotFile, 'utf8') : ''
  const changes = compareLines(was, formatSnapshot(publicNames()))
  return changes.map((change) => `${snapshotFile}: ${change}`)
}

function checkReadme(): string[] {
  const listed = existsSync('README.md') ? listedSubpaths(readFileSync('README.md', 'utf8')) : null
  if (listed === null) return []
  const real = Object.keys(expected).filter((subpath) => subpath !== './package.json')
  return [
    ...real.filter((it) => !listed.includes(it)).map((it) => `README.md does not list ${it}`),
    ...listed.filter((it) => !real.includes(it)).map((it) => `README.md lists ${it}: it is none`),
  ]
}

function write(): void {
  manifest.exports = expected
  writeFileSync('package.json', `${JSON.stringify(manifest, null, 2)}\n`)
  writeFileSync(snapshotFile, formatSnapshot(publicNames()))
}

if (process.argv.includes('--write')) write()
const problems = [
  ...compareExports(manifest.exports, expected),
  ...compareBuilt(listFiles('dist'), sources),
  ...checkNames(),
  ...checkReadme(),
]
if (problems.length > 0) problems.push('What is meant so is taken over by: npm run exports:write')
report('exports', problems)
