/**
 * The session table that this package makes where there is no Django, and Django, which takes it for
 * its own.
 *
 * @module
 */
import { createSessionTable } from 'async-django/stores/kysely'
import { type Kysely, sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'

import type { SessionTables } from '../_databases.ts'
import { openDjango, secretKey } from './_beside.ts'
import { type DjangoEngine, hasEngine, type LiveDatabase, makeDatabase } from './_databases.ts'
import { DjangoProcess } from './_django-process.ts'
import { type LiveRelease, liveReleases } from './_pythons.ts'

const engines: readonly DjangoEngine[] = ['sqlite3', 'postgresql', 'mysql']
const releases = await liveReleases()
const pairs = await Promise.all(
  engines.flatMap((engine) =>
    releases.map(async (release) => ({
      engine,
      release,
      isThere: (await hasEngine(engine)) && release.python !== null,
    })),
  ),
)

describe.each(pairs)('Django $release.series, $engine', ({ engine, release, isThere }) => {
  const open: Array<{ close(): Promise<void> }> = []
  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.close()
  })

  async function makeBoth(): Promise<{ database: LiveDatabase; real: DjangoProcess }> {
    const database = await makeDatabase(engine)
    open.push(database)
    const real = startDjango(release, database)
    open.push({ close: () => real.stop() })
    return { database, real }
  }

  test.skipIf(!isThere)(
    'the table is the one that Django makes, to the name of each index',
    async () => {
      const theirs = await makeBoth()
      await theirs.real.migrate()
      const ours = await makeDatabase(engine)
      open.push(ours)
      await createSessionTable(ours.db)
      expect(await definition(ours.db, engine)).toEqual(
        await definition(theirs.database.db, engine),
      )
    },
  )

  test.skipIf(!isThere)('Django takes the table over, and both go on with it', async () => {
    const { database, real } = await makeBoth()
    await createSessionTable(database.db)
    const django = openDjango(database, { settings: { secretKey }, djangoVersion: release.series })
    const session = django.sessions.get(null)
    session.set('ours', 1)
    await session.save()
    const key = session.key ?? ''

    await real.migrate({ fake_initial: true })
    await createSessionTable(database.db)

    expect(await real.read(key)).toMatchObject({ data: '{"ours": 1}' })
    await real.change(key, { values: '{"theirs": 2}' })
    expect((await django.sessions.get(key).load()).data).toEqual({ ours: 1, theirs: 2 })
    const their = await real.create('{"theirs": 3}')
    expect((await django.sessions.get(their).load()).data).toEqual({ theirs: 3 })
    expect((await real.keys()).toSorted()).toEqual([key, their].toSorted())
  })
})

function startDjango({ python }: LiveRelease, { django }: LiveDatabase): DjangoProcess {
  if (python === null) throw new TypeError('There is no Python for this release.')
  const settings = { SECRET_KEY: secretKey, USE_TZ: true, TIME_ZONE: 'UTC' }
  return new DjangoProcess(python, { ...settings, DATABASES: { default: django } })
}

/** All that the engine knows of the table, in its own words. */
async function definition(db: Kysely<SessionTables>, engine: DjangoEngine): Promise<unknown[]> {
  return (await queries[engine].execute(db)).rows
}

const queries = {
  sqlite3: sql`
    SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'django_session' ORDER BY name`,
  postgresql: sql`
    SELECT attname AS name, format_type(atttypid, atttypmod) || ' ' || attnotnull AS definition
    FROM pg_attribute WHERE attrelid = 'django_session'::regclass AND attnum > 0
    UNION ALL
    SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'django_session'
    UNION ALL
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'django_session'::regclass
    ORDER BY name`,
  mysql: sql`SHOW CREATE TABLE django_session`,
}
