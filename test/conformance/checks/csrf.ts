/**
 * Checks of tokens, and of requests that are let in or refused. Masks, and the form of tokens, have no
 * public door: they are taken from `http/`.
 *
 * @module
 */
import type { LazySession } from 'async-django'
import { csrf, getCsrfToken } from 'async-django/csrf'
import { isAsyncDjangoError } from 'async-django/errors'

import { isTokenFor, maskSecret, secretOf, tokenProblem } from '../../../src/http/csrf-tokens.ts'
import { djangoOf, type Site } from '../django.ts'
import { FakeExchange } from '../fake-exchange.ts'
import {
  type Check,
  type Fields,
  fieldsOf,
  releasesOf,
  same,
  text,
  textOrNull,
  type Vector,
} from '../vector.ts'

/** Checkers by kind. */
export const csrfChecks: Readonly<Record<string, Check>> = {
  'csrf.mask': checkMask,
  'csrf.unmask': checkUnmask,
  'csrf.format': checkFormat,
  'csrf.request': checkRequests,
}

function checkMask({ input, output }: Vector): void {
  const secret = text(input, 'secret')
  const token = text(output, 'token')
  same('token', maskSecret(secret, text(input, 'mask')), token)
  same('unmasked', secretOf(token), output['unmasked'])
  same('matches', isTokenFor(token, secret), true)
  same('matches under another mask', isTokenFor(maskSecret(secret), secret), true)
}

function checkUnmask({ input, output }: Vector): void {
  same('secret', secretOf(text(input, 'token')), output['secret'])
}

function checkFormat({ input, output }: Vector): void {
  same('problem', tokenProblem(text(input, 'token')), output['reason'] ?? null)
}

async function checkRequests(vector: Vector): Promise<void> {
  for (const release of releasesOf(vector)) await checkRequest(vector, release)
}

async function checkRequest(vector: Vector, release: string): Promise<void> {
  const { input, output } = vector
  const exempt = (): boolean => input['view_exempt'] === true
  const site = djangoOf(vector, release, undefined, { csrf: csrf({ exempt }) })
  const ours = await serve(vector, site)
  checkPage(ours)
  checkPage(output)
  same('answer', comparable(ours, input), comparable(output, input))
}

async function serve({ input }: Vector, site: Site): Promise<Fields> {
  const { csrfUseSessions } = site.django.settings
  const exchange = await exchangeOf(input, site)
  const state = site.django.begin(exchange)
  const reason = await refusalOf(state.autoload())
  const isTokenUsed = reason === null && input['view_uses_token'] === true
  const token = isTokenUsed ? await getCsrfToken(state.session) : null
  await state.commit()
  return {
    accepted: reason === null,
    reason,
    // With sessions, what is sent is the session's own.
    set_cookie: csrfUseSessions ? null : exchange.getHeader('set-cookie'),
    vary: csrfUseSessions ? null : exchange.getHeader('vary'),
    ...(token !== null && { page_token: token, page_token_secret: secretOf(token) }),
    ...(csrfUseSessions && (await sessionAfter(state.session))),
  }
}

async function exchangeOf(input: Fields, site: Site): Promise<FakeExchange> {
  const { csrfCookieName, csrfHeaderName } = site.django.settings
  const cookie = textOrNull(input, 'cookie')
  const cookies = [
    cookie === null ? [] : `${csrfCookieName}=${cookie}`,
    await storeSession(textOrNull(input, 'session_json'), site),
  ].flat()
  const headers: Record<string, string | null> = {
    cookie: cookies.length === 0 ? null : cookies.join('; '),
    origin: textOrNull(input, 'origin'),
    referer: textOrNull(input, 'referer'),
    [headerOf(csrfHeaderName)]: textOrNull(input, 'header_token'),
  }
  const more = fieldsOf(input, 'extra_meta')
  for (const name of Object.keys(more)) headers[headerOf(name)] = text(more, name)
  const isForm = textOrNull(input, 'content_type') === null
  return new FakeExchange({
    method: text(input, 'method'),
    scheme: input['https'] === true ? 'https' : 'http',
    host: text(input, 'host'),
    path: '/form',
    headers,
    fields: isForm ? { csrfmiddlewaretoken: textOrNull(input, 'post_token') } : {},
  })
}

/** `HTTP_X_CSRFTOKEN` is `x-csrftoken`. */
function headerOf(name: string): string {
  return name.replace('HTTP_', '').replaceAll('_', '-').toLowerCase()
}

/** The cookie of a session with this data. */
async function storeSession(json: string | null, { django, store, now }: Site): Promise<string[]> {
  if (json === null) return []
  const key = 'asessionwithacsrftoken'
  const payload = store.codec.encode(json)
  await store.create(key, { payload, expireDate: new Date(now.getTime() + 3_600_000) })
  return [`${django.settings.sessionCookieName}=${key}`]
}

async function sessionAfter(session: LazySession): Promise<Fields> {
  const { data } = await session.load()
  return { session_json: JSON.stringify(data), session_modified: session.modified }
}

/** What Django says of a refused request; null for one that it lets in. */
async function refusalOf(checking: Promise<unknown> | null): Promise<string | null> {
  try {
    await checking
    return null
  } catch (error) {
    if (isAsyncDjangoError(error) && error.code === 'ERR_CSRF') return error.message
    throw error
  }
}

/** The token in a page is for the secret that the response keeps. */
function checkPage(answer: Fields): void {
  const token = textOrNull(answer, 'page_token')
  if (token === null) return
  const secret = text(answer, 'page_token_secret')
  const kept = textOrNull(answer, 'set_cookie') ?? text(answer, 'session_json')
  same('secret in the page', secretOf(token), secret)
  same('secret that is kept', kept.includes(secret), true)
}

const secretText = /\b[a-zA-Z0-9]{32}\b/g

/** Tokens, and secrets that are new, are random. */
function comparable(answer: Fields, input: Fields): unknown {
  const known = [
    textOrNull(input, 'cookie'),
    ...(textOrNull(input, 'session_json') ?? '').split('"'),
  ]
    .filter((one) => one !== null)
    .map(secretOf)
  const { page_token: token, ...rest } = answer
  const print = JSON.stringify(
    { ...rest, page_token: token !== undefined },
    (name, value: unknown) =>
      name === 'session_json' ? (JSON.parse(String(value)) as unknown) : value,
  )
  return JSON.parse(
    print.replaceAll(secretText, (one) => (known.includes(one) ? one : 'a new one')),
  )
}
