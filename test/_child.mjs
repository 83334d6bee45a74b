/**
 * Runs a TypeScript file in a process of its own, from the source as the tests do. The file exports
 * `main(arguments)`, and speaks with its parent as `_child.ts` has it.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { createViteServer } from 'vitest/node'

/** @typedef {Record<string, string | { default?: string }>} Entries */

const root = fileURLToPath(new URL('..', import.meta.url))
const manifestText = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
/** @type {{ imports: Entries, exports: Entries }} */
const manifest = JSON.parse(manifestText)

/** @param {string} name */
const exact = (name) => new RegExp(`^${name.replace(/^\.(?=\/|$)/, 'async-django')}$`)

/** The source of what is built: `src/a.ts` of `./dist/a.js`. */
const alias = Object.entries({ ...manifest.imports, ...manifest.exports }).flatMap(
  ([name, entry]) => {
    const built = typeof entry === 'string' ? entry : entry.default
    if (!built?.endsWith('.js')) return []
    const source = built.replace('./dist/', 'src/').replace(/\.js$/, '.ts')
    return [{ find: exact(name), replacement: root + source }]
  },
)

const [file = '', given = ''] = process.argv.slice(2)
const server = await createViteServer({
  root,
  configFile: false,
  logLevel: 'error',
  resolve: { alias },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
})
try {
  /** @type {(given: unknown) => Promise<void>} */
  const main = (await server.ssrLoadModule(file))['main']
  await main(JSON.parse(given))
} finally {
  await server.close()
  process.disconnect()
}
