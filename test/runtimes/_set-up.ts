/**
 * Finds or fetches the runtimes, once for all tests of this folder.
 *
 * @module
 */
import type { TestProject } from 'vitest/node'

import { findRuntime, type FoundRuntime, runtimes } from './_runtimes.ts'

declare module 'vitest' {
  interface ProvidedContext {
    runtimes: readonly FoundRuntime[]
  }
}

/**
 * Called by Vitest before the tests of this folder. Says in a line what is missing.
 *
 * @throws Error with `CI=true`, where nothing may be missing.
 */
export async function setup(project: TestProject): Promise<void> {
  const found: FoundRuntime[] = []
  for (const runtime of runtimes) found.push(await findRuntime(runtime))
  const missing = found
    .filter(({ path }) => path === null)
    .map(({ name, version, reason }) => `${name} ${version} cannot be had: ${reason}`)
  if (missing.length > 0 && process.env['CI'] === 'true') throw new Error(missing.join('\n'))
  for (const line of missing) console.warn(`Skipped: ${line}`)
  project.provide('runtimes', found)
}
