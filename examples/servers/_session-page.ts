/**
 * What all servers do with a session: show it, and take what is sent from the page.
 *
 * @module
 */
import type { Django, LiveData, Session } from 'async-django'
import { success } from 'async-django/messages'

import { frameFor } from './_layout.ts'
import { type Refused, renderSession } from './_page.ts'
import type { ServerSettings } from './_settings.ts'

/** A server's way to show sessions. */
export class SessionPage {
  readonly #settings: ServerSettings
  readonly #runsOn: string
  readonly #users: Django['users']

  /** @param runsOn - Which framework shows it, and on what. */
  constructor(settings: ServerSettings, runsOn: string, { users }: Django) {
    this.#settings = settings
    this.#runsOn = runsOn
    this.#users = users
  }

  /** The page, as HTML. */
  async html(session: Session, refused: Refused | null = null): Promise<string> {
    return renderSession({
      ...(await frameFor(this.#settings, session)),
      runsOn: this.#runsOn,
      visitor: await this.#users.fromSession(session).load(),
      sessionKey: session.key,
      expires: session.expireDate,
      counter: asCount(session.get('counter')),
      members: session.items(),
      refused,
    })
  }

  /** The same for programs. */
  async json(session: Session): Promise<object> {
    const visitor = await this.#users.fromSession(session).load()
    return {
      server: this.#settings.name,
      key: session.key,
      user: visitor.getUsername() || null,
      permissions: [...(await visitor.getAllPermissions())].toSorted(),
      expires: session.expireDate,
      data: session,
    }
  }
}

/** Empties a session; whose it was is forgotten, too. */
export function clear(session: Session): void {
  session.clear()
  success(session, 'All data is cleared.')
}

/** Adds one to the counter: for `session.change()`. */
export function count(data: LiveData): void {
  const counter = asCount(data['counter'])
  data['counter'] = typeof counter === 'bigint' ? counter + 1n : counter + 1
}

function asCount(value: unknown): number | bigint {
  return typeof value === 'number' || typeof value === 'bigint' ? value : 0
}

/** What a form asks to store, or why it cannot be. */
export type Added = { readonly key: string; readonly json: unknown } | Refused

/** Reads the form that adds a value. */
export function readAdded(form: unknown): Added {
  const key = field(form, 'key').trim()
  const value = field(form, 'value')
  try {
    const json: unknown = JSON.parse(value, exactly)
    return key === '' ? { problem: 'A key needs a name.', key, value } : { key, json }
  } catch {
    const problem = 'The value is not JSON. Text needs quotation marks: "dark".'
    return { problem, key, value }
  }
}

/** Refuses integers that `JSON.parse` would round; what Python stored, the session reads exactly. */
function exactly(_key: string, value: unknown): unknown {
  const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value)
  if (isRounded) throw new RangeError('JSON.parse cannot hold this integer.')
  return value
}

/** A field of a form, as text. */
export function field(form: unknown, name: string): string {
  const value: unknown = Reflect.get(Object(form), name)
  return typeof value === 'string' ? value : ''
}
