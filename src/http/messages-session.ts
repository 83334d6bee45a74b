/**
 * Messages in the session, as JSON text inside of its JSON. Mirrors
 * `django.contrib.messages.storage.session.SessionStorage`.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'
import { parsePythonJson } from '../formats/python-json.ts'
import { coreOf } from '../session/session.ts'
import { formatMessage, readMessage, type StoredMessage } from './messages-format.ts'
import type { MessageBox, Retrieved } from './messages-storage.ts'
import type { Visit } from './part.ts'

const sessionKey = '_messages'

/** The session of one visitor. */
export class SessionBox implements MessageBox {
  readonly #visit: Visit

  constructor(visit: Visit) {
    this.#visit = visit
  }

  async load(): Promise<Retrieved> {
    const core = coreOf(this.#visit.session)
    await core.load()
    const value = core.draft.get(sessionKey)
    const list = typeof value === 'string' && value !== '' ? readList(value) : null
    const messages = list?.map(readMessage).filter((message) => message !== null) ?? null
    return { messages, isComplete: true, isUnreadable: false }
  }

  store(messages: readonly StoredMessage[]): readonly StoredMessage[] {
    const core = coreOf(this.#visit.session)
    const parts = messages.map((message) => formatMessage(message, ', '))
    if (parts.length > 0) core.set(sessionKey, `[${parts.join(', ')}]`)
    else core.delete(sessionKey)
    return []
  }
}

function readList(text: string): readonly unknown[] | null {
  try {
    const value = parsePythonJson(text)
    return Array.isArray(value) ? value : null
  } catch (error) {
    if (error instanceof PayloadError) return null
    throw error
  }
}
