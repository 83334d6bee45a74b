/**
 * What brings users into `createDjango`: a store of them, with all that works on it, so that a
 * server without users carries none of it.
 *
 * @module
 */
import type { UserStore, UserStoreContext } from './user-store.ts'
import { createUsers } from './users.ts'

/** What a user store's function, such as `kyselyUserStore(db)`, returns. */
export interface UserStoreFactory {
  /** Makes the store. */
  readonly makeStore: (context: UserStoreContext) => UserStore
  /** Puts users on top of it; `createDjango` calls this. */
  readonly createUsers: typeof createUsers
}

/**
 * Makes a store of your own fit for `createDjango`.
 *
 * @example
 * ```ts
 * const users = userStoreFactory(({ settings }) => myUserStore(client, settings))
 * ```
 */
export function userStoreFactory(
  makeStore: (context: UserStoreContext) => UserStore,
): UserStoreFactory {
  return { makeStore, createUsers }
}
