/** Holds the process that stands in Django's place to its promise: it has nothing of its own. */
import { readFileSync } from 'node:fs'

import { parseSync } from 'oxc-parser'
import { expect, test } from 'vitest'

import * as calls from '../test/django-suite/calls.ts'
import { requestCalls } from '../test/django-suite/request-calls.ts'

const files = ['calls', 'request-calls'].map((name) => {
  const file = `test/django-suite/${name}.ts`
  return parseSync(file, readFileSync(file, 'utf8'))
})

/** A part of a program, as far as it is looked at here. */
interface Part {
  readonly type: string
  readonly [name: string]: unknown
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && 'type' in value
}

function childrenOf(part: Part): Part[] {
  return Object.values(part).flat().filter(isPart)
}

function find(part: Part, isWanted: (part: Part) => boolean): Part[] {
  const inside = childrenOf(part).flatMap((child) => find(child, isWanted))
  return isWanted(part) ? [part, ...inside] : inside
}

/** An arrow function that is an expression is a statement, too. */
function countStatements(part: Part): number {
  const isStatement = ({ type }: Part): boolean =>
    (type.endsWith('Statement') && type !== 'BlockStatement') || type === 'VariableDeclaration'
  const isShort = ({ type, expression }: Part): boolean =>
    type === 'ArrowFunctionExpression' && expression === true
  return find(part, (one) => isStatement(one) || isShort(one)).length
}

const root: Part = { type: 'Files', files: files.map(({ program }) => program) }
const isFunction = ({ type }: Part): boolean => /^(?:Arrow)?Function/.test(type)
const entries = find(root, ({ type, value }) => type === 'Property' && isPart(value)).filter(
  ({ value }) => isFunction(value as Part),
)

test('every call is carried out by three statements at most', () => {
  const counts = entries.map(({ key, value }) => ({
    call: (key as { name?: string; value?: string }).name ?? Reflect.get(key as object, 'value'),
    statements: countStatements(value as Part),
  }))
  const { sessionCalls, signingCalls, hashingCalls, resettingCalls } = calls
  const tables = [sessionCalls, signingCalls, hashingCalls, resettingCalls, requestCalls]
  expect(files.flatMap(({ errors }) => errors)).toEqual([])
  expect(counts.filter(({ statements }) => statements > 3)).toEqual([])
  expect(counts).toHaveLength(tables.flatMap(Object.keys).length)
})

test('the calls remember nothing: there is nothing beside them that could be changed', () => {
  const made = find(root, ({ type }) => type === 'NewExpression').map(
    ({ callee }) => (callee as { name: string }).name,
  )
  const variables = find(
    root,
    ({ type, kind }) => type === 'VariableDeclaration' && kind !== 'const',
  )
  expect(variables).toEqual([])
  expect(new Set(made)).toEqual(new Set(['Signer', 'TimestampSigner']))
})

test('they know nothing of this package but what is public', () => {
  const sources = find(root, ({ type }) => type === 'ImportDeclaration').map(
    ({ source }) => (source as { value: string }).value,
  )
  expect(sources.toSorted()).toEqual([
    './wire.ts',
    'async-django',
    'async-django',
    'async-django/auth',
    'async-django/csrf',
    'async-django/messages',
    'async-django/passwords',
    'async-django/signing',
    'async-django/testing',
  ])
})
