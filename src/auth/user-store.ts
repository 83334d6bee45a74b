/**
 * The contract of a user store. `async-django/testing` holds the suite that every store passes.
 *
 * @module
 */
import type { Call } from '../session/store.ts'
import type { Settings } from '../settings.ts'
import type { UserModel } from './user-model.ts'

/** The primary key of a user: text for text and UUIDs; a bigint only past 2^53. */
export type UserKey = number | bigint | string

/** What a column of the user table holds. */
export type FieldValue = string | number | bigint | boolean | Date | null

/** A user as it stands in a store: every field of the model, by its name. */
export type StoredUser = Readonly<Record<string, FieldValue>>

/** Some fields of a user, by their names. */
export type UserChanges = Readonly<Record<string, FieldValue>>

/** The permissions of a user, as `app_label.codename`. */
export interface StoredPermissions {
  /** Those that were given to the user. */
  readonly user: readonly string[]
  /** Those of the user's groups. */
  readonly group: readonly string[]
}

/** What `createDjango` gives to every user store. */
export interface UserStoreContext {
  readonly settings: Pick<Settings, 'useTz' | 'timeZone'>
}

/** Keeps users. A name is compared as the engine compares it, as in Django. */
export interface UserStore {
  /** Its function's name, for messages. */
  readonly name: string
  readonly model: UserModel
  /** The user with this key; null where there is none. */
  load(key: UserKey, call?: Call): Promise<StoredUser | null>
  /** The users whose field is this text: two at most, which is enough to know that it is not one. */
  find(field: string, text: string, call?: Call): Promise<readonly StoredUser[]>
  /**
   * Stores a new user. Where the model's keys are counted, none is among the fields.
   *
   * @returns The key; null where the name, or another unique value, is taken.
   */
  create(user: UserChanges, call?: Call): Promise<UserKey | null>
  /**
   * Writes some fields of a user, and no others. With `password`: only while that is the stored
   * hash, byte for byte.
   *
   * @returns Whether there is such a user.
   */
  update(key: UserKey, changes: UserChanges, options?: UpdateOptions, call?: Call): Promise<boolean>
  /** The permissions of a user, whoever it is; none where the model has none. One query. */
  permissions(key: UserKey, call?: Call): Promise<StoredPermissions>
  /** All permissions that there are, which are those of a superuser. */
  allPermissions(call?: Call): Promise<readonly string[]>
}

/** When an update is to be made. */
export interface UpdateOptions {
  /** Only while this is the stored hash of the password. Default: in any case. */
  readonly password?: string
}
