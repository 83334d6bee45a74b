/**
 * Who a session's visitor is. Mirrors `django.contrib.auth.get_user`.
 *
 * @module
 */
import { HeadersSentError, SecretMismatchError, SessionInterruptedError } from '../errors.ts'
import type { SessionCore } from '../session/session-core.ts'
import type { AnyBackend } from './backends.ts'
import { loggedInKey, textAt, userBackendKey, userHashKey } from './login-keys.ts'
import type { SessionHashMatch } from './session-hash.ts'
import type { SessionHashes } from './session-hashes.ts'
import { stateOf, type User } from './user.ts'
import type { UserKey } from './user-store.ts'

/** What is needed to find users out. */
export interface LoginHost {
  readonly keyType: Parameters<typeof loggedInKey>[1]
  readonly hashes: SessionHashes
  readonly backends: readonly AnyBackend[]
  readonly readOnly: boolean
  /** The user with this key; null where there is none. */
  loadUser(key: UserKey): Promise<User | null>
}

/** A user, and by which secret the session is bound to him or her; null by none. */
interface Claim {
  readonly user: User
  readonly match: SessionHashMatch | null
}

/**
 * The user whom a session logs in; null for nobody. A login that was made with a former secret moves
 * to the present one. One that is bound to another password is ended: by a process that has shown
 * that its secrets are right, and after a second look.
 *
 * @throws UserKeyError; StoreError.
 */
export async function getUser(host: LoginHost, core: SessionCore): Promise<User | null> {
  await core.load()
  const claim = await readClaim(host, core)
  if (claim === null) return null
  if (claim.match !== null) return acceptClaim(host, core, claim)
  const { djangoExact } = core.host
  if (host.readOnly || !(djangoExact || core.reader.proof.isProven)) return null
  const again = djangoExact ? claim : await lookAgain(host, core)
  if (again === null) return null
  if (again.match !== null) return acceptClaim(host, core, again)
  await endLogin(core)
  return null
}

/** Null where nobody is logged in, or nobody who could be. */
async function readClaim(host: LoginHost, core: SessionCore): Promise<Claim | null> {
  const key = loggedInKey(core, host.keyType)
  const path = textAt(core, userBackendKey)
  if (key === null || path === '') return null
  const backend = host.backends.find((one) => one.path === path)
  if (!backend) return null
  const user = await host.loadUser(key)
  if (user === null || !backend.userCanAuthenticate(user)) return null
  stateOf(user).backend = path
  return { user, match: host.hashes.match(user, textAt(core, userHashKey)) }
}

async function acceptClaim(
  host: LoginHost,
  core: SessionCore,
  { user, match }: Claim,
): Promise<User> {
  core.reader.proof.verified(core.row.key ?? '')
  if (match === 'fallback' && !host.readOnly) await rekey(host, core, user)
  return user
}

/** Both may have been read while somebody changed them, or from a copy that was behind. */
async function lookAgain(host: LoginHost, core: SessionCore): Promise<Claim | null> {
  await core.reload()
  return readClaim(host, core)
}

/**
 * Binds a login to the present secret, under a new session key. Of several requests that try, the
 * one that deletes the old row does; the others read on.
 */
async function rekey({ hashes }: LoginHost, core: SessionCore, user: User): Promise<void> {
  const hash = hashes.current(user)
  if (!core.host.djangoExact) return move(core, hash)
  await core.cycleKey()
  core.set(userHashKey, hash)
}

async function move(core: SessionCore, hash: string): Promise<void> {
  const { moves } = core.reader
  const isUnchanged = !core.isChanged && !core.modified
  const oldKey = core.row.key ?? ''
  const oldHash = textAt(core, userHashKey)
  // With the new key, so that nobody who follows finds the old hash there.
  core.set(userHashKey, hash)
  moves.begin(oldKey)
  try {
    await core.cycleKey()
    moves.end(oldKey, core.row.key)
  } catch (error) {
    moves.end(oldKey, null)
    if (!isLeftAlone(error)) throw error
    core.set(userHashKey, oldHash)
    if (isUnchanged) core.modified = false
    const isMoved = (await moves.follow(oldKey)) !== null
    if (isMoved) await core.reload()
  }
}

/** Where there is no response, the session stays as it is: nobody could be told of another key. */
async function endLogin(core: SessionCore): Promise<void> {
  try {
    await core.flush()
  } catch (error) {
    if (!isLeftAlone(error)) throw error
  }
}

function isLeftAlone(error: unknown): boolean {
  return (
    error instanceof SessionInterruptedError ||
    error instanceof HeadersSentError ||
    error instanceof SecretMismatchError
  )
}
