/**
 * Who is logged in, for the page alone. It takes the session's word for it: whether the user is
 * still active, and the password still the same, is not looked at.
 *
 * @module
 */
import type { Session } from 'async-django'
import type { Kysely } from 'kysely'

/** The columns of Django's user table that the page shows. */
export interface DemoTables {
  readonly auth_user: { readonly id: number; readonly username: string }
}

/** The name of the user whom Django logged in; null for nobody. */
export async function userName(db: Kysely<DemoTables>, session: Session): Promise<string | null> {
  const id = Number(session.get('_auth_user_id') ?? Number.NaN)
  if (!Number.isSafeInteger(id)) return null
  const users = db.selectFrom('auth_user').select('username').where('id', '=', id)
  return (await users.executeTakeFirst())?.username ?? null
}
