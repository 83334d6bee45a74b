import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, inject, onTestFinished, test } from 'vitest'

const { bare, full } = inject('packed')
const token = 'a-token-of-these-tests-of-some-length'

function start(project: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const file = join(project, 'node_modules', '.bin', 'async-django')
  const child = spawn(process.execPath, [file, ...args], { env: { ...process.env, ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

test('the program is there, and serves until it is asked to end', async () => {
  const env = { ASYNC_DJANGO_STORE: 'memory:', ASYNC_DJANGO_TOKENS: token }
  const child = start(bare, ['serve', '--port', '0'], env)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const url = /(http\S+)/.exec(String(line))?.[1] ?? ''
  expect((await fetch(`${url}/ready`)).status).toBe(200)
  const headers = { authorization: `Bearer ${token}` }
  expect((await fetch(`${url}/sessions/abcdefgh`, { headers })).status).toBe(404)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('a package that it needs and does not find is named', async () => {
  const env = { ASYNC_DJANGO_STORE: 'postgres://127.0.0.1:1/x', ASYNC_DJANGO_TOKENS: token }
  const child = start(bare, ['serve', '--port', '0'], env)
  const [complaint] = (await once(child.stderr, 'data')) as [Buffer]
  expect(String(complaint)).toMatch(/npm install pg/)
  expect(await once(child, 'exit')).toEqual([1, null])
})

test('it can be run by its name', () => {
  const file = join(full, 'node_modules', 'async-django', 'dist', 'cli', 'main.js')
  expect(readFileSync(file, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
})
