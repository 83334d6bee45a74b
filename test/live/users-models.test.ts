/**
 * User models of a site's own, and the tables that this package makes where there is no Django.
 *
 * @module
 */
import { createDjango, type Django } from 'async-django'
import { kyselyStore } from 'async-django/stores/kysely'
import { createUserTables, kyselyUserStore } from 'async-django/users/kysely'
import { sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'

import { type DjangoEngine, hasEngine, type LiveDatabase, makeDatabase } from './_databases.ts'
import { liveReleases } from './_pythons.ts'
import { UsersProcess } from './_users-process.ts'
import { Browser, usersSite } from './_users-site.ts'

const engines: readonly DjangoEngine[] = ['sqlite3', 'postgresql', 'mysql']
const keyTypes = ['uuid', 'bigint'] as const
const secretKey = 'live-tests-secret-0123456789abcdefghijklmnopqrstuvwxyz'
const fast = 'django.contrib.auth.hashers.MD5PasswordHasher'
const releases = await liveReleases()
const pairs = await Promise.all(
  engines.flatMap((engine) =>
    releases.map(async ({ series, python }) => ({
      engine,
      series,
      python,
      isThere: (await hasEngine(engine)) && python !== null,
    })),
  ),
)

describe.each(pairs)('Django $series, $engine', ({ engine, series, python, isThere }) => {
  const open: Array<{ close(): Promise<void> }> = []
  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.close()
  })

  async function makeBoth(customKey?: string): Promise<[LiveDatabase, UsersProcess]> {
    const database = await makeDatabase(engine)
    open.push(database)
    const settings = {
      SECRET_KEY: secretKey,
      USE_TZ: true,
      TIME_ZONE: 'UTC',
      DATABASES: { default: database.django },
      PASSWORD_HASHERS: [fast],
    }
    const real = new UsersProcess(python ?? '', settings, customKey)
    open.push({ close: () => real.stop() })
    await real.migrate()
    return [database, real]
  }

  test.skipIf(!isThere).each(keyTypes)(
    'a model with keys that are %s is the same on both sides',
    async (keyType) => {
      const [database, real] = await makeBoth(keyType)
      const django = openCustom(database, keyType, series)
      const email = 'ada@example.com'
      const device = '123e4567-e89b-12d3-a456-426655440000'
      const fields = { points: '9007199254740993', nick: 'Ada ✓', born: '1815-12-10', device }
      const pk = await real.ask<string>('add_customer', { email, password: 'first', ...fields })

      const theirs = new Browser(usersSite(django), await real.ask('log_in_as', { email }))
      expect(await theirs.who()).toBe(email)
      const user = await django.users.getByNaturalKey(email)
      expect([String(user.pk), user.items()]).toEqual([
        pk,
        expect.arrayContaining([
          ['points', 9007199254740993n],
          ['nick', 'Ada ✓'],
          ['born', '1815-12-10'],
          ['device', device],
          ['rate', 0.5],
        ]),
      ])

      const grace = {
        email: 'grace@EXAMPLE.com',
        password: 'second',
        points: 7,
        rate: 0.1,
        nick: null,
        born: '1906-12-09',
        device,
        joined: new Date(),
      }
      const made = await django.users.create(grace)
      const seen = await real.ask<object>('customer', { email: 'grace@example.com' })
      expect(seen).toEqual({
        pk: String(made.pk),
        email: 'grace@example.com',
        points: '7',
        rate: '0.1',
        nick: 'None',
        born: '1906-12-09',
        device,
        is_staff: 'False',
      })
      const ours = new Browser(usersSite(django))
      await ours.visit('/login', { username: 'grace@example.com', password: 'second' })
      expect(await real.who([ours.key])).toEqual(['grace@example.com'])

      await real.ask('permit', { name: email, perms: ['auth.add_group'], groups: {} })
      expect((await theirs.visit('/may', { perm: 'auth.add_group' })).body).toBe(true)
      expect((await ours.visit('/may', { perm: 'auth.add_group' })).body).toBe(false)
    },
  )

  test.skipIf(!isThere)('tables that are made here are those that Django makes', async () => {
    const [theirs] = await makeBoth()
    const ours = await makeDatabase(engine)
    open.push(ours)
    await createUserTables(ours.db)
    expect(await definition(ours, engine)).toEqual(await definition(theirs, engine))
  })
})

function openCustom(
  database: LiveDatabase,
  keyType: (typeof keyTypes)[number],
  djangoVersion: '4.2' | '5.2' | '6.1',
): Django {
  return createDjango({
    settings: { secretKey, useTz: true, timeZone: 'UTC' },
    djangoVersion,
    store: kyselyStore(database.db),
    users: kyselyUserStore(database.db, {
      table: 'shop_customer',
      keyType,
      usernameField: 'email',
      fields: {
        username: null,
        firstName: null,
        lastName: null,
        dateJoined: null,
        points: 'integer',
        rate: { type: 'float', default: 0.5 },
        nick: { type: 'text', column: 'nickname' },
        born: 'date',
        device: 'uuid',
        joined: 'datetime',
      },
    }),
    auth: { passwordHashers: [fast] },
  })
}

const tables = [
  'auth_group',
  'auth_group_permissions',
  'auth_permission',
  'auth_user',
  'auth_user_groups',
  'auth_user_user_permissions',
  'django_content_type',
]

/** All that the engine knows of the tables, but for the order of their columns. */
async function definition({ db }: LiveDatabase, engine: DjangoEngine): Promise<unknown[]> {
  const names = sql.join(tables)
  const found = await queries[engine](names).execute(db)
  return found.rows
    .map((row) => JSON.stringify(row).replaceAll(/_ibfk_\d+|AUTO_INCREMENT=\d+ /g, ''))
    .toSorted()
}

const queries = {
  sqlite3: (names: ReturnType<typeof sql.join>) => sql`
    SELECT m.name AS part, c.name, c.type, c."notnull", c.pk, '' AS definition
      FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.name IN (${names})
    UNION ALL SELECT m.name, f."table", f."from", f."to", f.on_delete, ''
      FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.name IN (${names})
    UNION ALL SELECT name, tbl_name, '', '', '', sql FROM sqlite_master
      WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN (${names})`,
  postgresql: (names: ReturnType<typeof sql.join>) => sql`
    SELECT table_name AS part, column_name AS name, data_type || ' ' || is_nullable || ' ' ||
        is_identity || ' ' || COALESCE(CAST(character_maximum_length AS text), '') AS definition
      FROM information_schema.columns WHERE table_name IN (${names})
    UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename IN (${names})
    UNION ALL SELECT CAST(conrelid::regclass AS text), conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE contype <> 'n' AND CAST(conrelid::regclass AS text) IN (${names})`,
  mysql: (names: ReturnType<typeof sql.join>) => sql`
    SELECT table_name AS part, column_name AS name, CONCAT(column_type, ' ', is_nullable, ' ', extra) AS definition
      FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN (${names})
    UNION ALL SELECT table_name, index_name, CONCAT(column_name, ' ', seq_in_index, ' ', non_unique)
      FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name IN (${names})
    UNION ALL SELECT table_name, constraint_name, CONCAT(column_name, ' ', referenced_table_name)
      FROM information_schema.key_column_usage
      WHERE table_schema = DATABASE() AND table_name IN (${names}) AND referenced_table_name IS NOT NULL`,
}
