import { expect, inject, test } from 'vitest'

import { runCommand } from '../../tools/_command.ts'

const { tarball } = inject('packed')

test.each([
  ['publint', ['publint', 'run', tarball, '--strict', '--pack=false']],
  ['attw', ['attw', tarball, '--profile', 'esm-only', '--no-color', '--format', 'ascii']],
])('%s finds nothing', async (_, command) => {
  const { isOk, output } = await runCommand(command)

  expect(isOk, output).toBe(true)
})
