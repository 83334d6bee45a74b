/**
 * The adapter suite: the session cookie is what Django's settings say.
 *
 * @module
 */
import type { DjangoOptions } from '../django.ts'
import type { AdapterHandler, Case, Kit, LoadedSession } from './_adapter-kit.ts'
import { onlyCookie, type SetCookie } from './_adapter-site.ts'
import { same } from './_assert.ts'

type Settings = Partial<DjangoOptions['settings']>

const touch: AdapterHandler = async ({ session }) => {
  session.set('a', 1)
  return {}
}

const end: AdapterHandler = async ({ session }) => {
  await session.flush()
  return {}
}

async function cookieSet(
  kit: Kit,
  settings: Settings,
  handle: AdapterHandler = touch,
): Promise<SetCookie> {
  const site = await kit.serve(handle, { settings })
  return onlyCookie(await site.ask())
}

/** When a cookie that is set now, and lives so many seconds, ends. */
function expires({ now }: Kit, inSeconds: number): string {
  return new Date(now + inSeconds * 1000).toUTCString()
}

/** What a session's own end makes of its cookie. */
const ends: ReadonlyArray<
  readonly [what: string, set: (session: LoadedSession, kit: Kit) => void, seconds: number | null]
> = [
  ['seconds', (session) => session.setExpiry(300), 300],
  ['a date', (session, { now }) => session.setExpiry(new Date(now + 600_000)), 600],
  ['the browser', (session) => session.setExpiry(0), null],
  ['seconds past', (session) => session.setExpiry(-5), -5],
]

/** What settings make of the cookie: attributes that are there, or are not. */
const attributes: ReadonlyArray<
  readonly [settings: Settings, expected: Readonly<Record<string, string | undefined>>]
> = [
  [{}, { httponly: '', path: '/', samesite: 'Lax', domain: undefined, secure: undefined }],
  [{ sessionCookieDomain: 'example.com' }, { domain: 'example.com' }],
  [{ sessionCookiePath: '/app' }, { path: '/app' }],
  [{ sessionCookieSecure: true }, { secure: '' }],
  [{ sessionCookieHttponly: false }, { httponly: undefined }],
  [{ sessionCookieSamesite: 'Strict' }, { samesite: 'Strict' }],
  [{ sessionCookieSamesite: null }, { samesite: undefined }],
  [
    { sessionCookieSamesite: 'None', sessionCookieSecure: true },
    { samesite: 'None', secure: '' },
  ],
]

/** Cases about the cookie. */
export const cookies: readonly Case[] = [
  ...attributes.map(([settings, expected]): Case => ({
    name: `sets a cookie as by ${JSON.stringify(settings)}`,
    async run(kit) {
      const cookie = await cookieSet(kit, settings)
      for (const [name, value] of Object.entries(expected)) {
        same(cookie.attributes[name], value, `the attribute ${name}`)
      }
    },
  })),
  {
    name: 'sets a cookie of the name and age that the settings say',
    async run(kit) {
      const settings = { sessionCookieName: 'visit', sessionCookieAge: 3600 }
      const { name, attributes: found } = await cookieSet(kit, settings)
      same(name, 'visit', 'the name')
      same(found['max-age'], '3600', 'Max-Age')
      same(found['expires'], expires(kit, 3600), 'Expires')
    },
  },
  {
    name: 'reads the cookie of the name that the settings say',
    async run(kit) {
      const settings = { sessionCookieName: 'visit' }
      const read: AdapterHandler = async ({ session }) => ({
        body: JSON.stringify(await session.load()),
      })
      const site = await kit.serve(read, { settings })
      const key = await kit.makeSession({ a: 1 })
      same((await site.ask('/', { cookie: `visit=${key}` })).body, '{"a":1}', 'by its name')
      same((await site.ask('/', { key })).body, '{}', 'by another name')
    },
  },
  {
    name: 'sets a cookie that goes with the browser',
    async run(kit) {
      const found = (await cookieSet(kit, { sessionExpireAtBrowserClose: true })).attributes
      same([found['max-age'], found['expires']], [undefined, undefined], 'Max-Age and Expires')
    },
  },
  ...ends.map(([what, set, seconds]): Case => ({
    name: `sets a cookie that ends when its session does: by ${what}`,
    async run(kit) {
      const { attributes: found } = await cookieSet(kit, {}, async ({ session }) => {
        set(await session.load(), kit)
        return {}
      })
      same(found['max-age'], seconds === null ? undefined : String(seconds), 'Max-Age')
      same(found['expires'], seconds === null ? undefined : expires(kit, seconds), 'Expires')
    },
  })),
  {
    name: 'deletes the cookie of a session that is flushed, where it was set',
    async run(kit) {
      const settings: Settings = {
        sessionCookieDomain: 'example.com',
        sessionCookiePath: '/app',
        sessionCookieSamesite: 'Strict',
      }
      const site = await kit.serve(end, { settings })
      const key = await kit.makeSession()
      const reply = await site.ask('/', { key })
      const { name, value, attributes: found } = onlyCookie(reply)
      same([name, value], ['sessionid', '""'], 'the cookie')
      same(
        found,
        {
          domain: 'example.com',
          expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
          'max-age': '0',
          path: '/app',
          samesite: 'Strict',
        },
        'its attributes',
      )
      same(reply.headers.get('vary'), 'Cookie', 'Vary')
      same(await kit.exists(key), false, 'whether the session is there')
    },
  },
  {
    name: 'deletes a cookie with Secure where browsers ask for it',
    async run(kit) {
      const settings: Settings = { sessionCookieSamesite: 'None', sessionCookieSecure: true }
      const site = await kit.serve(end, { settings })
      const { attributes: found } = onlyCookie(
        await site.ask('/', { key: await kit.makeSession() }),
      )
      same([found['samesite'], found['secure']], ['None', ''], 'SameSite and Secure')
    },
  },
  {
    name: 'deletes no cookie that there is not',
    async run(kit) {
      const site = await kit.serve(end)
      same((await site.ask()).cookies, [], 'cookies set')
    },
  },
  {
    name: 'leaves cookies of handlers alone',
    async run(kit) {
      const site = await kit.serve(async (visit) => ({
        ...(await touch(visit)),
        headers: { 'Set-Cookie': 'other=1; Path=/other' },
      }))
      const names = (await site.ask()).cookies.map(({ name }) => name)
      same(names.toSorted(), ['other', 'sessionid'], 'cookies set')
    },
  },
  ...[
    ['Accept-Encoding', 'Accept-Encoding, Cookie'],
    ['accept, cookie', 'accept, cookie'],
    ['*', '*'],
  ].map(([before = '', after = '']): Case => ({
    name: `makes Vary: ${after} of Vary: ${before}`,
    async run(kit) {
      const site = await kit.serve(async (visit) => ({
        ...(await touch(visit)),
        headers: { Vary: before },
      }))
      same((await site.ask()).headers.get('vary'), after, 'Vary')
    },
  })),
]
