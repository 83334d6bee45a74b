import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { defineConfig, type ViteUserConfig } from 'vitest/config'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

interface Manifest {
  readonly imports: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
}

const manifest = JSON.parse(readFileSync(path('package.json'), 'utf8')) as Manifest

/** `src/a.ts` for `./dist/a.js`. */
const sourceOf = (built: string): string =>
  path(built.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))

/** Tests run from the source; only `test/package/` looks at what is built. */
const alias = [
  ...Object.entries(manifest.imports).map(([name, built]) => ({
    find: name,
    replacement: sourceOf(built),
  })),
  ...Object.entries(manifest.exports).flatMap(([subpath, entry]) =>
    typeof entry === 'string'
      ? []
      : [
          {
            find: new RegExp(`^async-django${subpath.slice(1)}$`),
            replacement: sourceOf(entry.default),
          },
        ],
  ),
]

const project = (name: string, include: string[], more: object = {}): object => ({
  resolve: { alias },
  test: { name, include, testTimeout: 60_000, hookTimeout: 120_000, ...more },
})

/** Type tests are compiled, not run; errors in the sources are those of `npm test -- typecheck`. */
const types = {
  test: {
    name: 'types',
    include: [],
    typecheck: {
      enabled: true,
      only: true,
      checker: 'tsc',
      include: ['test/types/**/*.test-d.ts'],
      ignoreSourceErrors: true,
    },
  },
}

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      project('unit', ['src/**/*.test.ts', 'tools/**/*.test.ts']),
      types,
      project('contract', ['test/contract/**/*.test.ts']),
      project('vectors', ['test/conformance/**/*.test.ts']),
      project('live', ['test/live/**/*.test.ts']),
      project('runtimes', ['test/runtimes/**/*.test.ts'], {
        globalSetup: ['test/package/_set-up.ts', 'test/runtimes/_set-up.ts'],
        testTimeout: 320_000,
      }),
      project('package', ['test/package/**/*.test.ts'], {
        globalSetup: 'test/package/_set-up.ts',
      }),
    ],
  },
})

export default config
