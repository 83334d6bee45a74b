/**
 * The adapter suite: options of adapters, and processes that only read.
 *
 * @module
 */
import type { Exchange } from '../http/exchange.ts'
import type { AdapterHandler, Case, Kit, LoadedSession, SiteOptions } from './_adapter-kit.ts'
import { onlyCookie, type Site } from './_adapter-site.ts'
import { check, same } from './_assert.ts'

const leave: AdapterHandler = async () => ({ body: 'hello' })

const show: AdapterHandler = async ({ session }) => ({
  body: JSON.stringify(await session.load()),
})

const write: AdapterHandler = async ({ session }) => {
  session.set('a', 1)
  return {}
}

const minute = 60_000
const saveEveryRequest = { settings: { sessionSaveEveryRequest: true } }

/** A site with a session that was saved so long ago. */
async function serveOld(
  kit: Kit,
  ageMs: number,
  handle: AdapterHandler,
  options: SiteOptions,
): Promise<{ readonly site: Site; readonly key: string }> {
  const site = await kit.serve(handle, options)
  const key = await kit.makeSession()
  kit.now += ageMs
  return { site, key }
}

async function endOf(kit: Kit, key: string): Promise<number> {
  const { expireDate } = await kit.process().sessions.get(key).load()
  check(expireDate !== null, 'the store tells when a session ends')
  return expireDate.getTime() - kit.now
}

const twoWeeks = 1_209_600

/** Cases about options. */
export const options: readonly Case[] = [
  {
    name: 'saves every request where the settings say so, and moves the end',
    async run(kit) {
      const { site, key } = await serveOld(kit, minute, leave, saveEveryRequest)
      const reply = await site.ask('/', { key })
      const cookie = onlyCookie(reply)
      same([cookie.value, cookie.attributes['max-age']], [key, String(twoWeeks)], 'the cookie')
      same(reply.headers.get('vary'), 'Cookie', 'Vary')
      same(reply.body, 'hello', 'the body')
      same(await endOf(kit, key), twoWeeks * 1000, 'milliseconds that are left')
    },
  },
  {
    name: 'makes no session of a visitor without one, though it saves every request',
    async run(kit) {
      const site = await kit.serve(leave, saveEveryRequest)
      same((await site.ask()).cookies, [], 'cookies set')
      same(kit.calls, [], 'calls of the store')
    },
  },
  {
    name: 'skips what it is told to skip',
    async run(kit) {
      const adapter = { skip: ({ path }: { path: string }) => path === '/static/a.css' }
      const { site, key } = await serveOld(kit, minute, leave, { ...saveEveryRequest, adapter })
      same((await site.ask('/static/a.css?b=c', { key })).cookies, [], 'cookies set')
      same((await site.ask('/static/a.css', { key: 'short' })).cookies, [], 'cookies set')
      same(kit.calls, [], 'calls of the store')
      onlyCookie(await site.ask('/static', { key }))
    },
  },
  {
    name: 'shows the request to those who decide what to skip',
    async run(kit) {
      const seen: unknown[] = []
      const skip = (exchange: Exchange): boolean => {
        const { method, scheme, host, path } = exchange
        seen.push([method, scheme, host, path, exchange.header('cookie'), exchange.header('x')])
        return false
      }
      const site = await kit.serve(leave, { adapter: { skip } })
      await site.ask('/a%20b/c?d=e', { method: 'POST', cookie: 'a=b' })
      const { host } = new URL(site.url)
      same(seen, [['POST', 'http', host, '/a%20b/c', 'a=b', null]], 'what is to be seen')
    },
  },
  {
    name: 'loads the session before the handler runs, where it is told to',
    async run(kit) {
      const site = await kit.serve(
        async ({ session }) => ({ body: JSON.stringify((session as LoadedSession).data) }),
        { adapter: { autoload: true } },
      )
      const key = await kit.makeSession({ a: 1 })
      const reply = await site.ask('/', { key })
      same(reply.body, '{"a":1}', 'the session')
      same(reply.headers.get('vary'), 'Cookie', 'Vary')
      same(kit.calls, ['load'], 'calls of the store')
    },
  },
  {
    name: 'has nothing to load for a visitor without a cookie',
    async run(kit) {
      const site = await kit.serve(
        async ({ session }) => ({ body: JSON.stringify((session as LoadedSession).data) }),
        { adapter: { autoload: true } },
      )
      const reply = await site.ask()
      same(reply.body, '{}', 'the session')
      same(reply.cookies, [], 'cookies set')
      same(kit.calls, [], 'calls of the store')
    },
  },
  {
    name: 'does not have a response vary by a session that was loaded and not looked at',
    async run(kit) {
      const site = await kit.serve(leave, { adapter: { autoload: true } })
      const { headers } = await site.ask('/', { key: await kit.makeSession() })
      same(headers.get('vary'), null, 'Vary')
    },
  },
  {
    name: 'gives the error of such a load to the application',
    async run(kit) {
      const key = await kit.makeSession()
      kit.before('load', () => {
        throw new Error('the store failed')
      })
      const site = await kit.serve(leave, { adapter: { autoload: true } })
      same((await site.ask('/', { key })).status, 500, 'the status')
      same(site.errorCodes, ['ERR_STORE'], 'errors that the application saw')
    },
  },
  {
    name: 'rolls a session that is read: row and cookie together, not oftener than it is told',
    async run(kit) {
      const adapter = { rolling: { everySeconds: 120 } }
      const { site, key } = await serveOld(kit, minute, show, { adapter })
      same((await site.ask('/', { key })).cookies, [], 'cookies set too early')
      kit.now += 2 * minute
      const cookie = onlyCookie(await site.ask('/', { key }))
      same([cookie.value, cookie.attributes['max-age']], [key, String(twoWeeks)], 'the cookie')
      same(await endOf(kit, key), twoWeeks * 1000, 'milliseconds that are left')
      same((await site.ask('/', { key })).cookies, [], 'cookies set again')
      same(kit.calls.filter((call) => call === 'touch').length, 1, 'rows moved')
      same(kit.calls.includes('update'), false, 'whether the data was written')
    },
  },
  {
    name: 'rolls a session that was loaded for a handler which left it alone',
    async run(kit) {
      const adapter = { autoload: true, rolling: { everySeconds: 120 } }
      const { site, key } = await serveOld(kit, 5 * minute, leave, { adapter })
      same(onlyCookie(await site.ask('/', { key })).value, key, 'the key in the cookie')
      same(await endOf(kit, key), twoWeeks * 1000, 'milliseconds that are left')
    },
  },
  {
    name: 'rolls no session that nobody read, and none with a status of 5xx',
    async run(kit) {
      const adapter = { rolling: { everySeconds: 120 } }
      const fail: AdapterHandler = async (visit) => ({ ...(await show(visit)), status: 500 })
      for (const handle of [leave, fail]) {
        const { site, key } = await serveOld(kit, 5 * minute, handle, { adapter })
        same((await site.ask('/', { key })).cookies, [], 'cookies set')
        same(kit.calls.includes('touch'), false, 'whether the row was moved')
      }
    },
  },
  {
    name: 'keeps caches off responses with a session cookie, where it is told to',
    async run(kit) {
      const adapter = { privateWhenCookie: true }
      const site = await kit.serve(write, { adapter })
      same((await site.ask()).headers.get('cache-control'), 'private', 'with a cookie')
      const others = await kit.serve(show, { adapter })
      same((await others.ask()).headers.get('cache-control'), null, 'without one')
    },
  },
  {
    name: 'leaves what a handler says to caches, and all of it where it is told nothing',
    async run(kit) {
      const headers = { 'Cache-Control': 'no-store' }
      const said = await kit.serve(async (visit) => ({ ...(await write(visit)), headers }), {
        adapter: { privateWhenCookie: true },
      })
      same((await said.ask()).headers.get('cache-control'), 'no-store', 'Cache-Control')
      const unsaid = await kit.serve(write)
      same((await unsaid.ask()).headers.get('cache-control'), null, 'Cache-Control')
    },
  },
  {
    name: 'reads only, where it is told to: no write, and no cookie, not even a deletion',
    async run(kit) {
      const settings = { sessionSaveEveryRequest: true }
      const adapter = { rolling: { everySeconds: 0 } }
      const { site, key } = await serveOld(kit, minute, show, { readOnly: true, settings, adapter })
      const reply = await site.ask('/', { key })
      same(reply.body, '{"kept":true}', 'the session')
      same(reply.headers.get('vary'), 'Cookie', 'Vary')
      same(reply.cookies, [], 'cookies set')
      for (const other of ['short', 'a0b1c2d3e4f5g6h7i8j9k0l1m2n3o4p5']) {
        same((await site.ask('/', { key: other })).cookies, [], 'cookies set')
      }
      same(kit.calls, ['load', 'load'], 'calls of the store')
    },
  },
  {
    name: 'gives a process that only reads no method that writes',
    async run(kit) {
      const site = await kit.serve(
        async ({ session }) => ({ body: `${'set' in session} ${'save' in session}` }),
        { readOnly: true },
      )
      same((await site.ask()).body, 'false false', 'whether there are such methods')
    },
  },
]
