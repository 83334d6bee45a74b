import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, inject, test } from 'vitest'

import { runCommand } from '../../tools/_command.ts'
import { isOfPeer } from './_peers.ts'
import { runtimeNames } from './_snapshot.ts'

const { bare, full } = inject('packed')

/** Runs a program in a project; answers what it printed, as JSON. */
async function runIn(project: string, name: string, program: string): Promise<unknown> {
  const file = join(project, name)
  writeFileSync(file, program)
  const { isOk, output } = await runCommand([process.execPath, file], { cwd: project })
  if (!isOk) throw new Error(output)
  return JSON.parse(output)
}

const names = runtimeNames()
const subpaths = Object.keys(names)
const withoutPeers = subpaths.filter((subpath) => !isOfPeer(subpath))

describe('every subpath', () => {
  test('can be imported', async () => {
    const program = `
      const names = {}
      for (const subpath of ${JSON.stringify(subpaths)}) {
        names[subpath] = Object.keys(await import(subpath)).sort()
      }
      console.log(JSON.stringify(names))
    `
    expect(await runIn(full, 'import.mjs', program)).toEqual(names)
  })

  test('can be required', async () => {
    const program = `
      const names = {}
      for (const subpath of ${JSON.stringify(subpaths)}) {
        names[subpath] = Object.keys(require(subpath)).sort()
      }
      console.log(JSON.stringify(names))
    `
    expect(await runIn(full, 'require.cjs', program)).toEqual(names)
  })

  test('is the same module both ways', async () => {
    const program = `
      const { createDjango } = require('async-django')
      import('async-django').then((it) => console.log(it.createDjango === createDjango))
    `
    expect(await runIn(full, 'same.cjs', program)).toBe(true)
  })
})

test('what needs no peer can be imported without any', async () => {
  const program = `
    const counts = []
    for (const subpath of ${JSON.stringify(withoutPeers)}) {
      counts.push(Object.keys(await import(subpath)).length)
    }
    console.log(JSON.stringify(counts))
  `
  expect(await runIn(bare, 'bare.mjs', program)).toEqual(
    withoutPeers.map((subpath) => names[subpath]?.length),
  )
  expect(withoutPeers).toContain('async-django')
})

test('what is not public cannot be imported', async () => {
  const program = `
    const codes = []
    for (const path of ['dist/django.js', 'session/session', 'stores/_kysely', 'src/index.ts']) {
      await import('async-django/' + path).catch((error) => codes.push(error.code))
    }
    console.log(JSON.stringify(codes))
  `
  expect(await runIn(full, 'private.mjs', program)).toEqual(
    Array.from({ length: 4 }, () => 'ERR_PACKAGE_PATH_NOT_EXPORTED'),
  )
})

test('a session is written and read', async () => {
  const program = `
    import { createDjango } from 'async-django'
    import { memoryStore } from 'async-django/stores/memory'
    const django = createDjango({ settings: { secretKey: 'secret' }, store: memoryStore() })
    const session = await django.sessions.get(null).load()
    session.data.theme = 'dark'
    await session.save()
    const again = await django.sessions.get(session.key).load()
    console.log(JSON.stringify(again))
  `
  expect(await runIn(bare, 'session.mjs', program)).toEqual({ theme: 'dark' })
})
