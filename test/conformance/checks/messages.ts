/**
 * Checks of messages: what is written of them, what is read, and what a request leaves for the next.
 * The unpacking of signed text has no public door: it is taken from `signing/`.
 *
 * @module
 */
import type { LazySession } from 'async-django'
import {
  addMessage,
  getMessages,
  type Message,
  messages as keepMessages,
  setLevel,
} from 'async-django/messages'
import { getCookieSigner } from 'async-django/signing'

import { unpackJson } from '../../../src/signing/signer.ts'
import { djangoOf, type Site } from '../django.ts'
import { FakeExchange } from '../fake-exchange.ts'
import { type Check, type Fields, isSince, releasesOf, same, text, type Vector } from '../vector.ts'

/** Checkers by kind. */
export const messageChecks: Readonly<Record<string, Check>> = {
  'messages.cookie': checkCookie,
  'messages.session': checkSession,
  'messages.decode': checkDecode,
  'messages.update': checkUpdates,
}

/** Whether a cookie is of the form that ended with 3.0, and that 4.0 no longer reads. */
export function isOldMessageCookie(vector: Vector): boolean {
  return vector.kind === 'messages.cookie' && !isSince(vector, 3, 1)
}

type StorageName = 'CookieStorage' | 'FallbackStorage' | 'SessionStorage'

/** A site that keeps messages in one of Django's storages. */
function siteOf(vector: Vector, storage: StorageName, release?: string): Site {
  const module = storage.replace('Storage', '').toLowerCase()
  const settings = {
    ...vector.settings,
    MESSAGE_STORAGE: `django.contrib.messages.storage.${module}.${storage}`,
  }
  return djangoOf({ ...vector, settings }, release, undefined, { messages: keepMessages() })
}

/** What a request was answered with. */
interface Answer {
  readonly setCookie: string | null
  readonly session: LazySession
}

async function serve(
  { django }: Site,
  cookie: string | null,
  handle: (session: LazySession) => unknown,
): Promise<Answer> {
  const exchange = new FakeExchange({ headers: { cookie } })
  const state = django.begin(exchange)
  await handle(state.session)
  await state.commit()
  return { setCookie: exchange.getHeader('set-cookie'), session: state.session }
}

/** Leaves messages for the next request. */
function leave(list: readonly Fields[]): (session: LazySession) => void {
  return (session) => {
    setLevel(session, -1)
    for (const { level, message, extra_tags: extraTags, safe } of list) {
      addMessage(session, Number(level), String(message), {
        extraTags: extraTags as string | null,
        safe: safe === true,
      })
    }
  }
}

/** A message as the generator shows it. */
function shown({ level, message, extraTags, safe }: Message): Fields {
  return { level, message, extra_tags: extraTags, safe }
}

async function read(session: LazySession): Promise<Fields[]> {
  return Array.from(await getMessages(session), shown)
}

function listOf(fields: Fields, name: string): readonly Fields[] {
  return (fields[name] ?? []) as readonly Fields[]
}

/** The JSON in a cookie's value; compressed text is not reproducible. */
function jsonIn(cookie: string, { settings }: Vector): string {
  const signer = getCookieSigner({
    key: text(settings, 'SECRET_KEY'),
    salt: 'django.contrib.messages',
  })
  return unpackJson(signer.unsign(cookie), 1e6)
}

const cookieValue = /^messages=([^;"]*)/

/** A `Set-Cookie` header with the JSON in the place of what was signed. */
function readable(header: unknown, vector: Vector): unknown {
  if (typeof header !== 'string') return null
  return header.replace(cookieValue, (all, value: string) =>
    value === '' ? all : `messages=${jsonIn(value, vector)}`,
  )
}

async function checkCookie(vector: Vector): Promise<void> {
  const { input, output } = vector
  const theirs = text(output, 'cookie_value')
  const site = siteOf(vector, 'CookieStorage')
  let decoded: unknown = null
  await serve(site, `messages=${theirs}`, async (session) => {
    decoded = await read(session)
  })
  same('read', decoded, output['decoded'])
  if (!isSince(vector, 4, 2)) return
  const { setCookie } = await serve(site, null, leave(listOf(input, 'messages')))
  const [, ours = ''] = cookieValue.exec(setCookie ?? '') ?? []
  same('written', jsonIn(ours, vector), jsonIn(theirs, vector))
  const isCompressed = ours.startsWith('.') || theirs.startsWith('.')
  if (!isCompressed) same('cookie', ours, output['set_cookie_header_value'])
}

/** The cookie of a session with these messages. */
async function storeSession({ store, now }: Site, value: string): Promise<string> {
  const key = 'asessionwithmessages'
  const payload = store.codec.encode(store.codec.format.stringify({ _messages: value }))
  await store.create(key, { payload, expireDate: new Date(now.getTime() + 3_600_000) })
  return `sessionid=${key}`
}

async function checkSession(vector: Vector): Promise<void> {
  const { input, output } = vector
  const theirs = text(output, 'session_value')
  const site = siteOf(vector, 'SessionStorage')
  let decoded: unknown = null
  await serve(site, await storeSession(site, theirs), async (session) => {
    decoded = await read(session)
  })
  same('read', decoded, output['decoded'])
  if (!isSince(vector, 4, 2)) return
  const { session } = await serve(site, null, leave(listOf(input, 'messages')))
  same('written', (await session.load()).get('_messages'), theirs)
}

async function checkDecode(vector: Vector): Promise<void> {
  const { input, output } = vector
  const site = siteOf(vector, 'CookieStorage')
  await serve(site, `messages=${text(input, 'cookie_value')}`, async (session) => {
    const messages = await getMessages(session)
    same('used', messages.used, output['used'])
    same('read', Array.from(messages, shown), output['decoded'] ?? [])
  })
}

async function checkUpdates(vector: Vector): Promise<void> {
  for (const release of releasesOf(vector)) await checkUpdate(vector, release)
}

async function checkUpdate(vector: Vector, release: string): Promise<void> {
  const { input, output } = vector
  const storage = text(input, 'storage') as StorageName
  const site = siteOf(vector, storage, release)
  const cookie = await leaveExisting(vector, storage, release)
  const sessionValue = storage === 'SessionStorage' ? cookie : null
  let dropped = 0
  site.django.on('messages.dropped', ({ count }) => {
    dropped += count
  })
  let seen: unknown = null
  const { setCookie, session } = await serve(
    site,
    sessionValue === null ? cookie : await storeSession(site, sessionValue),
    async (visited) => {
      if (input['read_first'] === true) seen = await read(visited)
      leave(listOf(input, 'add'))(visited)
    },
  )
  same('read', seen, output['read'])
  same('cookie', readable(messageCookie(setCookie), vector), readable(output['set_cookie'], vector))
  same('unstored', dropped, listOf(output, 'unstored').length)
  const { data } = await session.load()
  same('session', data, JSON.parse(text(output, 'session_json')))
}

/** What an earlier request left: a cookie; with `SessionStorage`, the text in the session. */
async function leaveExisting(
  vector: Vector,
  storage: StorageName,
  release: string,
): Promise<string | null> {
  const existing = listOf(vector.input, 'existing')
  if (existing.length === 0) return null
  const site = siteOf(vector, storage, release)
  const { setCookie, session } = await serve(site, null, leave(existing))
  if (storage === 'SessionStorage') return (await session.load()).get('_messages') as string
  return setCookie?.split(';', 1)[0] ?? null
}

/** Of the headers, which the fake response joins, that of the messages. */
function messageCookie(setCookie: string | null): string | null {
  const [first = ''] = setCookie?.split(', sessionid=') ?? []
  return first.startsWith('messages=') ? first : null
}
