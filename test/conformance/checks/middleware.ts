/**
 * Checks of `SessionMiddleware`: a request from its cookie to its response.
 *
 * @module
 */
import type { KeyedSession, LazySession } from 'async-django'

import { canonicalize } from '../../../src/formats/json-source.ts'
import { djangoOf, type Site } from '../django.ts'
import { FakeExchange } from '../fake-exchange.ts'
import {
  type Check,
  answerOf,
  type Fields,
  outcome,
  releasesOf,
  same,
  text,
  textOrNull,
  type Vector,
} from '../vector.ts'

/** Checkers by kind. */
export const middlewareChecks: Readonly<Record<string, Check>> = {
  'session.middleware': checkMiddleware,
}

/** The action of a view that takes the session away from its request, as only Python can. */
export const pythonOnlyAction = 'no-session-attr'

/** What a view does. */
export type Action = (session: LazySession, site: Site) => unknown

/**
 * What the view does, as Django does it: every use of the data loads the session, while `clear`, the
 * flag `modified` and `save` do not.
 */
export const actions: Readonly<Record<string, Action>> = {
  none: () => null,
  read: async (session) => (await session.load()).get('hello'),
  set: async (session) => (await session.load()).set('hello', 'world'),
  'set-then-del': async (session) => {
    const loaded = await session.load()
    loaded.set('x', 1)
    loaded.delete('x')
  },
  clear: (session) => session.clear(),
  flush: (session) => session.flush(),
  'flush-then-set': async (session) => {
    await session.flush()
    session.set('after', 1)
  },
  cycle: (session) => session.cycleKey(),
  'mutate-nested': async (session) => {
    const nested = (await session.load()).get('nested', {})
    Object.assign(nested as object, { q: 2 })
  },
  'del-existing': async (session) => (await session.load()).pop('hello'),
  expiry0: (session) => setWithExpiry(session, 0),
  expiry300: (session) => setWithExpiry(session, 300),
  'expiry-neg': (session) => setWithExpiry(session, -5),
  'test-cookie': async (session) => (await session.load()).setTestCookie(),
  'modified-flag': (session) => {
    session.modified = true
  },
  'explicit-save': (session) => session.save(),
  'deleted-elsewhere': async (session, site) => {
    ;(await session.load()).set('a', 1)
    for (const { key } of await allRows(site)) await site.django.sessions.delete(key)
  },
}

async function setWithExpiry(session: LazySession, seconds: number): Promise<void> {
  const loaded = await session.load()
  loaded.set('a', 1)
  loaded.setExpiry(seconds)
}

/** The same by writes to a session that nobody loaded: the answer must be the same. */
export const lazyActions: Readonly<Record<string, Action>> = {
  set: (session) => session.set('hello', 'world'),
  'set-then-del': (session) => {
    session.set('x', 1)
    session.delete('x')
  },
  'del-existing': (session) => session.delete('hello'),
  expiry0: (session) => {
    session.set('a', 1)
    session.setExpiry(0)
  },
  expiry300: (session) => {
    session.update({ a: 1 })
    session.setExpiry(300)
  },
  'test-cookie': (session) => session.setTestCookie(),
}

async function checkMiddleware(vector: Vector): Promise<void> {
  const name = text(vector.input, 'action')
  for (const release of releasesOf(vector)) {
    for (const action of [actions[name], lazyActions[name]]) {
      if (action) await checkRequest(vector, release, action)
    }
  }
}

async function checkRequest(vector: Vector, release: string, action: Action): Promise<void> {
  const { input, output } = vector
  const sent = textOrNull(input, 'key_sent')
  const site = djangoOf(vector, release)
  await seedRow(vector, site)
  const ours = await outcome(() => serve(vector, site, action))
  const { db_rows_after: theirRows, bases: _bases, message: _message, ...theirs } = output
  same('answer', withoutNewKey(ours, sent), withoutNewKey(answerOf(theirs), sent))
  const ourRows = await rowsOf(vector, site)
  same('rows', sortRows(ourRows, sent), sortRows(theirRows as Fields[], sent))
}

/** The row that stands in the table before the request comes. */
async function seedRow({ input }: Vector, { store, now }: Site): Promise<void> {
  const hours = { valid: 1, expired: -1, emptysess: 1, baddata: 1 }[text(input, 'cookie')]
  if (hours === undefined) return
  const payloads = { baddata: 'garbage:x:y', emptysess: store.codec.encode('{}') }
  const existing = store.codec.encode(canonicalize(text(input, 'existing_session_json')))
  await store.create(text(input, 'key_sent'), {
    payload: payloads[text(input, 'cookie') as 'baddata'] ?? existing,
    expireDate: new Date(now.getTime() + hours * 3_600_000),
  })
}

async function serve(vector: Vector, site: Site, action: Action): Promise<Fields> {
  const { input } = vector
  const sent = textOrNull(input, 'key_sent')
  const name = site.django.settings.sessionCookieName
  const exchange = new FakeExchange({
    headers: { cookie: sent === null ? null : `${name}=${sent}` },
    status: Number(input['status']),
  })
  const vary = textOrNull(input, 'response_vary')
  if (vary !== null) exchange.setHeader('vary', vary)
  const state = site.django.begin(exchange)
  await action(state.session, site)
  await state.commit()
  return {
    set_cookie: exchange.getHeader('set-cookie'),
    vary: exchange.getHeader('vary'),
    accessed: state.session.accessed,
    modified: state.session.modified,
    session_key_after: state.session.key,
    key_sent: sent,
  }
}

/** All rows: the clock is set back for a moment, so that none is expired. */
async function allRows(site: Site): Promise<readonly KeyedSession[]> {
  const { now, store } = site
  site.now = new Date(0)
  const rows = (await store.newest?.(100)) ?? []
  site.now = now
  return rows
}

/** All rows, as the generator shows them. */
async function rowsOf({ settings }: Vector, site: Site): Promise<Fields[]> {
  const { django } = site
  const rows = await allRows(site)
  const zone = settings['USE_TZ'] === false ? '' : '+00:00'
  return rows.map(({ key, stored }) => ({
    session_key: key,
    data_json: JSON.stringify(django.sessions.decode(stored.payload)),
    expire_date: stored.expireDate?.toISOString().replace('.000Z', zone),
  }))
}

function sortRows(rows: readonly Fields[], sent: string | null): unknown {
  const isSent = (row: Fields): number => (row['session_key'] === sent ? 0 : 1)
  return withoutNewKey(
    rows.toSorted((a, b) => isSent(a) - isSent(b)),
    sent,
  )
}

const newKey = /\b[a-z0-9]{32}\b/g

/** New keys are random, so what counts is where one stands; spaces of Python's JSON do not count. */
function withoutNewKey(value: unknown, sent: string | null): unknown {
  const print = JSON.stringify(value, (name, member: unknown) =>
    name === 'data_json' ? canonicalize(String(member)) : member,
  )
  return JSON.parse(print.replaceAll(newKey, (key) => (key === sent ? 'sent' : 'a new key')))
}
