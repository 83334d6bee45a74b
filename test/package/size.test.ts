import { expect, inject, test } from 'vitest'

import { bundle } from './_bundle.ts'

const { full } = inject('packed')

const kiB = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`

test('the core keeps to its size, minified and compressed', async () => {
  const { bytes, gzipped, wholeGzipped, files } = await bundle('async-django', full)
  console.log(
    `async-django: ${kiB(bytes)} minified, ${kiB(gzipped)} compressed at the start, ` +
      `${kiB(wholeGzipped)} with all that is loaded when it is asked for`,
  )

  expect(gzipped).toBeGreaterThan(5_000)
  expect(gzipped).toBeLessThanOrEqual(15_000)
  expect(wholeGzipped).toBeLessThanOrEqual(30_000)
  // What reads sessions comes with the first one, and what writes them with the first write.
  expect(files.toSorted()).toEqual([
    'platform/node.js',
    'shared/core.js',
    'shared/errors.js',
    'shared/ground.js',
  ])
})

test('signing comes without sessions', async () => {
  const { gzipped, files } = await bundle('async-django/signing', full)
  console.log(`async-django/signing: ${kiB(gzipped)} compressed`)

  expect(files.toSorted()).toEqual(['platform/node.js', 'shared/errors.js', 'shared/ground.js'])
})

test('errors come alone', async () => {
  const { files } = await bundle('async-django/errors', full)

  expect(files.toSorted()).toEqual(['shared/errors.js', 'shared/store-errors.js'])
})
