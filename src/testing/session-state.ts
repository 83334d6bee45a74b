/**
 * Looks into a session, and makes one in a given state: for tests that reach, as Django's own do,
 * past what an application sees (`_session_cache`, `_session_key`, the flags).
 *
 * @module
 */
import { coreOf, type ReadOnlySession, type Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'

/** What Django's tests know of a session. */
export interface SessionState {
  /** Django: `_session_key`. */
  readonly key: string | null
  /** Django: `_session_cache`; null where nothing was loaded yet. */
  readonly data: Readonly<Record<string, unknown>> | null
  readonly accessed: boolean
  readonly modified: boolean
}

/** The state of a session, at which the look itself changes nothing. */
export function peek(session: Pick<ReadOnlySession, 'key'>): SessionState {
  const core = coreOf(session)
  const { accessed, modified, isClearedUnread } = core
  const data = core.isLoaded ? { ...core.draft.live } : isClearedUnread ? {} : null
  core.accessed = accessed
  return { key: core.row.key, data, accessed, modified }
}

/**
 * A session in this state. Nothing is read: where there are a key and data, the row is taken to be
 * there, as Django does.
 */
export async function poke(sessions: Sessions, state: SessionState): Promise<Session> {
  const session = sessions.get(state.key)
  if (state.data !== null) {
    coreOf(session).row.assume()
    const loaded = await session.load()
    loaded.update(state.data)
  }
  session.accessed = state.accessed
  session.modified = state.modified
  return session as Session
}
