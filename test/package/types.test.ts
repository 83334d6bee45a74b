import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, inject, test } from 'vitest'

import { listFiles } from '../../tools/_project.ts'
import { compile } from './_compile.ts'

const { bare, full } = inject('packed')

const program = `
  import { createDjango, type Session } from 'async-django'
  import { memoryStore } from 'async-django/stores/memory'
  const django = createDjango<{ session: { theme: string } }>({
    settings: { secretKey: 'secret' },
    store: memoryStore(),
  })
  const session: Session<{ theme: string }> = await django.sessions.get(null).load()
  export const theme: string | null = session.get('theme')
`

/** Names every subpath, so that its declarations are checked. */
function everySubpath(): string {
  const lines = readFileSync('test/package/exports.snapshot', 'utf8').split('\n')
  return lines
    .filter((line) => line.startsWith('async-django'))
    .map((subpath, index) => `import * as it${index} from '${subpath}'\nvoid it${index}`)
    .join('\n')
}

describe.each([
  ['nodenext', { module: 'NodeNext', moduleResolution: 'NodeNext' }],
  ['bundler', { module: 'ESNext', moduleResolution: 'Bundler' }],
])('under moduleResolution %s', (name, resolution) => {
  test('a program compiles without the types of Node', async () => {
    writeFileSync(join(bare, `${name}.ts`), program)
    const options = { ...resolution, types: [], lib: ['ES2023', 'DOM'] }
    expect(await compile(bare, options, [`${name}.ts`])).toBe('')
  })

  test('a mistake in it is found', async () => {
    writeFileSync(join(bare, `${name}-wrong.ts`), program.replace('string | null', 'number'))
    const options = { ...resolution, types: [], lib: ['ES2023', 'DOM'] }
    expect(await compile(bare, options, [`${name}-wrong.ts`])).toMatch(/error TS2322/)
  })

  test('the declarations of every subpath compile', async () => {
    writeFileSync(join(full, `${name}.ts`), everySubpath())
    const options = { ...resolution, types: ['node'], lib: ['ES2023', 'DOM'] }
    expect(await compile(full, options, [`${name}.ts`])).toBe('')
  })
})

test('the type tests hold for what is published', async () => {
  cpSync('test/types', join(full, 'types'), { recursive: true })
  const files = listFiles('test/types').map((file) => `types/${file}`)
  const options = {
    module: 'NodeNext',
    types: ['node'],
    lib: ['ES2023', 'WebWorker'],
    skipLibCheck: true,
  }
  expect(files.length).toBeGreaterThan(0)
  expect(await compile(full, options, files)).toBe('')
})
