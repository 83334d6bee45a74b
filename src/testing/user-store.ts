/**
 * The contract of a user store as a suite of tests, for every store of this package and for yours. It
 * needs no test framework: it is given one.
 *
 * @module
 */
import type { SuiteRunner } from './session-store.ts'
import { finding, permitting, storing } from './_user-store-cases.ts'
import {
  type GivenPermissions,
  type OpenedUserStore,
  type UserCase,
  UserKit,
} from './_user-store-kit.ts'

export type { GivenPermissions, OpenedUserStore }

/** What is to be tested. */
export interface UserStoreSuite {
  /** Opens an empty store; called for every test. */
  open(): Promise<OpenedUserStore>
}

const groups: Readonly<Record<string, readonly UserCase[]>> = { finding, storing, permitting }

/**
 * Declares the tests of the user store contract.
 *
 * @example
 * ```ts
 * import { describe, test } from 'vitest'
 *
 * testUserStore({ describe, test }, {
 *   async open() {
 *     const client = await connect()
 *     return { factory: myUserStore(client), close: () => client.close() }
 *   },
 * })
 * ```
 */
export function testUserStore(runner: SuiteRunner, suite: UserStoreSuite): void {
  const noted = new Set<string>()
  const note = (group: string): void => {
    if (!noted.has(group)) runner.note?.(`${group}: not told how`)
    noted.add(group)
  }
  for (const [group, cases] of Object.entries(groups)) {
    const declare = (prefix: string): void => {
      for (const one of cases) {
        runner.test(prefix + one.name, () => runCase(suite, group, one, note))
      }
    }
    if (runner.describe) runner.describe(group, () => declare(''))
    else declare(`${group}: `)
  }
}

async function runCase(
  suite: UserStoreSuite,
  group: string,
  { run }: UserCase,
  note: (group: string) => void,
): Promise<void> {
  const opened = await suite.open()
  try {
    if (group === 'permitting' && !opened.permit) note(group)
    else await run(new UserKit(opened))
  } finally {
    await opened.close()
  }
}
