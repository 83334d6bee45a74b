/**
 * The types of the Express adapter hold with those of Express 4, too: the same type tests, compiled
 * as in a project that has the other release.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { runCommand } from '../../tools/_command.ts'
import { projectRoot } from '../../tools/_root.ts'

interface Configuration {
  readonly compilerOptions: { readonly paths: Readonly<Record<string, readonly string[]>> }
}

/** Writes a configuration in which `express` is another package. */
function configure(types: string): string {
  const own = JSON.parse(readFileSync(join(projectRoot, 'tsconfig.json'), 'utf8')) as Configuration
  const paths = {
    ...own.compilerOptions.paths,
    express: [`./node_modules/@types/${types}/index.d.ts`],
  }
  const absolute = Object.entries(paths).map(([name, targets]) => [
    name,
    targets.map((target) => join(projectRoot, target)),
  ])
  const folder = join(projectRoot, 'build', 'types')
  const file = join(folder, `tsconfig.${types}.json`)
  mkdirSync(folder, { recursive: true })
  const configuration = {
    extends: '../../tsconfig.json',
    compilerOptions: { paths: Object.fromEntries(absolute) as object, skipLibCheck: true },
    include: [],
    files: ['../../test/types/express.test-d.ts'],
  }
  writeFileSync(file, JSON.stringify(configuration))
  return file
}

test('hold with Express 4', async () => {
  const file = configure('express4')
  const { output } = await runCommand(['tsc', '-p', file, '--pretty', 'false'])
  expect(output.split('\n').filter((line) => /express/.test(line))).toEqual([])
  const listed = await runCommand(['tsc', '-p', file, '--listFilesOnly'])
  expect(listed.output).toMatch(/@types\/express4\/index\.d\.ts/)
  expect(listed.output).not.toMatch(/@types\/express\/index\.d\.ts/)
})
