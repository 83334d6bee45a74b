/**
 * A session's user before it is loaded.
 *
 * @module
 */
import type { AnonymousUser, DjangoUser, ReadOnlyUser, User } from './user.ts'

/** A user of whom nothing has been read yet: it costs nothing until `load()`. */
export interface LazyUser<U extends object = DjangoUser> {
  /**
   * Reads session and user, once, and verifies that the login still stands.
   *
   * @throws UserKeyError; StoreError.
   */
  load(): Promise<User<U> | AnonymousUser>
}

/** The same where nothing may be written. */
export interface LazyReadOnlyUser<U extends object = DjangoUser> {
  /**
   * Reads session and user, once, and verifies that the login still stands.
   *
   * @throws UserKeyError; StoreError.
   */
  load(): Promise<ReadOnlyUser<U> | AnonymousUser>
}

/** Whoever a session's user is said to be; found out at the first use. */
export class SessionUser<U extends object> implements LazyUser<U> {
  readonly #find: () => Promise<User<U> | AnonymousUser>
  #user: Promise<User<U> | AnonymousUser> | null = null

  constructor(find: () => Promise<User<U> | AnonymousUser>) {
    this.#find = find
  }

  load(): Promise<User<U> | AnonymousUser> {
    this.#user ??= this.#find().catch((error: unknown) => {
      this.#user = null
      throw error
    })
    return this.#user
  }

  /** Somebody logged in, or out. */
  set(user: User<U> | AnonymousUser): void {
    this.#user = Promise.resolve(user)
  }
}
