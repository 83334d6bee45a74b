/**
 * Users, and visitors who are none. Mirrors `AbstractBaseUser`, `PermissionsMixin` and
 * `AnonymousUser` of `django.contrib.auth`; where Django asks the database as it goes, here one
 * awaits.
 *
 * @module
 */
import type { Password } from './hashers/hasher.ts'
import { isPasswordUsable } from './password-hashing.ts'
import { hasModulePerms, hasPerm, hasPerms, permissionsVia } from './permissions.ts'
import type { UserKey } from './user-store.ts'
import type { UserState } from './user-state.ts'

/** The fields of `django.contrib.auth.models.User`; the password is not among the data. */
export interface DjangoUser {
  readonly id: number
  username: string
  firstName: string
  lastName: string
  email: string
  isStaff: boolean
  isActive: boolean
  isSuperuser: boolean
  lastLogin: Date | null
  dateJoined: Date
}

/** A field of a user: a declared one, or any other. */
export type UserFieldName<U extends object> = (keyof U & string) | (string & {})

/** What there is in a field: of the declared type, or of one that is not known. */
export type UserFieldValue<U extends object, K extends string> = (U & {
  [field: string]: unknown
})[K]

let readState: (user: object) => UserState

/** The machinery of a user, for this package. */
export function stateOf(user: object): UserState {
  return readState(user)
}

/** A user that can be read only: it has no method that writes. */
export class ReadOnlyUser<U extends object = DjangoUser> {
  /** True, as this is a user: what tells it from an `AnonymousUser`. */
  readonly isAuthenticated: true = true
  /** False, as this is a user. */
  readonly isAnonymous: false = false
  readonly #state: UserState

  static {
    readState = (user) => (user as ReadOnlyUser).#state
  }

  /** Use `django.users`. */
  constructor(state: UserState) {
    this.#state = state
  }

  /** The primary key. */
  get pk(): UserKey {
    return this.#state.pk
  }

  /** The fields: a plain object that can be read and changed; `save()` finds the changes. */
  get data(): U {
    return this.#state.data as U
  }

  /** The stored hash of the password. Never show it to anybody. */
  get password(): string {
    return this.#state.password
  }

  /** Whether the user may log in. */
  get isActive(): boolean {
    return this.#state.flag('isActive')
  }

  /** Whether the user may enter Django's admin. */
  get isStaff(): boolean {
    return this.#state.flag('isStaff')
  }

  /** Whether the user may do everything. */
  get isSuperuser(): boolean {
    return this.#state.flag('isSuperuser')
  }

  /** The dotted path of the backend that vouched for the user; null where none did. */
  get backend(): string | null {
    return this.#state.backend
  }

  /** The name that the user logs in with. */
  getUsername(): string {
    return this.#state.username
  }

  /** The first and the last name, with a space between. */
  getFullName(): string {
    const { firstName = '', lastName = '' } = this.#state.data
    return `${String(firstName)} ${String(lastName)}`.trim()
  }

  /** The value of a field, or a fallback; null without one. */
  get<K extends UserFieldName<U>>(name: K): UserFieldValue<U, K> | null
  get<K extends UserFieldName<U>, F>(name: K, fallback: F): UserFieldValue<U, K> | F
  get(name: string, fallback: unknown = null): unknown {
    return this.has(name) ? this.#state.data[name] : fallback
  }

  /** Whether there is such a field. */
  has(name: string): boolean {
    return Object.hasOwn(this.#state.data, name)
  }

  /** The names of the fields. */
  keys(): string[] {
    return Object.keys(this.#state.data)
  }

  /** The values of the fields. */
  values(): unknown[] {
    return Object.values(this.#state.data)
  }

  /** Pairs of name and value. */
  items(): Array<[string, unknown]> {
    return Object.entries(this.#state.data)
  }

  /** Whether any password matches. */
  hasUsablePassword(): boolean {
    return isPasswordUsable(this.#state.password)
  }

  /**
   * Whether this is the user's password. A hash that is not as new ones are is replaced, unless
   * nothing may be written. Throws as `checkPassword` of `async-django/passwords` does.
   */
  checkPassword(password: Password): Promise<boolean> {
    return this.#state.checkPassword(password)
  }

  /**
   * Whether the user may do this. Superusers may do everything; those who are not active, nothing.
   *
   * @param perm - As `app_label.codename`.
   * @param obj - Of a single object Django's own backend knows nothing, except of superusers.
   */
  hasPerm(perm: string, obj: object | null = null): Promise<boolean> {
    return hasPerm(this.#state, perm, obj)
  }

  /** Whether the user may do all of this. */
  hasPerms(perms: readonly string[], obj: object | null = null): Promise<boolean> {
    return hasPerms(this.#state, perms, obj)
  }

  /** Whether the user may do anything in an application. */
  hasModulePerms(appLabel: string): Promise<boolean> {
    return hasModulePerms(this.#state, appLabel)
  }

  /** The permissions that were given to the user alone. */
  getUserPermissions(obj: object | null = null): Promise<ReadonlySet<string>> {
    return permissionsVia(this.#state, ['user'], obj)
  }

  /** The permissions of the user's groups. */
  getGroupPermissions(obj: object | null = null): Promise<ReadonlySet<string>> {
    return permissionsVia(this.#state, ['group'], obj)
  }

  /** All permissions that the user has. */
  getAllPermissions(obj: object | null = null): Promise<ReadonlySet<string>> {
    return permissionsVia(this.#state, ['user', 'group'], obj)
  }

  /**
   * Reads the user anew; changes that were not saved are gone.
   *
   * @throws UserDoesNotExistError; StoreError.
   */
  async reload(): Promise<this> {
    await this.#state.reload()
    return this
  }

  /** The fields, for `JSON.stringify`; integers past 2^53 become text. */
  toJSON(): unknown {
    const plain = this.items().map(([name, value]) => [
      name,
      typeof value === 'bigint' ? value.toString() : value,
    ])
    return Object.fromEntries(plain) as unknown
  }
}

/** A user. */
export class User<U extends object = DjangoUser> extends ReadOnlyUser<U> {
  /**
   * Gives a field a value; `save()` stores it.
   *
   * @throws TypeError for a field that there is not, for the key, and for the password.
   */
  set<K extends UserFieldName<U>>(name: K, value: UserFieldValue<U, K>): void {
    stateOf(this).set(name, value)
  }

  /** Gives several fields their values. Throws as `set` does. */
  update(values: Partial<U>): void {
    for (const [name, value] of Object.entries(values)) stateOf(this).set(name, value)
  }

  /**
   * Hashes a new password; `save()` stores it, and ends the user's sessions, but for those that
   * `updateSessionAuthHash` keeps. Null: none that matches.
   *
   * @throws HasherBusyError; PasswordHashError.
   */
  setPassword(password: string | null): Promise<void> {
    return stateOf(this).setPassword(password)
  }

  /**
   * Stores what changed, and nothing if nothing did.
   *
   * @param fields - Only these, whether they changed or not: `update_fields`. Default: what changed.
   * @returns Whether anything was written.
   * @throws UserDoesNotExistError; TypeError for a field that there is not; StoreError.
   */
  save(fields: readonly UserFieldName<U>[] | null = null): Promise<boolean> {
    return stateOf(this).save(fields)
  }
}

/** A visitor who is not logged in, or whose login ended. */
export class AnonymousUser {
  /** False, as this is nobody: what tells it from a user. */
  readonly isAuthenticated: false = false
  /** True, as this is nobody. */
  readonly isAnonymous: true = true
  readonly pk: null = null
  readonly isActive: false = false
  readonly isStaff: false = false
  readonly isSuperuser: false = false
  readonly backend: null = null

  /** Empty, as nobody has a name. */
  getUsername(): '' {
    return ''
  }

  /** Whether nobody in particular may do this: no. */
  async hasPerm(_perm: string, _obj: object | null = null): Promise<false> {
    return false
  }

  /** Whether nobody in particular may do all of this: not unless it is nothing. */
  async hasPerms(perms: readonly string[], _obj: object | null = null): Promise<boolean> {
    return perms.length === 0
  }

  /** Whether nobody in particular may do anything in an application: no. */
  async hasModulePerms(_appLabel: string): Promise<false> {
    return false
  }

  /** None. */
  async getUserPermissions(_obj: object | null = null): Promise<ReadonlySet<string>> {
    return new Set()
  }

  /** None. */
  async getGroupPermissions(_obj: object | null = null): Promise<ReadonlySet<string>> {
    return new Set()
  }

  /** None. */
  async getAllPermissions(_obj: object | null = null): Promise<ReadonlySet<string>> {
    return new Set()
  }
}
