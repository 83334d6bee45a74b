/**
 * Checks of the engine whose sessions are their cookies, and of the middleware over it.
 *
 * @module
 */
import { signedCookiesStore } from 'async-django/stores/signed-cookies'

import { canonicalize } from '../../../src/formats/json-source.ts'
import { djangoOf, type Site } from '../django.ts'
import { FakeExchange } from '../fake-exchange.ts'
import {
  answerOf,
  type Check,
  outcome,
  releasesOf,
  same,
  text,
  textOrNull,
  type Vector,
} from '../vector.ts'
import { type Action, actions, lazyActions } from './middleware.ts'

/** Checkers by kind. */
export const cookieSessionChecks: Readonly<Record<string, Check>> = {
  'session.signed_cookies': checkCookie,
  'session.signed_cookies.load': checkLoad,
  'session.signed_cookies.empty': checkEmpty,
  'session.middleware.signed_cookies': checkRequests,
}

function open(vector: Vector, release?: string): Site {
  return djangoOf(vector, release, (_store, _codecs, context) => signedCookiesStore()(context))
}

async function checkCookie(vector: Vector): Promise<void> {
  const { django, store } = open(vector)
  const loaded = canonicalize(text(vector.output, 'loaded_json'))
  const cookie = text(vector.output, 'cookie_value')
  same('the text in the cookie', canonicalize(store.codec.decode(cookie)), loaded)
  const session = await django.sessions.get(cookie).load()
  same('the data', session.data, store.codec.format.parse(loaded))
  const payload = store.codec.encode(canonicalize(text(vector.input, 'data_json')))
  const created = await store.create('unused', { payload, expireDate: new Date() })
  const again = await store.load(created?.key ?? '')
  same('what stands in our cookie', store.codec.decode(again?.payload ?? ''), loaded)
}

async function checkLoad(vector: Vector): Promise<void> {
  for (const release of releasesOf(vector)) {
    const { django, store } = open(vector, release)
    const session = await django.sessions.get(text(vector.input, 'cookie_value')).load()
    const { loaded_json: loaded, modified } = vector.output
    same(
      'answer',
      { data: session.data, modified: session.modified },
      {
        data: store.codec.format.parse(String(loaded)),
        modified,
      },
    )
  }
}

async function checkEmpty(vector: Vector): Promise<void> {
  const session = await open(vector).django.sessions.get(null).load()
  const before = { new_is_empty: session.isEmpty(), new_session_key: session.key }
  await session.flush()
  const after = { flushed_is_empty: session.isEmpty(), flushed_key: session.key }
  same('answer', { ...before, ...after }, vector.output)
}

async function checkRequests(vector: Vector): Promise<void> {
  const name = text(vector.input, 'action')
  for (const release of releasesOf(vector)) {
    for (const action of [isLoaded(vector) ? actions[name] : null, lazyActions[name]]) {
      if (!action) continue
      const site = open(vector, release)
      const ours = await outcome(() => serve(vector, site, action))
      same('answer', asSeen(ours, site), asSeen(answerOf(vector.output), site))
    }
  }
}

/**
 * Whether the view may look at the session before it acts: not where its pop() is the look at a bad
 * cookie, after which Python puts back the flag that the look set.
 */
function isLoaded({ input, output }: Vector): boolean {
  const isBad = input['cookie'] === 'tampered' || input['cookie'] === 'expired'
  return !(input['action'] === 'del-existing' && isBad && output['modified'] === false)
}

async function serve(vector: Vector, site: Site, action: Action): Promise<unknown> {
  const sent = textOrNull(vector.input, 'cookie_value')
  const exchange = new FakeExchange({
    headers: { cookie: sent === null ? null : `sessionid=${sent}` },
    status: 200,
  })
  const state = site.django.begin(exchange)
  await action(state.session, site)
  await state.commit()
  const { accessed, modified } = state.session
  return {
    set_cookie: exchange.getHeader('set-cookie'),
    vary: exchange.getHeader('vary'),
    accessed,
    modified,
  }
}

/** Compressed text differs between builds of zlib, so what counts is what the cookie says. */
function asSeen(answer: unknown, { store }: Site): unknown {
  const { cookie_session_json: _json, ...seen } = answer as Record<string, unknown>
  const header = seen['set_cookie']
  if (typeof header !== 'string') return seen
  const [, value = '', rest] = /^sessionid=([^;]*)(.*)$/s.exec(header) ?? []
  const data = value === '""' ? '' : canonicalize(store.codec.decode(value))
  return { ...seen, set_cookie: { data, rest } }
}
