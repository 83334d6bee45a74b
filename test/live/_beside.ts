/**
 * A `django` of ours and a Django process, over one database.
 *
 * @module
 */
import { createDjango, type Django, type DjangoOptions } from 'async-django'
import { kyselyStore } from 'async-django/stores/kysely'

import { type DjangoEngine, type LiveDatabase, makeDatabase } from './_databases.ts'
import { DjangoProcess } from './_django-process.ts'
import type { LiveRelease } from './_pythons.ts'

/** The settings in which the two must agree. */
export interface SharedSettings {
  readonly useTz: boolean
  readonly timeZone: string
}

/** The secret of both. */
export const secretKey = 'live-tests-secret-0123456789abcdefghijklmnopqrstuvwxyz'

/** Both sides. */
export interface Beside {
  readonly django: Django
  readonly real: DjangoProcess
  readonly database: LiveDatabase
  close(): Promise<void>
}

/** Makes a database with Django's tables, and both sides over it. */
export async function openBeside(
  { series, python }: LiveRelease,
  engine: DjangoEngine,
  shared: SharedSettings,
): Promise<Beside> {
  if (python === null) throw new TypeError('There is no Python for this release.')
  const database = await makeDatabase(engine)
  const real = new DjangoProcess(python, {
    SECRET_KEY: secretKey,
    USE_TZ: shared.useTz,
    TIME_ZONE: shared.timeZone,
    DATABASES: { default: database.django },
  })
  await real.migrate()
  return {
    django: openDjango(database, { settings: { secretKey, ...shared }, djangoVersion: series }),
    real,
    database,
    async close() {
      await real.stop()
      await database.close()
    },
  }
}

/** A `django` over a database; one that is read-only refuses writes when it runs, not when it compiles. */
export function openDjango(
  database: LiveDatabase,
  { readOnly = false, ...options }: Omit<DjangoOptions, 'store'>,
): Django {
  const complete = { ...options, store: kyselyStore(database.db) }
  return readOnly
    ? (createDjango({ ...complete, readOnly }) as Django)
    : createDjango({ ...complete, readOnly })
}
