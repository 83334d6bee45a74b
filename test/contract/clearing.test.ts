import { expect, test } from 'vitest'

import { Child } from '../_child.ts'

test('a process ends beside startClearing()', async () => {
  const child = new Child(new URL('clearing-process.ts', import.meta.url), null)
  expect(await child.receive()).toEqual({ started: true })
  await child.end()
}, 30_000)
