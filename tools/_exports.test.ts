import { expect, test } from 'vitest'

import {
  compareBuilt,
  compareExports,
  compareLines,
  exportedNames,
  exportMap,
  formatSnapshot,
  listedSubpaths,
} from './_exports.ts'

const express = { types: './dist/adapters/express.d.ts', default: './dist/adapters/express.js' }

test('the export map has the public files and nothing else', () => {
  const files = ['index.ts', 'django.ts', 'adapters/express.ts', 'adapters/_node.ts', 'stores/a.ts']

  expect(exportMap(files)).toEqual({
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './express': express,
    './stores/a': { types: './dist/stores/a.d.ts', default: './dist/stores/a.js' },
    './package.json': './package.json',
  })
})

test('an export that is missing, wrong or without a file is told', () => {
  const declared = {
    './express': { types: express.types, default: './dist/x.js' },
    './koa': express,
  }

  expect(compareExports(declared, { './express': express, './hono': express })).toEqual([
    `package.json exports ./express as ${JSON.stringify(declared['./express'])}: it must be ${JSON.stringify(express)}`,
    `package.json exports ./hono as nothing: it must be ${JSON.stringify(express)}`,
    'package.json exports ./koa: no public file is behind it',
  ])
  expect(compareExports({ './express': express }, { './express': express })).toEqual([])
})

test('a file that is not built is told', () => {
  const sources = ['stores/a.ts', 'stores/_b.ts']

  expect(compareBuilt(['stores/a.d.ts', 'stores/_b.d.ts', 'stores/a.js'], sources)).toEqual([])
  expect(compareBuilt(['stores/a.d.ts'], sources)).toEqual([
    'dist/stores/_b.d.ts is missing: npm run build',
    'dist/stores/a.js is missing: npm run build',
  ])
})

test('names are told apart by whether they have a value', () => {
  const text = `
    import type { Z } from './z.js'
    export { a, type B, c as d } from './a.js'
    export type { C } from './c.js'
    export declare function f(): Z
    export declare class G {}
    export declare const h: number, i: string
    export interface J {}
    export type K = string
    type Hidden = string
  `

  expect(exportedNames('a.d.ts', text)).toEqual([
    'G',
    'a',
    'd',
    'f',
    'h',
    'i',
    'type B',
    'type C',
    'type J',
    'type K',
  ])
})

test('a name that moves from one subpath to another is a change', () => {
  const was = formatSnapshot(
    new Map([
      ['.', ['a', 'b']],
      ['./express', ['c']],
    ]),
  )
  const is = formatSnapshot(
    new Map([
      ['.', ['a']],
      ['./express', ['b', 'c']],
    ]),
  )

  expect(compareLines(was, is)).toEqual(['new: async-django/express: b', 'gone: async-django: b'])
  expect(compareLines(was, was)).toEqual([])
})

test('the subpaths of a table are found', () => {
  expect(
    listedSubpaths('| Import |\n| `async-django` | x |\n| `async-django/stores/a` | y |'),
  ).toEqual(['.', './stores/a'])
  expect(listedSubpaths('`async-django/express` in a sentence')).toBe(null)
})
