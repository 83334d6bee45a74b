/**
 * Tests that run beside every Django release, on every engine, with and without `USE_TZ`.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Beside, openBeside, type SharedSettings } from './_beside.ts'
import { type DjangoEngine, hasEngine } from './_databases.ts'
import type { DjangoSession } from './_django-process.ts'
import { type LiveRelease, liveReleases } from './_pythons.ts'
import { ResultTable } from './_results.ts'

/** One test. @param subject - The column of the table in which it is counted. */
export type Check = (subject: string, name: string, run: (sides: Beside) => Promise<void>) => void

const engines: readonly DjangoEngine[] = ['sqlite3', 'postgresql', 'mysql']

const zones: readonly SharedSettings[] = [
  { useTz: true, timeZone: 'UTC' },
  { useTz: false, timeZone: 'Asia/Tokyo' },
]

/** Defines tests for the whole matrix, and prints what came of them as a table. */
export async function testBeside(
  title: string,
  define: (check: Check, shared: SharedSettings) => void,
): Promise<void> {
  const table = new ResultTable(title)
  afterAll(() => console.log(table.format()))
  const releases = await liveReleases()
  for (const engine of engines) {
    const isThere = await hasEngine(engine)
    for (const release of releases) {
      describe.skipIf(!isThere || release.python === null)(
        `Django ${release.series}, ${engine}`,
        () => {
          for (const shared of zones) testPair(release, engine, shared, table, define)
        },
      )
    }
  }
}

function testPair(
  release: LiveRelease,
  engine: DjangoEngine,
  shared: SharedSettings,
  table: ResultTable,
  define: (check: Check, shared: SharedSettings) => void,
): void {
  const zone = shared.useTz ? 'USE_TZ' : shared.timeZone
  const row = `Django ${release.series}, ${engine}, ${zone}`
  describe(`with ${zone}`, () => {
    let sides: Beside
    beforeAll(async () => {
      sides = await openBeside(release, engine, shared)
    })
    afterAll(() => sides?.close())

    define((subject, name, run) => {
      test(`${subject}: ${name}`, async () => {
        expect.hasAssertions()
        await table.count(row, subject, () => run(sides))
      })
    }, shared)
  })
}

/** @throws Error where Django sees no session. */
export async function readThere({ real }: Beside, key: string | null): Promise<DjangoSession> {
  const session = key === null ? null : await real.read(key)
  if (session === null) throw new Error('Django sees no session.')
  return session
}
