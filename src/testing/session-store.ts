/**
 * The contract of a session store as a suite of tests, for every store of this package and for
 * yours. It needs no test framework: it is given one.
 *
 * @module
 */
import type { StoreCapabilities } from '../session/store.ts'
import { unable } from './_session-store-unable.ts'
import { clearing } from './_session-store-clearing.ts'
import { creating } from './_session-store-creating.ts'
import { dating } from './_session-store-dating.ts'
import { deleting } from './_session-store-deleting.ts'
import { type Case, Kit, type OpenedSessionStore } from './_session-store-kit.ts'
import { loading } from './_session-store-loading.ts'
import { overlapping } from './_session-store-overlapping.ts'
import { updating } from './_session-store-updating.ts'

export type { OpenedSessionStore }

/** What the suite needs of a test framework: Vitest, `node:test`, Jest and Mocha have it. */
export interface SuiteRunner {
  /** Declares a test: `test` or `it`. */
  test(name: string, run: () => Promise<void>): unknown
  /** Declares a group of tests. Default: its name is put before theirs. */
  describe?(name: string, declare: () => void): unknown
  /** Told, once each, what a store declares that it cannot. Default: nobody is. */
  note?(message: string): void
}

/** What is to be tested. */
export interface SessionStoreSuite<P = string> {
  /** Opens an empty store; called for every test. */
  open(): Promise<OpenedSessionStore<P>>
}

const groups: Readonly<Record<string, readonly Case[]>> = {
  loading,
  creating,
  updating,
  deleting,
  dating,
  clearing,
  overlapping,
}

/**
 * Declares the tests of the session store contract. A store that declares a capability is held to
 * it; one that declares that it has not, though it could, fails too.
 *
 * @example
 * ```ts
 * import { describe, test } from 'vitest'
 *
 * testSessionStore({ describe, test }, {
 *   async open() {
 *     const client = await connect()
 *     return { factory: myStore(client), close: () => client.close() }
 *   },
 * })
 * ```
 */
export function testSessionStore<P = string>(
  runner: SuiteRunner,
  suite: SessionStoreSuite<P>,
): void {
  const noted = new Set<string>()
  const note = (capability: keyof StoreCapabilities): void => {
    if (!noted.has(capability)) runner.note?.(`${capability}: cannot, as declared`)
    noted.add(capability)
  }
  for (const [group, cases] of Object.entries({ ...groups, unable })) {
    const declare = (prefix: string): void => {
      for (const one of cases) runner.test(prefix + one.name, () => runCase(suite, one, note))
    }
    if (runner.describe) runner.describe(group, () => declare(''))
    else declare(`${group}: `)
  }
}

async function runCase<P>(
  suite: SessionStoreSuite<P>,
  { needs, run }: Case,
  note: (capability: keyof StoreCapabilities) => void,
): Promise<void> {
  const opened = await suite.open()
  try {
    const kit = new Kit(opened)
    if (needs === undefined || kit.store.can[needs]) await run(kit)
    else note(needs)
  } finally {
    await opened.close()
  }
}
