/** Defects are looked for now and then, and the lines that they are made in change in between. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

import { expect, test } from 'vitest'

const patches = readdirSync('test/mutants').filter((file) => file.endsWith('.patch'))

test('there are defects to look for', () => {
  expect(patches.length).toBeGreaterThanOrEqual(30)
})

test.each(patches)('%s can be made', (patch) => {
  const args = ['apply', '--check', '-C1', `test/mutants/${patch}`]
  expect(() => execFileSync('git', args, { stdio: 'pipe' })).not.toThrow()
})
