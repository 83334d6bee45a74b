import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { rolldown } from 'rolldown'
import { expect, inject, test } from 'vitest'

import { peers } from './_peers.ts'

const { full } = inject('packed')
const packageFolder = join(full, 'node_modules', 'async-django')

/** What an application gets that uses all of a subpath, minified, and the files it came from. */
async function bundle(
  subpath: string,
): Promise<{ bytes: number; gzipped: number; files: string[] }> {
  const entry = join(full, 'entry.js')
  const build = await rolldown({
    input: entry,
    platform: 'node',
    external: [/^node:/, ...peers],
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? `export * from '${subpath}'` : null),
      },
    ],
  })
  const { output } = await build.generate({ format: 'esm', minify: true })
  await build.close()
  const [chunk] = output
  const files = Object.entries(chunk.modules)
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .map(([file]) => file.slice(packageFolder.length + '/dist/'.length))
  const code = Buffer.from(chunk.code)
  return { bytes: code.length, gzipped: gzipSync(code, { level: 9 }).length, files }
}

const kiB = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`

test('the core keeps to its size, minified and compressed', async () => {
  const { bytes, gzipped } = await bundle('async-django')
  console.log(`async-django: ${kiB(bytes)} minified, ${kiB(gzipped)} compressed`)

  expect(gzipped).toBeGreaterThan(5_000)
  expect(gzipped).toBeLessThanOrEqual(22_000)
})

test('signing comes without sessions', async () => {
  const { gzipped, files } = await bundle('async-django/signing')
  console.log(`async-django/signing: ${kiB(gzipped)} compressed`)

  expect(files).toContain('signing/signer.js')
  expect(files.filter((file) => /^(session|http|stores|adapters)\/|^django/.test(file))).toEqual([])
})

test('errors come alone', async () => {
  const { files } = await bundle('async-django/errors')

  expect(files).toEqual(['errors.js'])
})
