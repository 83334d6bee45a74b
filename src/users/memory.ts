/**
 * Users in this process's memory, for tests and development: gone when it ends. Like
 * `django.contrib.auth.models.User` over a database of its own. Needs no client.
 *
 * @module
 */
import { isStorableText, isStorableUserKey, userKeyText } from '../auth/user-key.ts'
import { type UserModel, userModel, type UserModelOptions } from '../auth/user-model.ts'
import type {
  FieldValue,
  StoredPermissions,
  StoredUser,
  UserChanges,
  UserKey,
  UserStore,
} from '../auth/user-store.ts'
import { type UserStoreFactory, userStoreFactory } from '../auth/user-store-factory.ts'
import { invalidArgument } from '../errors.ts'
import { PreciseDate } from '../formats/datetime.ts'

/** What `memoryUserStore` returns: a store, and who may do what in it. */
export interface MemoryUserStoreFactory extends UserStoreFactory {
  /** Gives a user permissions, in place of those before; Django's admin does it in a database. */
  permit(key: UserKey, permissions: MemoryPermissions): void
}

/** What a user may do, as `app_label.codename`. */
export interface MemoryPermissions {
  /** Given to the user. Default none. */
  readonly user?: readonly string[]
  /** Of the user's groups, by the group's name. Default none. */
  readonly groups?: Readonly<Record<string, readonly string[]>>
}

/**
 * Keeps users in memory: all that are given one and the same `memoryUserStore()` share them.
 *
 * @throws ImproperlyConfiguredError
 */
export function memoryUserStore(options: UserModelOptions = {}): MemoryUserStoreFactory {
  const rows = new Rows(userModel(options))
  return {
    ...userStoreFactory(() => makeStore(rows)),
    permit: (key, permissions) => rows.permit(key, permissions),
  }
}

function makeStore(rows: Rows): UserStore {
  return {
    name: 'memoryUserStore',
    model: rows.model,
    async load(key, call) {
      call?.signal?.throwIfAborted()
      return rows.get(key)
    },
    async find(field, text, call) {
      call?.signal?.throwIfAborted()
      return isStorableText(text) ? rows.find(field, text).slice(0, 2) : []
    },
    async create(user, call) {
      call?.signal?.throwIfAborted()
      return rows.create(user)
    },
    async update(key, changes, { password } = {}, call) {
      call?.signal?.throwIfAborted()
      const row = rows.get(key)
      if (!row || (password !== undefined && row['password'] !== password)) return false
      rows.set(key, { ...row, ...changes })
      return true
    },
    async permissions(key, call) {
      call?.signal?.throwIfAborted()
      return rows.permissions(key)
    },
    async allPermissions(call) {
      call?.signal?.throwIfAborted()
      return rows.allPermissions()
    },
  }
}

/** The tables. */
class Rows {
  readonly model: UserModel
  readonly #users = new Map<string, StoredUser>()
  readonly #permissions = new Map<string, MemoryPermissions>()
  #lastKey = 0

  constructor(model: UserModel) {
    this.model = model
  }

  get(key: UserKey): StoredUser | null {
    const row = this.#users.get(userKeyText(key))
    const isKey = isStorableUserKey(key, this.model.keyType)
    return row && isKey ? copy(row) : null
  }

  set(key: UserKey, user: StoredUser): void {
    this.#users.set(userKeyText(key), copy(user))
  }

  find(field: string, text: string): StoredUser[] {
    return [...this.#users.values()].filter((row) => String(row[field]) === text).map(copy)
  }

  create(user: UserChanges): UserKey | null {
    const { keyField, usernameField } = this.model
    const key = this.#newKey(user[keyField])
    const isTaken = this.#users.has(userKeyText(key))
    if (isTaken || this.find(usernameField, String(user[usernameField])).length > 0) return null
    const absent = [...this.model.fields.keys()].map((name) => [name, null] as const)
    this.set(key, { ...Object.fromEntries(absent), ...user, [keyField]: key })
    return key
  }

  #newKey(given: FieldValue | undefined): UserKey {
    if (typeof given === 'string' || typeof given === 'number' || typeof given === 'bigint') {
      return given
    }
    if (this.model.keyType === 'int' || this.model.keyType === 'bigint') return ++this.#lastKey
    throw invalidArgument(`A new user needs a value for "${this.model.keyField}".`)
  }

  permit(key: UserKey, permissions: MemoryPermissions): void {
    this.#permissions.set(userKeyText(key), permissions)
  }

  permissions(key: UserKey): StoredPermissions {
    const { user = [], groups = {} } = this.#permissions.get(userKeyText(key)) ?? {}
    return { user: [...user], group: [...new Set(Object.values(groups).flat())] }
  }

  allPermissions(): string[] {
    const all = [...this.#permissions.values()].flatMap(({ user = [], groups = {} }) => [
      ...user,
      ...Object.values(groups).flat(),
    ])
    return [...new Set(all)]
  }
}

/** Whoever sets the date of an answer does not set that of the user. */
function copy(user: StoredUser): StoredUser {
  const copied = Object.entries(user).map(([name, value]) => [
    name,
    value instanceof Date
      ? new PreciseDate(value.getTime(), PreciseDate.from(value).microsecond)
      : value,
  ])
  return Object.fromEntries(copied) as StoredUser
}
