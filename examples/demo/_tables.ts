/**
 * What Django makes where there is one: tables of sessions and users, and a first user.
 *
 * @module
 */
import { createDjango } from 'async-django'
import { UserExistsError } from 'async-django/errors'
import { createSessionTable, kyselyStore } from 'async-django/stores/kysely'
import { createUserTables, kyselyUserStore } from 'async-django/users/kysely'

import { openDatabase } from '../servers/_database.ts'
import type { Site } from './_site.ts'

/** Makes what is not there yet. */
export async function makeTables({ databaseUrl, secretKey }: Site): Promise<void> {
  const db = openDatabase(databaseUrl)
  try {
    await createSessionTable(db)
    await createUserTables(db)
    const { users } = createDjango({
      settings: { secretKey },
      djangoVersion: '5.2',
      store: kyselyStore(db),
      users: kyselyUserStore(db),
    })
    await users.createSuperuser({ username: 'admin', password: 'admin' }).catch(refuseOthers)
  } finally {
    await db.destroy()
  }
}

/** An earlier run made the user. */
function refuseOthers(error: unknown): void {
  if (!(error instanceof UserExistsError)) throw error
}
