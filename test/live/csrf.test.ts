/**
 * Real Django and this package, over HTTP and one database: whose forms are accepted, and why not.
 *
 * @module
 */
import { expect, test } from 'vitest'

import {
  type Answer,
  describeWebSites,
  type Sending,
  Visitor,
  type WebSite,
  type WebSites,
} from './_web-site.ts'

type Side = keyof WebSites

const sides: ReadonlyArray<readonly [maker: Side, taker: Side]> = [
  ['theirs', 'ours'],
  ['ours', 'theirs'],
  ['ours', 'ours'],
]

await describeWebSites(
  {
    'with a cookie': {},
    'with CSRF_USE_SESSIONS': { csrfUseSessions: true },
  },
  ({ csrfUseSessions = false }, sites) => {
    for (const [maker, taker] of sides) {
      const pick = (): readonly [WebSite, WebSite] => [sites()[maker], sites()[taker]]
      testForms(`a form of ${maker} sent to ${taker}`, pick)
    }
    for (const side of ['theirs', 'ours'] as const) {
      testLogin(side, sites)
      testLogout(side, csrfUseSessions, sites)
    }
    testRefusals(sites)
    if (!csrfUseSessions) testCookie(sites)
  },
)

function testForms(name: string, pick: () => readonly [WebSite, WebSite]): void {
  test(`${name}: in a field`, async () => {
    const [maker, taker] = pick()
    const visitor = new Visitor()
    const csrfmiddlewaretoken = await visitor.tokenFrom(maker)
    const fields = { csrfmiddlewaretoken, said: 'ä & b' }
    expect(await visitor.send(taker, '/form', { fields })).toEqual(accepted('ä & b'))
    // A secret is for more than one form.
    expect(await visitor.send(taker, '/form', { fields })).toEqual(accepted('ä & b'))
    expect(await visitor.send(maker, '/form', { fields })).toEqual(accepted('ä & b'))
  })

  test(`${name}: among files`, async () => {
    const [maker, taker] = pick()
    const visitor = new Visitor()
    const body = new FormData()
    body.append('csrfmiddlewaretoken', await visitor.tokenFrom(maker))
    body.append('file', new Blob(['x'.repeat(3_000_000)]), 'large.txt')
    expect(await visitor.send(taker, '/form', { body })).toEqual(accepted())
  })

  test(`${name}: in a header`, async () => {
    const [maker, taker] = pick()
    const visitor = new Visitor()
    const headers = { 'x-csrftoken': await visitor.tokenFrom(maker) }
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect(await visitor.send(taker, '/form', { method, headers })).toEqual(accepted())
    }
  })

  test(`${name}: not in another visitor's name`, async () => {
    const [maker, taker] = pick()
    const [visitor, other] = [new Visitor(), new Visitor()]
    await visitor.tokenFrom(maker)
    const csrfmiddlewaretoken = await other.tokenFrom(maker)
    const refused = { status: 403, text: 'CSRF token from POST incorrect.' }
    const fields = { csrfmiddlewaretoken }
    expect(await visitor.send(taker, '/form', { fields })).toEqual(refused)
    expect(await visitor.send(maker, '/form', { fields })).toEqual(refused)
  })
}

function testLogin(side: Side, sites: () => WebSites): void {
  test(`a login at ${side} makes the token from before worthless for both`, async () => {
    const { ours, theirs } = sites()
    const visitor = new Visitor()
    const before = await visitor.tokenFrom(theirs)
    const after = await visitor.tokenFrom(sites()[side], '/log-in')
    for (const site of [ours, theirs]) {
      expect(
        await visitor.send(site, '/form', { fields: { csrfmiddlewaretoken: before } }),
      ).toEqual({
        status: 403,
        text: 'CSRF token from POST incorrect.',
      })
      const fields = { csrfmiddlewaretoken: after }
      expect(await visitor.send(site, '/form', { fields })).toEqual(accepted())
    }
  })
}

function testLogout(side: Side, csrfUseSessions: boolean, sites: () => WebSites): void {
  test(`a logout at ${side} ends a secret in the session, and keeps one in a cookie`, async () => {
    const { ours, theirs } = sites()
    const visitor = new Visitor()
    const csrfmiddlewaretoken = await visitor.tokenFrom(theirs, '/log-in')
    await visitor.send(sites()[side], '/log-out')
    const refused = { status: 403, text: 'CSRF cookie not set.' }
    for (const site of [ours, theirs]) {
      const answer = await visitor.send(site, '/form', { fields: { csrfmiddlewaretoken } })
      expect(answer).toEqual(csrfUseSessions ? refused : accepted())
    }
  })
}

/** What is refused, and a few that are not: both sides give the same answer. */
const sendings: Readonly<Record<string, (token: string, site: WebSite) => Sending>> = {
  'no token': () => ({ fields: {} }),
  'an empty token': () => ({ fields: { csrfmiddlewaretoken: '' } }),
  'a short token': () => ({ fields: { csrfmiddlewaretoken: 'short' } }),
  'a token of other characters': () => ({ fields: { csrfmiddlewaretoken: '*'.repeat(64) } }),
  'a token in capitals': (token) => ({ fields: { csrfmiddlewaretoken: token.toUpperCase() } }),
  'a wrong token in the form, a right one in the header': (token) => ({
    fields: { csrfmiddlewaretoken: 'a'.repeat(64) },
    headers: { 'x-csrftoken': token },
  }),
  'an empty token in the form, a right one in the header': (token) => ({
    fields: { csrfmiddlewaretoken: '' },
    headers: { 'x-csrftoken': token },
  }),
  'a short token in the header': () => ({ method: 'POST', headers: { 'x-csrftoken': 'short' } }),
  'a token in the form of a PUT': (token) => ({
    method: 'PUT',
    fields: { csrfmiddlewaretoken: token },
  }),
  'a token in JSON': (token) => ({
    body: JSON.stringify({ csrfmiddlewaretoken: token }),
    headers: { 'content-type': 'application/json' },
  }),
  'its own origin': (token, { url }) => withToken(token, { origin: url }),
  'its own origin over HTTPS': (token, { url }) =>
    withToken(token, { origin: url.replace('http:', 'https:') }),
  'another origin': (token) => withToken(token, { origin: 'https://evil.example' }),
  'an origin of null': (token) => withToken(token, { origin: 'null' }),
  'a host that is not allowed': (token) =>
    withToken(token, { host: 'evil.example', origin: 'http://evil.example' }),
  'another referer, over HTTP': (token) => withToken(token, { referer: 'https://evil.example/' }),
}

function withToken(csrfmiddlewaretoken: string, headers: Record<string, string>): Sending {
  return { fields: { csrfmiddlewaretoken }, headers }
}

function testRefusals(sites: () => WebSites): void {
  test.each(Object.entries(sendings))('both answer alike: %s', async (_, make) => {
    const { ours, theirs } = sites()
    const visitor = new Visitor()
    const token = await visitor.tokenFrom(theirs)
    const answers = []
    for (const site of [theirs, ours]) {
      const { status, text } = await visitor.send(site, '/form', make(token, site))
      answers.push({ status, text: text.replace(/:\d+/, '') })
    }
    expect(answers[1]).toEqual(answers[0])
  })

  test('both answer alike: no cookie', async () => {
    const { ours, theirs } = sites()
    const token = await new Visitor().tokenFrom(theirs)
    for (const site of [theirs, ours]) {
      const fields = { csrfmiddlewaretoken: token }
      expect(await new Visitor().send(site, '/form', { fields })).toEqual({
        status: 403,
        text: 'CSRF cookie not set.',
      })
    }
  })
}

function testCookie(sites: () => WebSites): void {
  const pairs: ReadonlyArray<readonly [first: Side, second: Side]> = [
    ['theirs', 'ours'],
    ['ours', 'theirs'],
  ]

  test.each(pairs)('%s replaces a cookie that holds no secret, for %s', async (first, second) => {
    const { [first]: site, [second]: other } = sites()
    const visitor = new Visitor()
    await visitor.setCookie(site, 'csrftoken', 'short')
    await visitor.send(site, '/messages')
    const secret = await visitor.cookie(site, 'csrftoken')
    expect(secret).toHaveLength(32)
    // As scripts send it that take it from the cookie.
    const headers = { 'x-csrftoken': String(secret) }
    expect(await visitor.send(other, '/form', { method: 'POST', headers })).toEqual(accepted())
  })

  test.each(pairs)(
    '%s takes a secret under a mask, as before 4.1, off it',
    async (first, second) => {
      const { [first]: site, [second]: other } = sites()
      const token = await new Visitor().tokenFrom(other)
      const visitor = new Visitor()
      await visitor.setCookie(site, 'csrftoken', token)
      const old = { csrfmiddlewaretoken: token }
      expect(await visitor.send(site, '/form', { fields: old })).toEqual(accepted())
      const fields = { csrfmiddlewaretoken: await visitor.tokenFrom(site) }
      expect(await visitor.cookie(site, 'csrftoken')).toHaveLength(32)
      expect(await visitor.send(other, '/form', { fields })).toEqual(accepted())
    },
  )
}

function accepted(said = ''): Answer {
  return { status: 200, text: `accepted ${said}`.trim() }
}
