/**
 * What every case of the user store suite works with: a store, and users to put into it.
 *
 * @module
 */
import { PreciseDate } from '../formats/datetime.ts'
import type { StoredUser, UserChanges, UserKey, UserStore } from '../auth/user-store.ts'
import type { UserStoreFactory } from '../auth/user-store-factory.ts'
import { check, same } from './_assert.ts'

/** An empty user store, opened for one test. */
export interface OpenedUserStore {
  /** What `createDjango` would be given. Its model is Django's own, or has that one's fields. */
  readonly factory: UserStoreFactory
  /** Ends it, and removes what was stored. */
  close(): Promise<void>
  /**
   * Gives a user permissions, as `app_label.codename`: some alone, some by groups of these names.
   * Default: tests of permissions are left out.
   */
  permit?(key: UserKey, permissions: GivenPermissions): Promise<void>
}

/** Permissions to be given. */
export interface GivenPermissions {
  readonly user: readonly string[]
  readonly groups: Readonly<Record<string, readonly string[]>>
}

/** One promise of the contract. */
export interface UserCase {
  readonly name: string
  run(kit: UserKit): Promise<void>
}

const joined = new PreciseDate(Date.UTC(2026, 1, 3, 4, 5, 6, 789), 12)

/** A store under test. */
export class UserKit {
  readonly opened: OpenedUserStore
  readonly store: UserStore
  #made = 0

  constructor(opened: OpenedUserStore) {
    this.opened = opened
    this.store = this.open()
  }

  /** The same store, in the eyes of a process in another time zone. */
  open(settings = { useTz: true, timeZone: 'UTC' }): UserStore {
    return this.opened.factory.makeStore({ settings })
  }

  /** A key that no user has. */
  get unknownKey(): UserKey {
    const { keyField } = this.store.model
    return (this.#newKey()[keyField] as string | undefined) ?? 2_000_000_000
  }

  /** A user to be stored. */
  user(changes: UserChanges = {}): UserChanges {
    this.#made += 1
    return {
      ...this.#newKey(),
      username: `user ${this.#made}`,
      password: `pbkdf2_sha256$1$salt$hash of ${this.#made}`,
      firstName: '',
      lastName: '',
      email: '',
      isStaff: false,
      isActive: true,
      isSuperuser: false,
      lastLogin: null,
      dateJoined: joined,
      ...changes,
    }
  }

  /** Keys that are not counted are given. */
  #newKey(): UserChanges {
    const { keyField, keyType } = this.store.model
    if (keyType === 'int' || keyType === 'bigint') return {}
    return { [keyField]: crypto.randomUUID() }
  }

  /** Stores a user whose name is free. */
  async create(changes: UserChanges = {}): Promise<UserKey> {
    const key = await this.store.create(this.user(changes))
    check(key !== null, 'a free name is not taken')
    return key
  }

  /** Loads a user who must be there. */
  async load(key: UserKey): Promise<StoredUser> {
    const user = await this.store.load(key)
    check(user !== null, 'the user is there')
    return user
  }

  /** Looks whether the stored user has exactly these values. */
  async holds(key: UserKey, values: UserChanges): Promise<void> {
    const user = await this.load(key)
    for (const [name, value] of Object.entries(values)) {
      same(shown(user[name]), shown(value), `the stored ${name}`)
    }
  }
}

/** Dates to the microsecond. */
function shown(value: unknown): unknown {
  if (!(value instanceof Date)) return value
  return `${value.getTime()}.${PreciseDate.from(value).microsecond}`
}
