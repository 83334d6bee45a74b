/**
 * The machinery of one user: its row, its password, and what it may do. The classes that an
 * application sees are thin doors to it.
 *
 * @module
 */
import {
  HasherBusyError,
  ImproperlyConfiguredError,
  invalidArgument,
  UserDoesNotExistError,
} from '../errors.ts'
import { PreciseDate } from '../formats/datetime.ts'
import type { Password } from './hashers/hasher.ts'
import type { FieldValue, StoredUser, UserKey } from './user-store.ts'
import type { UsersHost } from './users-host.ts'

/** What a user may do. */
export interface Permissions {
  readonly user: ReadonlySet<string>
  readonly group: ReadonlySet<string>
}

/** One user. */
export class UserState {
  readonly host: UsersHost
  readonly pk: UserKey
  /** Every field but the password, as the application reads and changes it. */
  readonly data: Record<string, unknown>
  /** The dotted path of the backend that vouched for the user; null where none did. */
  backend: string | null = null
  #stored: StoredUser
  #password: string
  /** A password that was set and is not saved yet. */
  #newPassword: string | null = null
  #permissions: Promise<Permissions> | null = null

  constructor(host: UsersHost, stored: StoredUser) {
    const { keyField } = host.store.model
    this.host = host
    this.pk = stored[keyField] as UserKey
    this.data = {}
    this.#stored = stored
    this.#password = passwordOf(stored)
    this.#fill(stored)
  }

  #fill({ password: _password, ...fields }: StoredUser): void {
    for (const [name, value] of Object.entries(fields)) {
      // Whoever changes the date in place changes the user, not what is known to be stored.
      this.data[name] = value instanceof Date ? copyOf(value) : value
    }
  }

  /** The hash of the password. */
  get password(): string {
    return this.#password
  }

  /** A field that the model has; else what Django's base class says. */
  flag(name: 'isActive' | 'isStaff' | 'isSuperuser'): boolean {
    return name in this.data ? this.data[name] === true : name === 'isActive'
  }

  get username(): string {
    const name = this.data[this.host.store.model.usernameField]
    return typeof name === 'string' ? name : ''
  }

  /** Reads the user anew; changes that were not saved are gone. */
  async reload(): Promise<void> {
    const stored = await this.host.store.load(this.pk)
    if (stored === null) throw new UserDoesNotExistError()
    this.#stored = stored
    this.#password = passwordOf(stored)
    this.#newPassword = null
    this.#permissions = null
    this.#fill(stored)
  }

  /** @throws TypeError for a field that there is not, and for the key. */
  set(name: string, value: unknown): void {
    this.checkField(name)
    this.data[name] = value
  }

  /** @throws TypeError for a field that cannot be written. */
  checkField(name: string): void {
    const { fields } = this.host.store.model
    if (fields.has(name) && name !== 'password') return
    throw invalidArgument(
      name === 'password'
        ? 'A password is set by setPassword(), which hashes it.'
        : `Users have no field "${name}" that can be written.`,
    )
  }

  /** Hashes a password; `save()` stores it. Null: none that matches. */
  async setPassword(password: string | null): Promise<void> {
    const { hashing } = this.host
    this.#password = await hashing.makePassword(password, { userName: this.username })
    this.#newPassword = password
  }

  /** Writes fields; those that changed where none are named. Answers whether anything was written. */
  async save(names: readonly string[] | null): Promise<boolean> {
    const changes = this.#changes(names)
    if (Object.keys(changes).length === 0) return false
    if (!(await this.host.store.update(this.pk, changes))) throw new UserDoesNotExistError()
    this.#stored = { ...this.#stored, ...changes }
    if ('password' in changes) await this.#tellPassword()
    return true
  }

  #changes(names: readonly string[] | null): Record<string, FieldValue> {
    const { fields } = this.host.store.model
    for (const name of names ?? []) if (name !== 'password') this.checkField(name)
    const wanted = names ?? [...fields.keys()].filter((name) => this.#isChanged(name))
    return Object.fromEntries(wanted.map((name) => [name, this.#valueOf(name)]))
  }

  #isChanged(name: string): boolean {
    const value = this.#valueOf(name)
    const stored = this.#stored[name] ?? null
    if (value instanceof Date && stored instanceof Date) return value.getTime() !== stored.getTime()
    return value !== stored
  }

  #valueOf(name: string): FieldValue {
    if (name === 'password') return this.#password
    return (this.data[name] ?? null) as FieldValue
  }

  async #tellPassword(): Promise<void> {
    const password = this.#newPassword
    this.#newPassword = null
    if (password !== null) await this.host.validation.passwordChanged(password, this.data)
  }

  /** Whether the password is right; one that is hashed otherwise than new ones is hashed anew. */
  checkPassword(password: Password, userName: string = this.username): Promise<boolean> {
    const { hashing, readOnly } = this.host
    const setter = (raw: Password): Promise<void> => this.#upgrade(raw, userName)
    return hashing.checkPassword(password, this.#password, {
      userName,
      ...(!readOnly && { setter }),
    })
  }

  /** A password that somebody changed meanwhile stays. */
  async #upgrade(password: Password, userName: string): Promise<void> {
    const { hashing, store } = this.host
    const previous = this.#password
    try {
      const encoded = await hashing.makePassword(password, { userName })
      if (!(await store.update(this.pk, { password: encoded }, { password: previous }))) return
      this.#password = encoded
      this.#stored = { ...this.#stored, password: encoded }
    } catch (error) {
      // The next login comes here again.
      if (!(error instanceof HasherBusyError)) throw error
    }
  }

  /** What an active user may do; asked once. */
  permissions(): Promise<Permissions> {
    this.#permissions ??= this.#loadPermissions().catch((error: unknown) => {
      this.#permissions = null
      throw error
    })
    return this.#permissions
  }

  async #loadPermissions(): Promise<Permissions> {
    const { store } = this.host
    if (this.flag('isSuperuser')) {
      const all = new Set(await store.allPermissions())
      return { user: all, group: all }
    }
    const { user, group } = await store.permissions(this.pk)
    return { user: new Set(user), group: new Set(group) }
  }
}

function passwordOf({ password }: StoredUser): string {
  if (typeof password === 'string') return password
  throw new ImproperlyConfiguredError('users', 'the user store answers users without a password.')
}

function copyOf(date: Date): Date {
  return new PreciseDate(date.getTime(), PreciseDate.from(date).microsecond)
}
