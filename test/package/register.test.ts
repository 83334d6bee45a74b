import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, inject, test } from 'vitest'

import { compile } from './_compile.ts'

const { full } = inject('packed')

/** An application of Express that registers its `django`, as nothing else in its program does. */
function application(registered: string, made: string, used: string): string {
  return `
    import { createDjango } from 'async-django'
    import { djangoExpress } from 'async-django/express'
    import { memoryStore } from 'async-django/stores/memory'
    import express from 'express'
    const options = { settings: { secretKey: 'secret' }, store: memoryStore() }
    const django = createDjango<{ session: { theme: string } }>({ ...options, ${made} })
    declare module 'async-django' { interface Register { ${registered} } }
    const app = express()
    app.use(djangoExpress(django, { ${used} }))
    app.get('/', async (request, response) => {
      const { session } = request
      const theme: string | null = (await session.load()).get('theme')
      response.json({ theme, now: NOW, set: SET })
    })
  `
}

const now = "session.get('theme')"
const set = "session.set('theme', 'dark')"
const django = 'django: typeof django'

async function errorsIn(name: string, program: string, says: Record<'NOW' | 'SET', string>) {
  const text = program.replace('NOW', says.NOW).replace('SET', says.SET)
  writeFileSync(join(full, `${name}.ts`), text)
  const resolution = { module: 'NodeNext', moduleResolution: 'NodeNext', types: ['node'] }
  const output = await compile(full, { ...resolution, skipLibCheck: true }, [`${name}.ts`])
  return [...output.matchAll(/error (TS\d+)/g)].map(([, code]) => code)
}

test.each([
  { what: 'a django', registered: django, made: '', used: '', reads: ['TS2339'], sets: [] },
  {
    what: 'a django, and that it loads',
    registered: `${django}; autoload: true`,
    made: '',
    used: 'autoload: true',
    reads: [],
    sets: [],
  },
  {
    what: 'a django that only reads',
    registered: django,
    made: 'readOnly: true',
    used: '',
    reads: ['TS2339'],
    sets: ['TS2339'],
  },
])('an application registers $what', async ({ registered, made, used, reads, sets }) => {
  const program = application(registered, made, used)
  expect(await errorsIn('registered', program, { NOW: '0', SET: '0' })).toEqual([])
  expect(await errorsIn('registered', program, { NOW: now, SET: '0' })).toEqual(reads)
  expect(await errorsIn('registered', program, { NOW: '0', SET: set })).toEqual(sets)
})

test('an adapter that does not load is refused where it is registered that it does', async () => {
  const program = application(`${django}; autoload: true`, '', '')
  expect(await errorsIn('refused', program, { NOW: '0', SET: '0' })).toEqual(['TS2345'])
})
