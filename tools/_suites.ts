/**
 * The suites of `npm test`, in their order.
 *
 * @module
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'

import { type CommandOptions, runCommand } from './_command.ts'
import { countDemo, type Counts, countTests } from './_counts.ts'

/** Some tests that are run and counted together. */
export interface Suite {
  readonly name: string
  /** Names of parts that can be run alone. */
  readonly parts: readonly string[]
  /** Runs the suite, or the given parts of it, and prints what a reader needs to see. */
  run(parts: readonly string[]): Promise<Counts>
}

/** Tests that mostly wait for servers and processes run two files at once on two cores, too. */
const manyWait = `--maxWorkers=${Math.max(availableParallelism() - 1, 2)}`

/** The suites. */
export const suites: readonly Suite[] = [
  commandSuite('build', {
    scripts: ['node', 'tools/bundle.mjs'],
    declarations: ['tsc', '-p', 'tsconfig.build.json'],
  }),
  commandSuite('static', {
    typecheck: ['tsc', '-p', 'tsconfig.json'],
    core: ['node', 'build/tools/check-core.js'],
    imports: ['node', 'build/tools/check-imports.js'],
    exports: ['node', 'build/tools/check-exports.js'],
    lint: ['oxlint'],
    lockfile: ['node', 'build/tools/complete-lockfile.js', '--check'],
    format: ['prettier', '--check', '--log-level=warn', '.'],
    unused: ['knip'],
  }),
  vitestSuite('unit'),
  vitestSuite('types'),
  vitestSuite('contract', [manyWait]),
  vitestSuite('vectors', [manyWait]),
  vitestSuite('live', [manyWait]),
  commandSuite('fuzz', {
    payloads: ['node', 'build/test/fuzz/main.js', '--seed=20261', '--seconds=60'],
  }),
  vitestSuite('package'),
  vitestSuite('runtimes'),
  commandSuite('conformance', {
    'django-suite': ['node', 'build/tools/conformance.js', '--check'],
    differential: ['node', 'build/test/differential/main.js', '--histories=100', '--seed=20261'],
  }),
  demoSuite(),
]

/** Commands, each of which counts as one test. */
function commandSuite(name: string, commands: Readonly<Record<string, readonly string[]>>): Suite {
  const parts = Object.keys(commands)
  return {
    name,
    parts,
    async run(wanted) {
      let failed = 0
      for (const part of wanted.length > 0 ? wanted : parts) {
        const { isOk, output } = await runCommand(commands[part] ?? [])
        console.log(`  ${isOk ? '✓' : '✗'} ${part}`)
        if (!isOk) console.log(output)
        if (!isOk) failed += 1
      }
      const all = wanted.length > 0 ? wanted.length : parts.length
      return { passed: all - failed, failed, skipped: 0, notes: [] }
    },
  }
}

/** One of the projects of `vitest.config.ts`. */
function vitestSuite(name: string, more: readonly string[] = []): Suite {
  const file = `build/results/${name}.json`
  const reporters = ['--reporter=default', '--reporter=json']
  const command = ['vitest', 'run', '--project', name, ...reporters, ...more]
  return {
    name,
    parts: [],
    async run() {
      rmSync(file, { force: true })
      const options: CommandOptions = { isLoud: true, maxMinutes: 25 }
      const { isOk } = await runCommand([...command, `--outputFile.json=${file}`], options)
      const text = existsSync(file) ? readFileSync(file, 'utf8') : null
      return countTests(text, isOk)
    },
  }
}

/** The demonstration, which walks through its servers by itself. */
function demoSuite(): Suite {
  return {
    name: 'demo',
    parts: [],
    async run() {
      const { isOk, output } = await runCommand(['npm', 'run', '-s', 'demo', '--', '--check'])
      console.log(output)
      return countDemo(output, isOk)
    },
  }
}
