/**
 * Who vouches for users. Mirrors `django.contrib.auth.backends`, and `AUTHENTICATION_BACKENDS`.
 *
 * @module
 */
import { ImproperlyConfiguredError } from '../errors.ts'
import type { Password } from './hashers/hasher.ts'
import { normalizeEmail } from './normalize.ts'
import { stateOf, type DjangoUser, type User } from './user.ts'
import type { UserKey } from './user-store.ts'

/** What a visitor gives to be let in: a name and a password, mostly. */
export type Credentials = Readonly<Record<string, unknown>>

/** What backends work with. */
export interface BackendTools<U extends object = DjangoUser> {
  /** What `authenticate` was given as the exchange; null for nothing. */
  readonly exchange: unknown
  /** The fields of the model that names and addresses are in. */
  readonly usernameField: string
  readonly emailField: string | null
  /** The user with this key; null where there is none. */
  get(pk: UserKey): Promise<User<U> | null>
  /** The one user whose field is this text; null where there is none, or more than one. */
  find(field: string, text: string): Promise<User<U> | null>
  /**
   * Whether this is the user's password; for nobody, it takes as long and is not.
   *
   * @param name - The name that was given: few passwords of one name are checked at once.
   */
  checkPassword(user: User<U> | null, password: Password, name: string): Promise<boolean>
}

/** Lets users in, or knows those who were let in elsewhere. */
export interface AuthenticationBackend<U extends object = DjangoUser> {
  /** The dotted path of its class in Django, which sessions hold. */
  readonly path: string
  /**
   * The user with these credentials; null where there is none, and for credentials of another kind.
   *
   * @throws PermissionDeniedError to have no further backend asked.
   */
  authenticate?(credentials: Credentials, tools: BackendTools<U>): Promise<User<U> | null>
  /** Whether a user may be logged in. Default: active ones may. */
  userCanAuthenticate?(user: User<U>): boolean
}

/** A backend, complete. */
export type AnyBackend = Required<AuthenticationBackend>

/** The path of Django's own. */
export const modelBackendPath = 'django.contrib.auth.backends.ModelBackend'
const allowAllPath = 'django.contrib.auth.backends.AllowAllUsersModelBackend'

/** Whether a user is active. */
function isActive(user: { readonly isActive: boolean }): boolean {
  return user.isActive
}

/** Django's own: the name as it stands, and the password. @param path - Of a class of yours. */
export function modelBackend<U extends object = DjangoUser>(
  path: string = modelBackendPath,
): AuthenticationBackend<U> {
  return {
    path,
    authenticate: (credentials, tools) => {
      const { usernameField } = tools
      const name = credentials[usernameField] ?? credentials['username']
      return authenticateBy(usernameField, name, credentials['password'], tools)
    },
  }
}

/**
 * An e-mail address, its domain in any case, and the password. Of an address that several users
 * have, none is let in.
 *
 * @param path - Of the class in `AUTHENTICATION_BACKENDS` that does so in Django, such as
 *   `allauth.account.auth_backends.AuthenticationBackend`.
 */
export function emailBackend<U extends object = DjangoUser>(
  path: string,
): AuthenticationBackend<U> {
  return {
    path,
    authenticate(credentials, tools) {
      const { emailField } = tools
      if (emailField === null) throw new ImproperlyConfiguredError('emailField', 'is missing.')
      const given = credentials[emailField] ?? credentials['email'] ?? credentials['username']
      const email = typeof given === 'string' ? normalizeEmail(given) : given
      return authenticateBy(emailField, email, credentials['password'], tools)
    },
  }
}

/** Mirrors `ModelBackend.authenticate`. */
async function authenticateBy<U extends object>(
  field: string,
  name: unknown,
  password: unknown,
  tools: BackendTools<U>,
): Promise<User<U> | null> {
  if (typeof name !== 'string' || !isPassword(password)) return null
  const user = await tools.find(field, name)
  return (await tools.checkPassword(user, password, name)) ? user : null
}

function isPassword(value: unknown): value is Password {
  return typeof value === 'string' || value instanceof Uint8Array
}

/** An entry of `authenticationBackends`: a dotted path, or a backend. */
export type BackendEntry<U extends object = DjangoUser> = string | AuthenticationBackend<U>

/**
 * Completes backends. Of a path that is none of Django's, sessions are known and nobody is let in.
 *
 * @throws ImproperlyConfiguredError
 */
export function completeBackends(entries: readonly BackendEntry[]): readonly AnyBackend[] {
  if (entries.length === 0) {
    throw new ImproperlyConfiguredError('authenticationBackends', 'must not be empty.')
  }
  return entries.map(completeBackend)
}

function completeBackend(entry: BackendEntry): AnyBackend {
  const given = typeof entry === 'string' ? backendOf(entry) : entry
  if (typeof given.path !== 'string' || given.path === '') {
    throw new ImproperlyConfiguredError('authenticationBackends', 'each needs a path.')
  }
  return {
    path: given.path,
    authenticate: async (credentials, tools) =>
      (await given.authenticate?.(credentials, tools)) ?? null,
    userCanAuthenticate: (user) => (given.userCanAuthenticate ?? isActive)(user),
  }
}

function backendOf(path: string): AuthenticationBackend {
  if (path === modelBackendPath) return modelBackend()
  if (path === allowAllPath) return { ...modelBackend(path), userCanAuthenticate: () => true }
  return { path }
}

/** The backend that vouches for a login. Mirrors what `login` does. @throws ImproperlyConfiguredError */
export function backendPathOf(
  user: User,
  given: string | undefined,
  backends: readonly AnyBackend[],
): string {
  const path = given ?? stateOf(user).backend
  if (path !== null) return path
  const [first, second] = backends
  if (first && !second) return first.path
  throw new ImproperlyConfiguredError(
    'backend',
    'there are several authenticationBackends: say which one vouches for this user.',
  )
}
