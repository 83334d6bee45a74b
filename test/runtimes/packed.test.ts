import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, inject, test } from 'vitest'

import { runCommand } from '../../tools/_command.ts'
import { ResultTable } from '../live/_results.ts'
import { compile } from '../package/_compile.ts'
import { runtimeNames } from '../package/_snapshot.ts'
import type { FoundRuntime } from './_runtimes.ts'

const { full } = inject('packed')
const names = runtimeNames()
const subpaths = exportedSubpaths()
const table = new ResultTable('subpaths')

afterAll(() => console.log(table.format()))

/** What `package.json` exports, as an application calls it. */
function exportedSubpaths(): string[] {
  const manifest = join(full, 'node_modules', 'async-django', 'package.json')
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly exports: object }
  const modules = Object.keys(exports).filter((subpath) => !subpath.endsWith('.json'))
  return modules.map((subpath) => `async-django${subpath.slice(1)}`)
}

/** How code gets at a module, in files of which kind. */
const ways = [
  { name: 'import', extension: 'mjs', load: (subpath: string) => `await import('${subpath}')` },
  { name: 'require', extension: 'cjs', load: (subpath: string) => `require('${subpath}')` },
] as const

/** The same for what is only compiled. */
const typedWays = [
  {
    name: 'types by import',
    extension: 'mts',
    load: (name: string, subpath: string) => `import * as ${name} from '${subpath}'`,
  },
  {
    name: 'types by require',
    extension: 'cts',
    load: (name: string, subpath: string) => `import ${name} = require('${subpath}')`,
  },
] as const

/** What a subpath holds at run time, or why it cannot be had, by subpaths. */
async function namesIn(
  { path, args }: FoundRuntime,
  { name, extension, load }: (typeof ways)[number],
): Promise<Record<string, unknown>> {
  const file = join(full, `every-${name}.${extension}`)
  const lines = subpaths.map(
    (subpath) => `
      try {
        names['${subpath}'] = Object.keys(${load(subpath)}).sort()
      } catch (error) {
        names['${subpath}'] = String(error)
      }`,
  )
  writeFileSync(file, `const names = {}${lines.join('')}\nconsole.log(JSON.stringify(names))\n`)
  const { output } = await runCommand([path ?? '', ...args, file], { cwd: full })
  const line = output.split('\n').findLast((each) => each.startsWith('{'))
  if (line === undefined) throw new Error(output)
  return JSON.parse(line) as Record<string, unknown>
}

/** What the compiler says of a program that names every subpath, with the types of a runtime. */
function problemsWith(
  typeRoot: string,
  { name, extension, load }: (typeof typedWays)[number],
): Promise<string> {
  const file = `every-${name.replaceAll(' ', '-')}.${extension}`
  const lines = subpaths.map((subpath, at) => `${load(`it${at}`, subpath)}\nvoid it${at}\n`)
  writeFileSync(join(full, file), lines.join(''))
  const types = { types: ['node'], typeRoots: [typeRoot], lib: ['ES2023', 'DOM'] }
  return compile(full, { module: 'NodeNext', moduleResolution: 'NodeNext', ...types }, [file])
}

describe.each(inject('runtimes').map((it) => [`${it.name} ${it.version}`, it] as const))(
  '%s',
  (row, runtime) => {
    const { path, typeRoot } = runtime

    for (const way of ways) {
      test.skipIf(path === null)(`${way.name} gives every subpath`, async () => {
        const seen = await namesIn(runtime, way)
        const good = subpaths.filter((it) => String(seen[it]) === names[it]?.join())
        table.add(row, way.name, good.length, subpaths.length)

        expect(seen).toEqual(names)
      })
    }

    for (const way of typeRoot === null ? [] : typedWays) {
      test(`${way.name} are there for every subpath`, async () => {
        const problems = await problemsWith(typeRoot ?? '', way)
        table.add(row, way.name, problems === '' ? subpaths.length : 0, subpaths.length)

        expect(problems).toBe('')
      })
    }
  },
)
