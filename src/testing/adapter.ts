/**
 * The contract of an adapter as a suite of tests over real HTTP, for every adapter of this package
 * and for yours. It needs no test framework, and nothing of Node: it is given what it needs.
 *
 * @module
 */
import { cookies } from './_adapter-cookies.ts'
import { failing } from './_adapter-failing.ts'
import {
  type AdapterAnswer,
  type AdapterHandler,
  type AdapterSuite,
  type AdapterVisit,
  type Case,
  Kit,
  type ServedSite,
} from './_adapter-kit.ts'
import { laziness } from './_adapter-laziness.ts'
import { options } from './_adapter-options.ts'
import { parts } from './_adapter-parts.ts'
import { saving } from './_adapter-saving.ts'
import { statuses } from './_adapter-statuses.ts'
import { streaming } from './_adapter-streaming.ts'
import { users } from './_adapter-users.ts'
import { visitors } from './_adapter-visitors.ts'
import type { SuiteRunner } from './session-store.ts'

export type { AdapterAnswer, AdapterHandler, AdapterSuite, AdapterVisit, ServedSite }

const groups: Readonly<Record<string, readonly Case[]>> = {
  laziness,
  saving,
  cookies,
  visitors,
  statuses,
  failing,
  streaming,
  options,
  parts,
  users,
}

/**
 * Declares the tests of the adapter contract. Each serves sites of its own over HTTP, and asks them
 * by `fetch`.
 *
 * @example
 * ```ts
 * import { describe, test } from 'vitest'
 *
 * testAdapter(
 *   { describe, test },
 *   { createDjango, store: memoryStore, users: memoryUserStore, serve: serveMyFramework },
 * )
 * ```
 */
export function testAdapter(runner: SuiteRunner, suite: AdapterSuite): void {
  for (const [group, cases] of Object.entries(groups)) {
    const declare = (prefix: string): void => {
      for (const one of cases) runner.test(prefix + one.name, () => runCase(suite, one))
    }
    if (runner.describe) runner.describe(group, () => declare(''))
    else declare(`${group}: `)
  }
}

async function runCase(suite: AdapterSuite, { run }: Case): Promise<void> {
  const kit = new Kit(suite)
  try {
    await run(kit)
  } finally {
    await kit.close()
  }
}
