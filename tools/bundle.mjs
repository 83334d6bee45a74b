/**
 * Makes what is published of `src/`: a script for each subpath and few beside them, as each file
 * that is imported takes about as long as what is in it. The declarations are those of `tsc`, file
 * for file. Plain JavaScript, as it runs before anything is compiled.
 *
 * @module
 */
import { readFileSync } from 'node:fs'

import { rolldown } from 'rolldown'

/** What everybody loads who loads any of it; the first that a file fits. */
const groups = [
  // What reads a session, with all that works on one: loaded at the first. Stores and users share parts of it.
  { name: 'calls', test: /src\/session\/(?:guarded-call|store-failure|timed-call|timeouts)/ },
  { name: 'json-source', test: /src\/formats\/json-source/ },
  { name: 'iso-datetime', test: /src\/formats\/iso-datetime/ },
  {
    name: 'reader',
    test: /src\/(?:session\/(?:row-reader|draft|expiry-rule|schema-check|guarded-store|coalesce|keyed-queue|moves|proof|verified-payloads)|http\/session-response)/,
  },
  // What goes wrong with rows and with engines, which only those know of who read or write.
  { name: 'store-errors', test: /src\/errors\/(?:rows|stores)/ },
  { name: 'errors', test: /src\/errors\// },
  { name: 'ground', test: /src\/(?:formats\/(?!pickle)|signing\/(?!index)|diagnostics|settings)/ },
  {
    name: 'core',
    test: /src\/(?:django|session\/(?!back-off|check|row-writer|merge|codecs\/pickle)|http\/(?!csrf|hosts|messages|response-headers))/,
  },
  // What stores over caches share.
  { name: 'pickle', test: /src\/(?:formats\/pickle-|session\/codecs\/pickle)/ },
]

/**
 * `['http/csrf', 'src/http/csrf.ts']` for `./dist/http/csrf.js`.
 *
 * @param {string} built
 * @returns {[string, string]}
 */
function entryOf(built) {
  const name = built.slice('./dist/'.length, -'.js'.length)
  return [name, `src/${name}.ts`]
}

/** @typedef {Record<string, string>} Files */
/** @type {{ exports: Record<string, string | { default: string }>, imports: Files, bin: Files }} */
const { exports, imports, bin } = JSON.parse(readFileSync('package.json', 'utf8'))
const scripts = Object.values(exports).flatMap((it) => (typeof it === 'string' ? [] : it.default))

const build = await rolldown({
  input: Object.fromEntries(
    [...scripts, ...Object.values(imports), ...Object.values(bin)].map(entryOf),
  ),
  // Peers, what is of Node, and the platform, which is chosen where it runs.
  external: (name) => !/^[./]|^src\//.test(name),
  platform: 'neutral',
  // Entries stay as they are: a file of the ground or of the core is none.
  preserveEntrySignatures: 'allow-extension',
  tsconfig: 'tsconfig.build.json',
})
await build.write({
  dir: 'dist',
  cleanDir: true,
  chunkFileNames: 'shared/[name].js',
  sourcemap: true,
  codeSplitting: { includeDependenciesRecursively: false, groups },
})
await build.close()
