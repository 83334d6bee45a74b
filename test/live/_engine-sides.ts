/**
 * Real Django and this package beside each other, over an engine that is no database of Django's.
 *
 * @module
 */
import { createDjango, type Django, type SessionStoreFactory } from 'async-django'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type SharedSettings, secretKey } from './_beside.ts'
import { DjangoProcess, type DjangoProcessSettings } from './_django-process.ts'
import { liveReleases } from './_pythons.ts'
import { ResultTable } from './_results.ts'
import { type ValueCase, valueCases } from './_values.ts'

/** An engine of Django, and the store that equals it. */
export interface EnginePlace {
  readonly settings: Omit<
    DjangoProcessSettings,
    'SECRET_KEY' | 'USE_TZ' | 'TIME_ZONE' | 'DATABASES'
  >
  readonly store: SessionStoreFactory
  /** The entry of Django's `DATABASES`, where the engine needs one. */
  readonly database?: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

/** Both sides. */
export interface EngineSides<P extends EnginePlace> {
  readonly django: Django
  readonly real: DjangoProcess
  readonly place: P
}

/** One test. @param subject - The column of the table in which it is counted. */
export type EngineCheck<P extends EnginePlace> = (
  subject: string,
  name: string,
  run: (sides: EngineSides<P>) => Promise<void>,
) => void

const inMemory = { ENGINE: 'django.db.backends.sqlite3', NAME: ':memory:' }

const zones: readonly SharedSettings[] = [
  { useTz: true, timeZone: 'UTC' },
  { useTz: false, timeZone: 'Asia/Tokyo' },
]

/**
 * Defines tests for each release, with and without `USE_TZ`, and prints what came of them.
 *
 * @param packages - What Django has beside it.
 */
export async function testEngine<P extends EnginePlace>(
  title: string,
  open: () => Promise<P>,
  define: (check: EngineCheck<P>) => void,
  packages?: readonly string[],
): Promise<void> {
  const table = new ResultTable(title)
  afterAll(() => console.log(table.format()))
  for (const { series, python } of await liveReleases(packages)) {
    for (const { useTz, timeZone } of zones) {
      const zone = useTz ? 'USE_TZ' : timeZone
      const row = `Django ${series}, ${zone}`
      describe.skipIf(python === null)(`Django ${series}, ${zone}`, () => {
        let sides: EngineSides<P>
        beforeAll(async () => {
          const place = await open()
          const real = new DjangoProcess(python ?? '', {
            ...place.settings,
            SECRET_KEY: secretKey,
            USE_TZ: useTz,
            TIME_ZONE: timeZone,
            DATABASES: { default: place.database ?? inMemory },
          })
          if (place.database) await real.migrate()
          const django = createDjango({
            settings: { secretKey, useTz, timeZone },
            djangoVersion: series,
            store: place.store,
          })
          sides = { django, real, place }
        })
        afterAll(async () => {
          await sides?.real.stop()
          await sides?.place.close()
        })

        define((subject, name, run) => {
          test(`${subject}: ${name}`, async () => {
            expect.hasAssertions()
            await table.count(row, subject, () => run(sides))
          })
        })
      })
    }
  }
}

/** What either side writes, the other reads, of every kind of value. */
export function testValues<P extends EnginePlace>(check: EngineCheck<P>): void {
  for (const valueCase of valueCases) testValue(check, valueCase)
}

function testValue<P extends EnginePlace>(
  check: EngineCheck<P>,
  { name, python, js, fromJs = python }: ValueCase,
): void {
  check('Django writes, we read', name, async ({ django, real }) => {
    const session = await django.sessions.get(await real.create(python)).load()
    expect(session.data).toStrictEqual(js)
  })

  check('we write, Django reads', name, async ({ django, real }) => {
    const session = await django.sessions.get(null).load()
    session.update(js)
    await session.save({ force: true })
    expect(await real.readData(session.key ?? '')).toMatchObject({ data: fromJs })
  })

  check('theirs beside our change', name, async ({ django, real }) => {
    const session = await django.sessions.get(await real.create(python)).load()
    session.set('ours', [1.5])
    await session.save()
    const data = python === '{}' ? '{"ours": [1.5]}' : `${python.slice(0, -1)}, "ours": [1.5]}`
    expect(await real.readData(session.key ?? '')).toMatchObject({ data })
  })

  check('ours beside their change', name, async ({ django, real }) => {
    const session = await django.sessions.get(null).load()
    session.update(js)
    await session.save({ force: true })
    const key = await real.change(session.key ?? '', { values: '{"theirs": 1}' })
    const again = await django.sessions.get(key).load()
    expect(again.data).toStrictEqual({ ...js, theirs: 1 })
  })
}
