/**
 * All users of one `django`.
 *
 * @module
 */
import { UserDoesNotExistError } from '../errors.ts'
import type { SessionHost } from '../session/host.ts'
import { type ReadOnlySessions, Sessions } from '../session/sessions.ts'
import type { DjangoVersion } from '../settings.ts'
import type { Keyring } from '../signing/keyring.ts'
import {
  type BackendEntry,
  completeBackends,
  type Credentials,
  modelBackendPath,
} from './backends.ts'
import { createSuperuser, createUser, type NewUser } from './create-user.ts'
import { GuardedUserStore } from './guarded-user-store.ts'
import type { LazyReadOnlyUser, LazyUser } from './lazy-user.ts'
import { login, logout, updateSessionAuthHash } from './login.ts'
import { createPasswordHashing, type PasswordHashingOptions } from './password-hashing.ts'
import { createPasswordValidation, type PasswordValidationOptions } from './password-validation.ts'
import { sessionHashKeySalt } from './session-hash.ts'
import { type SessionAuthHash, SessionHashes } from './session-hashes.ts'
import {
  passwordResetKeySalt,
  type PasswordResetTokenGenerator,
  passwordResetTokenGenerator,
} from './tokens.ts'
import { type DjangoUser, ReadOnlyUser, stateOf, type User } from './user.ts'
import type { UserEvent, UserListener } from './user-events.ts'
import type { UserKey, UserStore, UserStoreContext } from './user-store.ts'
import { type AnySession, type Throttle, UsersCore } from './users-core.ts'

/** How users log in: Django's settings by their names, and what Django has in code. */
export interface AuthOptions
  extends
    Omit<PasswordHashingOptions, 'djangoVersion'>,
    Omit<PasswordValidationOptions, 'djangoVersion'> {
  /** `AUTHENTICATION_BACKENDS`: dotted paths, or backends. Default: Django's `ModelBackend`. */
  readonly authenticationBackends?: readonly BackendEntry[]
  /** `PASSWORD_RESET_TIMEOUT`, in seconds. Default three days. */
  readonly passwordResetTimeout?: number
  /** What stands for `get_session_auth_hash`. Default: Django's own. */
  readonly sessionAuthHash?: SessionAuthHash
  /** Asked before any password is looked at. Default: nobody is. */
  readonly throttle?: Throttle
}

/** What `createDjango` gives, with which users are made. */
export interface UsersContext {
  readonly makeStore: (context: UserStoreContext) => UserStore
  readonly sessions: Sessions | ReadOnlySessions
  readonly host: SessionHost
  readonly keyring: Keyring
  readonly djangoVersion: DjangoVersion
  readonly readOnly: boolean
  readonly now: () => Date
  readonly auth: AuthOptions
}

/**
 * Puts users on top of sessions and a user store; `createDjango` does.
 *
 * @throws ImproperlyConfiguredError
 */
export function createUsers(context: UsersContext): Users | ReadOnlyUsers {
  const { sessions } = context
  const users = makeCore(context)
  const tokens = makeTokens(context)
  return sessions instanceof Sessions
    ? new Users(users, tokens, sessions)
    : new ReadOnlyUsers(users, tokens)
}

function makeCore(context: UsersContext): UsersCore {
  const { makeStore, host, keyring, djangoVersion, readOnly, now, auth } = context
  const { authenticationBackends = [modelBackendPath], sessionAuthHash, throttle = null } = auth
  const store = makeStore({ settings: host.settings })
  return new UsersCore({
    host: {
      store: new GuardedUserStore(store, host.storeTimeoutMs),
      sessions: host,
      hashing: createPasswordHashing({ ...auth, djangoVersion }),
      validation: createPasswordValidation({ ...auth, djangoVersion }),
      readOnly,
      now,
    },
    hashes: new SessionHashes(keyring.keys(sessionHashKeySalt), sessionAuthHash),
    backends: completeBackends(authenticationBackends),
    throttle,
  })
}

/** Made at the first use: a server that holds prepared keys may hold none for links. */
function makeTokens({ host, keyring, now, auth }: UsersContext): () => PasswordResetTokenGenerator {
  const { passwordResetTimeout } = auth
  const { useTz, timeZone } = host.settings
  return () =>
    passwordResetTokenGenerator({
      preparedKeys: keyring.keys(passwordResetKeySalt),
      useTz,
      timeZone,
      now,
      ...(passwordResetTimeout !== undefined && { passwordResetTimeout }),
    })
}

/** Users where nothing may be written. */
export class ReadOnlyUsers<U extends object = DjangoUser> {
  readonly #core: UsersCore
  readonly #tokens: () => PasswordResetTokenGenerator

  /** Use `django.users`. */
  constructor(core: UsersCore, tokens: () => PasswordResetTokenGenerator) {
    this.#core = core
    this.#tokens = tokens
  }

  /** Who a session's visitor is; nothing is read until `load()`. The same object for one session. */
  fromSession(session: AnySession): LazyReadOnlyUser<U> {
    return this.#core.ofSession(session) as unknown as LazyReadOnlyUser<U>
  }

  /**
   * The user with this primary key.
   *
   * @throws UserDoesNotExistError; StoreError.
   */
  async get(pk: UserKey): Promise<ReadOnlyUser<U>> {
    return existing<U>(await this.#core.load(pk))
  }

  /**
   * The user with this name, as the engine compares names.
   *
   * @throws UserDoesNotExistError; StoreError.
   */
  async getByNaturalKey(username: string): Promise<ReadOnlyUser<U>> {
    const { usernameField } = this.#core.host.store.model
    return existing<U>(await this.#core.find(usernameField, username))
  }

  /**
   * The user with these credentials; null where no backend lets one in. A name that there is not
   * takes as long as a wrong password. Nobody is logged in yet.
   *
   * @param exchange - Handed to backends, to `throttle` and to listeners: the request, say.
   * @throws LoginThrottledError; HasherBusyError; StoreError; PasswordHashError for a stored hash
   *   that is malformed.
   */
  authenticate(
    credentials: Credentials,
    exchange: unknown = null,
  ): Promise<ReadOnlyUser<U> | null> {
    return this.#core.authenticate(
      credentials,
      exchange,
    ) as Promise<unknown> as Promise<ReadOnlyUser<U> | null>
  }

  /**
   * Asks all validators of `authPasswordValidators`.
   *
   * @param user - Whose password it will be, or its fields.
   * @throws PasswordValidationError with everything that is wrong.
   */
  validatePassword(password: string, user: object | null = null): Promise<void> {
    return this.#core.host.validation.validatePassword(password, fieldsOf(user))
  }

  /** What to tell users of new passwords, in the order of the validators. */
  passwordValidatorsHelpTexts(): readonly string[] {
    return this.#core.host.validation.passwordValidatorsHelpTexts()
  }

  /** A token for a link by which this user sets a new password: good once. See `encodeUid`. */
  makeToken(user: ReadOnlyUser<U>): string {
    return this.#tokens().makeToken(this.#tokenUser(user))
  }

  /** Whether a token was made for this user, is not used up, and not too old. */
  checkToken(user: ReadOnlyUser<U> | null, token: string | null): boolean {
    return this.#tokens().checkToken(user && this.#tokenUser(user), token)
  }

  #tokenUser(user: ReadOnlyUser<U>) {
    const { emailField } = this.#core.host.store.model
    const lastLogin = user.get('lastLogin')
    const email = emailField === null ? null : user.get(emailField)
    return {
      pk: user.pk,
      password: user.password,
      lastLogin: lastLogin instanceof Date ? lastLogin : null,
      email: typeof email === 'string' ? email : null,
    }
  }

  /** Calls a function at every such event, until the returned function is called. */
  on<E extends UserEvent>(event: E, listener: UserListener<U, E>): () => void {
    return this.#core.signals.on(event, listener as unknown as UserListener<DjangoUser, E>)
  }
}

/** How somebody is logged in. */
export interface LoginOptions {
  /**
   * The dotted path of the backend that vouches for the user. Default: the one that
   * `authenticate` asked, or the only one that there is.
   */
  readonly backend?: string
}

/** Users. */
export class Users<U extends object = DjangoUser> extends ReadOnlyUsers<U> {
  readonly #core: UsersCore
  readonly #sessions: Sessions

  /** Use `django.users`. */
  constructor(core: UsersCore, tokens: () => PasswordResetTokenGenerator, sessions: Sessions) {
    super(core, tokens)
    this.#core = core
    this.#sessions = sessions
  }

  override fromSession(session: AnySession): LazyUser<U> {
    return this.#core.ofSession(session) as unknown as LazyUser<U>
  }

  override get(pk: UserKey): Promise<User<U>> {
    return super.get(pk) as Promise<User<U>>
  }

  override getByNaturalKey(username: string): Promise<User<U>> {
    return super.getByNaturalKey(username) as Promise<User<U>>
  }

  override authenticate(
    credentials: Credentials,
    exchange: unknown = null,
  ): Promise<User<U> | null> {
    return super.authenticate(credentials, exchange) as Promise<User<U> | null>
  }

  /**
   * Logs a user in: binds the session to the user's password, under a key that nobody knew before,
   * and notes when it was. The middleware saves the session; without one, save it.
   *
   * @throws ImproperlyConfiguredError `backend`, where it is not clear which one vouches;
   *   HeadersSentError; SecretMismatchError; StoreError.
   */
  login(session: AnySession, user: User<U>, { backend }: LoginOptions = {}): Promise<void> {
    return login(this.#core, session, user as unknown as User, backend)
  }

  /** Logs whoever it is out, and deletes the session with all its data. Throws as `flush()`. */
  logout(session: AnySession): Promise<void> {
    return logout(this.#core, session)
  }

  /**
   * Keeps a session logged in whose user changed the password; call it once the password is saved.
   * The middleware saves the session; without one, save it. Throws as `login`.
   */
  updateSessionAuthHash(session: AnySession, user: User<U>): Promise<void> {
    return updateSessionAuthHash(this.#core, session, user as unknown as User)
  }

  /**
   * Stores a new user.
   *
   * @throws UserExistsError; TypeError for a field that there is not, and without a name;
   *   HasherBusyError; StoreError.
   * @example
   * ```ts
   * const ada = await django.users.create({ username: 'ada', password: 'correct horse' })
   * ```
   */
  create(user: NewUser<U>): Promise<User<U>> {
    return createUser(this.#core, user) as Promise<unknown> as Promise<User<U>>
  }

  /** Stores a new user who may do everything, also in Django's admin. Throws as `create`. */
  createSuperuser(user: NewUser<U>): Promise<User<U>> {
    return createSuperuser(this.#core, user) as Promise<unknown> as Promise<User<U>>
  }

  /**
   * Logs a user in without a password, and stores the session: for an application's own tests.
   *
   * @returns The value of a `Cookie` header.
   */
  async forceLogin(user: User<U>, options: LoginOptions = {}): Promise<string> {
    const session = this.#sessions.get(null)
    await this.login(session, user, {
      backend: user.backend ?? this.#core.backends[0]?.path ?? modelBackendPath,
      ...options,
    })
    await session.save()
    const { sessionCookieName } = this.#core.host.sessions.settings
    return `${sessionCookieName}=${session.key ?? ''}`
  }
}

/** @throws UserDoesNotExistError */
function existing<U extends object>(user: User | null): ReadOnlyUser<U> {
  if (user === null) throw new UserDoesNotExistError()
  return user as unknown as ReadOnlyUser<U>
}

/** Validators look at fields, whether the user exists or not. */
function fieldsOf(user: object | null): object | null {
  return user instanceof ReadOnlyUser ? stateOf(user).data : user
}
