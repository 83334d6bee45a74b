/**
 * The machinery behind `django.users`. The classes that an application sees are thin doors to it.
 *
 * @module
 */
import { LoginThrottledError, PermissionDeniedError } from '../errors.ts'
import { coreOf } from '../session/session.ts'
import type { SessionCore } from '../session/session-core.ts'
import type { AnyBackend, BackendTools, Credentials } from './backends.ts'
import { getUser, type LoginHost } from './get-user.ts'
import type { Password } from './hashers/hasher.ts'
import { SessionUser } from './lazy-user.ts'
import type { SessionHashes } from './session-hashes.ts'
import { AnonymousUser, type DjangoUser, stateOf, User } from './user.ts'
import { type EventSession, UserSignals } from './user-events.ts'
import { UserState } from './user-state.ts'
import type { StoredUser, UserKey } from './user-store.ts'
import type { UsersHost } from './users-host.ts'

/** A session, loaded or not. */
export type AnySession = EventSession & { load(): Promise<unknown> }

/**
 * Asked before any password is looked at: false refuses the login, and so does what it throws.
 * Count here what is to be counted by address, say.
 */
export type Throttle = (
  credentials: Credentials,
  exchange: unknown,
) => Promise<boolean | void> | boolean | void

/** What makes a `UsersCore`. */
export interface UsersParts {
  readonly host: UsersHost
  readonly hashes: SessionHashes
  readonly backends: readonly AnyBackend[]
  readonly throttle: Throttle | null
}

/** The users of one `django`. */
export class UsersCore {
  readonly host: UsersHost
  readonly hashes: SessionHashes
  readonly backends: readonly AnyBackend[]
  readonly signals: UserSignals<DjangoUser> = new UserSignals()
  readonly #throttle: Throttle | null
  /** Who is behind the sessions in use. */
  readonly #users = new WeakMap<SessionCore, SessionUser<DjangoUser>>()

  constructor({ host, hashes, backends, throttle }: UsersParts) {
    this.host = host
    this.hashes = hashes
    this.backends = backends
    this.#throttle = throttle
  }

  /** The user of a session; the same object for the same session. */
  ofSession(session: AnySession): SessionUser<DjangoUser> {
    const core = coreOf(session)
    const known = this.#users.get(core)
    if (known) return known
    const made = new SessionUser<DjangoUser>(
      async () => (await getUser(this.#loginHost(), core)) ?? new AnonymousUser(),
    )
    this.#users.set(core, made)
    return made
  }

  #loginHost(): LoginHost {
    const { keyType } = this.host.store.model
    const { hashes, backends } = this
    const { readOnly } = this.host
    return { keyType, hashes, backends, readOnly, loadUser: (key) => this.load(key) }
  }

  /** The user with this key; null where there is none. */
  async load(key: UserKey): Promise<User | null> {
    return this.#asUser((await this.host.store.load(key)) ?? undefined)
  }

  /** The one user whose field is this text; null where there is none, or more than one. */
  async find(field: string, text: string): Promise<User | null> {
    const [first, second] = await this.host.store.find(field, text)
    return second ? null : this.#asUser(first)
  }

  #asUser(stored: StoredUser | undefined): User | null {
    return stored ? new User(new UserState(this.host, stored)) : null
  }

  /** The user whom a backend lets in; null where none does. */
  async authenticate(credentials: Credentials, exchange: unknown): Promise<User | null> {
    const isRefused = (await this.#throttle?.(cleaned(credentials), exchange)) === false
    if (isRefused) throw new LoginThrottledError()
    const user = await this.#ask(credentials, this.#tools(exchange))
    if (user === null) {
      await this.signals.send('userLoginFailed', { credentials: cleaned(credentials), exchange })
    }
    return user
  }

  async #ask(credentials: Credentials, tools: BackendTools): Promise<User | null> {
    try {
      for (const backend of this.backends) {
        const user = await backend.authenticate(credentials, tools)
        if (user === null || !backend.userCanAuthenticate(user)) continue
        stateOf(user).backend = backend.path
        return user
      }
    } catch (error) {
      if (!(error instanceof PermissionDeniedError)) throw error
    }
    return null
  }

  #tools(exchange: unknown): BackendTools {
    const { usernameField, emailField } = this.host.store.model
    return {
      exchange,
      usernameField,
      emailField,
      get: (pk) => this.load(pk),
      find: (field, text) => this.find(field, text),
      checkPassword: (user, password, name) => this.#checkPassword(user, password, name),
    }
  }

  #checkPassword(user: User | null, password: Password, name: string): Promise<boolean> {
    if (user !== null) return stateOf(user).checkPassword(password, name)
    return this.host.hashing.checkUnknownUser(password, { userName: name })
  }
}

const sensitive = /api|token|key|secret|password|signature/i
const substitute = '********************'

/** Mirrors `_clean_credentials`. */
function cleaned(credentials: Credentials): Credentials {
  const shown = Object.entries(credentials).map(([name, value]) => [
    name,
    sensitive.test(name) ? substitute : value,
  ])
  return Object.fromEntries(shown) as Credentials
}
