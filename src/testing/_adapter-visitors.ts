/**
 * The adapter suite: cookies as visitors send them, forged ones too.
 *
 * @module
 */
import type { AdapterHandler, Case, Kit, SiteOptions } from './_adapter-kit.ts'
import { onlyCookie, type Site } from './_adapter-site.ts'
import { check, same } from './_assert.ts'

const show: AdapterHandler = async ({ session }) => ({
  body: JSON.stringify(await session.load()),
})

const write: AdapterHandler = async ({ session }) => {
  session.set('a', 1)
  return {}
}

/** A site of a process that has read a session, and so knows that its secret is right. */
async function serveProven(kit: Kit, handle: AdapterHandler, options?: SiteOptions): Promise<Site> {
  let isProof = true
  const site = await kit.serve(async (visit) => {
    if (isProof) return show(visit)
    return handle(visit)
  }, options)
  await site.ask('/', { key: await kit.makeSession() })
  isProof = false
  kit.calls.length = 0
  return site
}

/** A site of a process that has not. */
function serveNew(kit: Kit, handle: AdapterHandler): Promise<Site> {
  return kit.serve(handle)
}

const unknownKey = 'a0b1c2d3e4f5g6h7i8j9k0l1m2n3o4p5'

/** Cookies that hold the key in ways that Django reads. */
const spellings: ReadonlyArray<readonly [what: string, cookie: (key: string) => string]> = [
  ['in quotes', (key) => `sessionid="${key}"`],
  ['in octal numbers', (key) => `sessionid="${octal(key)}"`],
  ['after another of its name', (key) => `sessionid=${unknownKey}; sessionid=${key}`],
  ['among others', (key) => `a=b; sessionid=${key}; sessionids=x; xsessionid=y`],
  ['between spaces', (key) => `a=b;   sessionid =  ${key} ;c`],
]

/** Cookies that hold it in ways that Django does not read. */
const misspellings: typeof spellings = [
  ['before another of its name', (key) => `sessionid=${key}; sessionid=${unknownKey}`],
  ['with percent signs', (key) => `sessionid=${percent(key)}`],
  ['under a name in capitals', (key) => `SESSIONID=${key}`],
  ['with something behind it', (key) => `sessionid=${key}.x`],
]

function octal(text: string): string {
  return text.replace(/./, (first) => `\\${first.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

function percent(text: string): string {
  return text.replace(/./, (first) => `%${first.charCodeAt(0).toString(16)}`)
}

/** Cases about visitors. */
export const visitors: readonly Case[] = [
  ...spellings.map(([what, cookie]): Case => ({
    name: `finds the key ${what}`,
    async run(kit) {
      const site = await kit.serve(show)
      const key = await kit.makeSession({ a: 1 })
      same((await site.ask('/', { cookie: cookie(key) })).body, '{"a":1}', 'the session')
    },
  })),
  ...misspellings.map(([what, cookie]): Case => ({
    name: `finds no key ${what}`,
    async run(kit) {
      const site = await kit.serve(show)
      const key = await kit.makeSession({ a: 1 })
      same((await site.ask('/', { cookie: cookie(key) })).body, '{}', 'the session')
    },
  })),
  ...['short', '', '""', '"short"'].map((value): Case => ({
    name: `deletes the cookie ${JSON.stringify(value)}, that is no key, though nobody asked`,
    async run(kit) {
      const site = await kit.serve(async () => ({ body: 'hello' }))
      const reply = await site.ask('/', { cookie: `sessionid=${value}` })
      same(onlyCookie(reply).attributes['max-age'], '0', 'Max-Age')
      same(reply.headers.get('vary'), 'Cookie', 'Vary')
      same(reply.body, 'hello', 'the body')
      same(kit.calls, [], 'calls of the store')
    },
  })),
  {
    name: 'gives a visitor with such a cookie a session',
    async run(kit) {
      const site = await kit.serve(write)
      const { value } = onlyCookie(await site.ask('/', { key: 'short' }))
      same(await kit.dataOf(value), { a: 1 }, 'what was saved')
    },
  },
  ...Object.entries({ 'that is proven': serveProven, 'that is not': serveNew }).map(
    ([what, serve]): Case => ({
      name: `keeps the cookie of a session that is not there, in a process ${what}`,
      async run(kit) {
        const site = await serve(kit, show)
        const { body, cookies, headers } = await site.ask('/', { key: unknownKey })
        same(body, '{}', 'the session')
        same(cookies, [], 'cookies set')
        same(headers.get('vary'), 'Cookie', 'Vary')
        same(kit.calls, ['load'], 'calls of the store')
      },
    }),
  ),
  {
    name: 'deletes it where all is to be as in Django',
    async run(kit) {
      const site = await serveProven(kit, show, { djangoExact: true })
      const reply = await site.ask('/', { key: unknownKey })
      same(reply.body, '{}', 'the session')
      same(onlyCookie(reply).attributes['max-age'], '0', 'Max-Age')
      same(reply.headers.get('vary'), 'Cookie', 'Vary')
    },
  },
  {
    name: 'never takes a key that a visitor made up',
    async run(kit) {
      const site = await serveProven(kit, write)
      const { value } = onlyCookie(await site.ask('/', { key: unknownKey }))
      check(value !== unknownKey, 'the session has a key of its own')
      same(await kit.dataOf(value), { a: 1 }, 'what was saved')
      same(await kit.exists(unknownKey), false, 'whether there is one under the made-up key')
    },
  },
  ...['x'.repeat(41), 'x'.repeat(4000), 'é'.repeat(32)].map((key): Case => ({
    name: `asks no store for a key of ${key.length} characters: ${key.slice(0, 12)}`,
    async run(kit) {
      const site = await kit.serve(show)
      same((await site.ask('/', { key })).body, '{}', 'the session')
      same(kit.calls, [], 'calls of the store')
    },
  })),
]
