import { expect, test } from 'vitest'

import { checkHouse } from './_import-rules.ts'

/** A house in order, with the given files put in. */
function problems(
  files: Readonly<Record<string, string>>,
  { packages = ['kysely'], nodeOnly = ['platform/node.ts', 'stores/file.ts'] } = {},
): string[] {
  return checkHouse({
    sources: new Map(Object.entries({ ...inOrder, ...files })),
    aliases: new Map([['#platform', 'platform/node.ts']]),
    packages: new Set(packages),
    nodeOnly: new Set(nodeOnly),
  })
}

const inOrder = {
  'errors.ts': "export { A } from './errors/base.ts'",
  'errors/base.ts': 'export class A extends Error {}',
  'platform/platform.ts': 'export interface Platform { now(): number }',
  'platform/node.ts': "import 'node:zlib'\nimport type { Platform } from './platform.ts'",
  'signing/signer.ts': "import { platform } from '#platform'\nimport { A } from '../errors.ts'",
  'signing/index.ts': "export { Signer } from './signer.ts'",
  'session/codec.ts': 'export interface Codec { decode(text: string): string }',
  'session/store.ts': "import type { Codec } from './codec.ts'",
  'session/session.ts': 'export type A = string',
  'session/codecs/signed.ts': "import { type Codec } from '../codec.ts'",
  'http/exchange.ts': "import { A } from '../errors.ts'",
  'stores/_rows.ts': "import { A } from '../errors.ts'",
  'stores/file.ts': "import { open } from 'node:fs'\nimport { rows } from './_rows.ts'",
  'stores/kysely.ts':
    "import { sql } from 'kysely'\nimport type { Codec } from '../session/codec.ts'",
  'adapters/koa.ts': 'declare global { namespace Koa { interface Context { session: string } } }',
}

test('a house in order has no problems', () => {
  expect(problems({})).toEqual([])
})

test.each([
  [
    'an edge that is not in the table',
    'http/a.ts',
    "import '../stores/file.ts'",
    /:1 may not import stores\/file\.ts/,
  ],
  [
    'an edge upwards',
    'errors/base.ts',
    "import type { Codec } from '../session/codec.ts'",
    /may not import types of session/,
  ],
  [
    'a value where types only are allowed',
    'stores/redis.ts',
    "import { decode } from '../session/codec.ts'",
    /may not import session\/codec\.ts/,
  ],
  [
    'a file beside an allowed one',
    'stores/redis.ts',
    "import type { A } from '../session/session.ts'",
    /may not import types of session\/session\.ts/,
  ],
  [
    'a type that is imported in place',
    'http/a.ts',
    "export type A = import('../stores/file.ts').B",
    /may not import types of stores\/file\.ts/,
  ],
  [
    'a dynamic import',
    'http/a.ts',
    "export const a = () => import('../stores/file.ts')",
    /may not import stores\/file\.ts/,
  ],
  [
    'an import of a computed name',
    'http/a.ts',
    'export const a = (b: string) => import(b)',
    /a computed name/,
  ],
  [
    'a public barrel from inside',
    'http/a.ts',
    "import { Signer } from '../signing/index.ts'",
    /may not import signing\/index\.ts/,
  ],
  [
    'a store that imports a store',
    'stores/redis.ts',
    "import './file.ts'",
    /may not import stores\/file\.ts/,
  ],
  [
    'a shared part that imports a store',
    'stores/_a.ts',
    "import './file.ts'",
    /may not import stores\/file\.ts/,
  ],
  [
    'a codec that imports a codec',
    'session/codecs/a.ts',
    "import './signed.ts'",
    /may not import session\/codecs\/signed\.ts/,
  ],
  ['a file without a room', 'helpers/a.ts', '', /no room for it/],
  ['an import of a missing file', 'http/a.ts', "import './b.ts'", /no file of src/],
  [
    'node: in the core',
    'session/a.ts',
    "import 'node:fs'",
    /imports node:fs, and is no Node-only file/,
  ],
  [
    'node: by another way',
    'session/a.ts',
    "process.getBuiltinModule('node:fs')",
    /no Node-only file/,
  ],
  ['a Node module without its prefix', 'stores/file.ts', "import 'fs'", /without node:/],
  [
    'an outside package in the core',
    'session/a.ts',
    "import 'kysely'",
    /names the outside package kysely/,
  ],
  [
    'a package in two files of a room',
    'stores/other.ts',
    "import 'kysely'",
    /names kysely, and so does/,
  ],
  [
    'two packages in one file',
    'stores/kysely.ts',
    "import 'kysely'\nimport 'pg'",
    /names kysely and pg|names pg: package/,
  ],
  [
    'a package that is not declared',
    'adapters/koa.ts',
    "import type { Context } from 'koa'",
    /names koa: package\.json does not/,
  ],
  [
    'a circle',
    'session/codec.ts',
    "import type { A } from './store.ts'",
    /circle.*codec\.ts → session\/store\.ts → session\/codec\.ts/,
  ],
  ['code in a barrel', 'signing/index.ts', 'export const a = 1', /holds code/],
  ['a default export', 'http/a.ts', 'export default 1', /a default export/],
  [
    'a default export by name',
    'http/a.ts',
    'const a = 1\nexport { a as default }',
    /:2 has a default export/,
  ],
  ['export *', 'http/a.ts', "export * from './exchange.ts'", /`export \*`/],
  ['an enum', 'http/a.ts', 'export enum A { B }', /an enum/],
  ['a namespace', 'http/a.ts', 'export namespace A { export const b = 1 }', /a namespace/],
  ['any', 'http/a.ts', 'export function a(b: unknown): Array<any> { return [b] }', /`any`/],
])('%s is a problem', (_, file, text, message) => {
  const found = problems({ [file]: text })

  expect(found.join('\n')).toMatch(message)
  expect(found.every((problem) => message.test(problem))).toBe(true)
})

test('a package that no file names is a problem', () => {
  expect(problems({}, { packages: ['kysely', 'hono'] })).toEqual([
    'package.json declares hono: no source file names it',
  ])
})

test('a Node-only file in the core is a problem', () => {
  expect(
    problems({}, { nodeOnly: ['platform/node.ts', 'stores/file.ts', 'http/exchange.ts'] }),
  ).toEqual(["tsconfig.core.json excludes http/exchange.ts, whose room may not use Node's modules"])
})

test('a Node-only file that does not exist is a problem', () => {
  expect(
    problems({}, { nodeOnly: ['platform/node.ts', 'stores/file.ts', 'stores/gone.ts'] }),
  ).toEqual(['tsconfig.core.json excludes stores/gone.ts, which does not exist'])
})

test('a file that does not parse stops the check', () => {
  expect(() => problems({ 'http/a.ts': 'export const = 1' })).toThrow(/http\/a\.ts does not parse/)
})
