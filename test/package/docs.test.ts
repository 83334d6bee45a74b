import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, inject, test } from 'vitest'

import { compile } from './_compile.ts'

const { full } = inject('packed')

/** What the documents speak of without making it. */
const globals = `
  import type * as asyncDjango from 'async-django'
  import type { Kysely } from 'kysely'

  declare global {
    const db: Kysely<unknown>
    const createDjango: typeof asyncDjango.createDjango
    const django: asyncDjango.Django
    const key: string
    const options: Omit<asyncDjango.DjangoOptions, 'readOnly'>
    const session: asyncDjango.Session
  }
`

interface Block {
  readonly place: string
  readonly code: string
}

/** The TypeScript in a document; `{ … }` stands for options that were shown before. */
function blocksOf(file: string): Block[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ''], index) => ({
    place: `${file.replaceAll(/\W/g, '-')}-${index + 1}`,
    code: `${code.replaceAll('{ … }', 'options')}\nexport {}\n`,
  }))
}

const documents = ['README.md', ...readdirSync('docs').map((name) => join('docs', name))]
const blocks = documents.filter((file) => file.endsWith('.md')).flatMap(blocksOf)

test('what the documents show compiles', async () => {
  writeFileSync(join(full, 'globals.ts'), globals)
  for (const { place, code } of blocks) writeFileSync(join(full, `${place}.ts`), code)
  const files = blocks.map(({ place }) => `${place}.ts`)
  const settings = { module: 'NodeNext', types: ['node'], lib: ['ES2023', 'DOM'] }

  expect(blocks.length).toBeGreaterThan(2)
  expect(await compile(full, settings, ['globals.ts', ...files])).toBe('')
})
