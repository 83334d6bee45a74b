/**
 * Logs users in and out. Mirrors `login`, `logout` and `update_session_auth_hash` of
 * `django.contrib.auth`.
 *
 * @module
 */
import { PreciseDate } from '../formats/datetime.ts'
import { coreOf } from '../session/session.ts'
import type { SessionCore } from '../session/session-core.ts'
import { constantTimeCompare } from '../signing/salted-hmac.ts'
import { backendPathOf } from './backends.ts'
import { loggedInKey, textAt, userBackendKey, userHashKey, userIdKey } from './login-keys.ts'
import { AnonymousUser, stateOf, type User } from './user.ts'
import { userKeyText } from './user-key.ts'
import type { AnySession, UsersCore } from './users-core.ts'

/**
 * Logs a user in. The key stays where the same user is logged in by the same password already; a
 * visitor's data moves to a new key; another user's session is deleted.
 */
export async function login(
  users: UsersCore,
  session: AnySession,
  user: User,
  backend: string | undefined,
): Promise<void> {
  const core = coreOf(session)
  const path = backendPathOf(user, backend, users.backends)
  const hash = users.hashes.current(user)
  await core.load()
  await takeOver(users, core, user, hash)
  core.set(userIdKey, userKeyText(user.pk))
  core.set(userBackendKey, path)
  core.set(userHashKey, hash)
  core.keyRotated = true
  stateOf(user).backend = path
  users.ofSession(session).set(user)
  await updateLastLogin(users, user)
  await users.signals.send('userLoggedIn', { user, session })
}

async function takeOver(
  { host }: UsersCore,
  core: SessionCore,
  user: User,
  hash: string,
): Promise<void> {
  if (!core.draft.has(userIdKey)) return core.cycleKey()
  const isSameUser = loggedInKey(core, host.store.model.keyType) === user.pk
  const isSameHash = hash === '' || constantTimeCompare(textAt(core, userHashKey), hash)
  if (!isSameUser || !isSameHash) await core.flush()
}

/** Mirrors `update_last_login`: no other column is written. */
async function updateLastLogin({ host }: UsersCore, user: User): Promise<void> {
  if (!host.store.model.fields.has('lastLogin')) return
  const state = stateOf(user)
  state.set('lastLogin', PreciseDate.from(host.now()))
  await state.save(['lastLogin'])
}

/** Logs whoever it is out, and deletes the session. */
export async function logout(users: UsersCore, session: AnySession): Promise<void> {
  if (users.signals.has('userLoggedOut')) {
    const user = await users.ofSession(session).load()
    await users.signals.send('userLoggedOut', {
      user: user.isAuthenticated ? user : null,
      session,
    })
  }
  const core = coreOf(session)
  // As in Django, where a look at the user comes first, a row that has expired is left.
  await core.load()
  await core.flush()
  users.ofSession(session).set(new AnonymousUser())
}

/** Keeps the user logged in who changed his or her own password; all others are logged out by it. */
export async function updateSessionAuthHash(
  users: UsersCore,
  session: AnySession,
  user: User,
): Promise<void> {
  const core = coreOf(session)
  await core.cycleKey()
  if (!isLoggedIn(users, core, user)) return
  core.set(userHashKey, users.hashes.current(user))
  users.ofSession(session).set(user)
}

function isLoggedIn({ host, backends }: UsersCore, core: SessionCore, user: User): boolean {
  const path = textAt(core, userBackendKey)
  const backend = backends.find((one) => one.path === path)
  const isSameUser = loggedInKey(core, host.store.model.keyType) === user.pk
  return isSameUser && (backend?.userCanAuthenticate(user) ?? false)
}
