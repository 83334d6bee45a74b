/**
 * Makes users. Mirrors `create_user` and `create_superuser` of
 * `django.contrib.auth.models.UserManager`.
 *
 * @module
 */
import { invalidArgument, UserDoesNotExistError, UserExistsError } from '../errors.ts'
import { PreciseDate } from '../formats/datetime.ts'
import { normalizeEmail, normalizeUsername } from './normalize.ts'
import type { User } from './user.ts'
import { withHyphens } from './user-key.ts'
import type { UserModel } from './user-model.ts'
import type { FieldValue } from './user-store.ts'
import type { UsersCore } from './users-core.ts'
import { platform } from '#platform'

/** The fields of a new user, and the password that it is to have. */
export type NewUser<U extends object> = Partial<U> & {
  /** The password, as it is typed. Null, and none: no password matches. */
  readonly password?: string | null
}

/** Stores a new user. @throws UserExistsError; TypeError for a name that is empty; HasherBusyError. */
export async function createUser(users: UsersCore, given: NewUser<object>): Promise<User> {
  const { store, hashing, validation, now } = users.host
  const { password = null, ...fields } = given
  const row = newRow(store.model, fields, now())
  const name = String(row[store.model.usernameField])
  const encoded = await hashing.makePassword(password, { userName: name })
  const key = await store.create({ ...row, password: encoded })
  if (key === null) throw new UserExistsError()
  const user = await users.load(key)
  if (user === null) throw new UserDoesNotExistError()
  if (password !== null) await validation.passwordChanged(password, user.data)
  return user
}

/** Stores a new user who may do everything. Throws as `createUser`, and where the flags say otherwise. */
export async function createSuperuser(users: UsersCore, given: NewUser<object>): Promise<User> {
  const { isStaff = true, isSuperuser = true } = given as Readonly<Record<string, unknown>>
  if (isStaff === true && isSuperuser === true) {
    return createUser(users, { ...given, isStaff, isSuperuser } as NewUser<object>)
  }
  throw invalidArgument('A superuser has isStaff and isSuperuser set to true.')
}

function newRow(model: UserModel, given: object, now: Date): Record<string, FieldValue> {
  const row: Record<string, FieldValue> = {}
  for (const [name, { type, default: value }] of model.fields) {
    if (name === 'dateJoined' && type === 'datetime') row[name] = PreciseDate.from(now)
    else if (value !== undefined) row[name] = value
  }
  for (const [name, value] of Object.entries(given)) {
    if (!model.fields.has(name) && name !== model.keyField) {
      throw invalidArgument(`Users have no field "${name}".`)
    }
    if (value !== undefined) row[name] = value as FieldValue
  }
  if (model.keyType === 'uuid') row[model.keyField] ??= randomUuid()
  return normalized(row, model)
}

function normalized(
  row: Record<string, FieldValue>,
  { usernameField, emailField }: UserModel,
): Record<string, FieldValue> {
  const email = emailField === null ? undefined : row[emailField]
  if (emailField !== null && typeof email === 'string') row[emailField] = normalizeEmail(email)
  const name = row[usernameField]
  if (typeof name !== 'string' || name === '') {
    throw invalidArgument(`A new user needs a "${usernameField}".`)
  }
  return { ...row, [usernameField]: normalizeUsername(name) }
}

/** A random UUID, of version 4. */
function randomUuid(): string {
  const bytes = platform.randomBytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return withHyphens(platform.encodeHex(bytes))
}
