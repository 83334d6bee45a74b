/**
 * The adapter suite: the visitor of a request, and who may go on.
 *
 * @module
 */
import type { Guard, GuardVerdict } from '../auth/guards.ts'
import { type AdapterHandler, type Case, errorHeader, type Kit } from './_adapter-kit.ts'
import { same } from './_assert.ts'

const hello: AdapterHandler = async () => ({ body: 'hello' })

/** Answers with the name of whoever it is. */
const whoAmI: AdapterHandler = async ({ user }) => {
  const visitor = await user.load()
  return { body: visitor.isAuthenticated ? visitor.getUsername() : 'nobody' }
}

/** Makes a user, and logs it in. Answers the `Cookie` header. */
async function logIn(kit: Kit, username: string = 'ada'): Promise<string> {
  const { users } = kit.process(kit.withUsers)
  const cookie = await users.forceLogin(await users.create({ username }))
  kit.calls.length = 0
  return cookie
}

/** Lets users go on, and does as told with others. */
function onlyUsers(verdict: (url: string) => GuardVerdict): Guard {
  return async (visitor, url) => {
    if (visitor.isAuthenticated) return { outcome: 'pass' }
    return verdict(typeof url === 'string' ? url : url())
  }
}

const toLogin = onlyUsers((url) => ({
  outcome: 'redirect',
  location: `/login/?next=${encodeURIComponent(url)}`,
}))

const proxied = {
  allowedHosts: ['shop.example'],
  useXForwardedHost: true,
  secureProxySslHeader: ['HTTP_X_FORWARDED_PROTO', 'https'],
} as const

/** Cases about users and guards. */
export const users: readonly Case[] = [
  {
    name: 'costs nothing where the user is asked for, and left alone',
    async run(kit) {
      const look: AdapterHandler = async ({ user }) => ({ body: typeof user.load })
      const site = await kit.serve(look, kit.withUsers)
      const { body, headers, cookies } = await site.ask('/', { cookie: await logIn(kit) })
      same(
        [body, headers.get('vary'), cookies, kit.calls],
        ['function', null, [], []],
        'body, Vary, cookies, calls of the store',
      )
    },
  },
  {
    name: 'knows who is logged in, and who is nobody',
    async run(kit) {
      const site = await kit.serve(whoAmI, kit.withUsers)
      const cookie = await logIn(kit)
      const known = await site.ask('/', { cookie })
      same([known.body, known.headers.get('vary')], ['ada', 'Cookie'], 'body and Vary')
      same(kit.calls, ['load'], 'calls of the store')
      same((await site.ask()).body, 'nobody', 'the body without a cookie')
    },
  },
  {
    name: 'shows a login and a logout to whoever asks for the user after it',
    async run(kit) {
      const django = kit.process(kit.withUsers)
      const ada = await django.users.create({ username: 'ada' })
      const names: string[] = []
      const handle: AdapterHandler = async (visit) => {
        const note = async (): Promise<unknown> => names.push((await whoAmI(visit)).body as string)
        await note()
        await django.users.login(visit.session, ada, { backend })
        await note()
        await django.users.logout(visit.session)
        await note()
        return {}
      }
      const site = await kit.serve(handle, { ...kit.withUsers, django })
      same((await site.ask()).status, 200, 'the status')
      same(names, ['nobody', 'ada', 'nobody'], 'who it was')
    },
  },
  {
    name: 'lets those go on whom a guard lets',
    async run(kit) {
      const site = await kit.serve(whoAmI, { ...kit.withUsers, guard: toLogin })
      const { status, body } = await site.ask('/orders', { cookie: await logIn(kit) })
      same([status, body, kit.calls], [200, 'ada', ['load']], 'status, body, calls of the store')
    },
  },
  {
    name: 'sends others where a guard says, with what they asked for',
    async run(kit) {
      const site = await kit.serve(hello, { ...kit.withUsers, guard: toLogin })
      const { status, headers, body } = await site.ask('/orders?page=2&a=%20')
      const url = `${site.url}/orders?page=2&a=%20`
      same(status, 302, 'the status')
      same(headers.get('location'), `/login/?next=${encodeURIComponent(url)}`, 'Location')
      same([headers.get('vary'), body.includes('hello')], ['Cookie', false], 'Vary and body')
    },
  },
  {
    name: 'tells a guard the address that the browser has, behind a proxy too',
    async run(kit) {
      const site = await kit.serve(hello, { ...kit.withUsers, settings: proxied, guard: toLogin })
      const headers = { 'x-forwarded-host': 'shop.example', 'x-forwarded-proto': 'https' }
      const response = await fetch(`${site.url}/orders`, { headers, redirect: 'manual' })
      await response.text()
      const next = encodeURIComponent('https://shop.example/orders')
      same(response.headers.get('location'), `/login/?next=${next}`, 'Location')
    },
  },
  {
    name: 'refuses whom a guard refuses, with 401 and 403, and runs no handler',
    async run(kit) {
      let handled = 0
      const count: AdapterHandler = async () => ({ body: String(++handled) })
      for (const status of [401, 403] as const) {
        const guard = onlyUsers(() => ({ outcome: 'refuse', status }))
        const site = await kit.serve(count, { ...kit.withUsers, guard })
        const reply = await site.ask()
        same([reply.status, reply.headers.get('location')], [status, null], 'status, Location')
      }
      same(handled, 0, 'how often the handler ran')
    },
  },
  {
    name: 'gives the error of a guard to the application',
    async run(kit) {
      const guard: Guard = async () => {
        throw Object.assign(new Error('broken'), { status: 503, code: 'ERR_BROKEN' })
      }
      const site = await kit.serve(hello, { ...kit.withUsers, guard })
      const { status, headers } = await site.ask()
      same([status, headers.get(errorHeader)], [503, 'ERR_BROKEN'], 'status and error')
      same(site.errorCodes, ['ERR_BROKEN'], 'errors')
    },
  },
  {
    name: 'gives a guard without users to the application as an error',
    async run(kit) {
      const site = await kit.serve(hello, { guard: toLogin })
      same((await site.ask()).status, 500, 'the status')
      same(site.errorCodes, ['ERR_IMPROPERLY_CONFIGURED'], 'errors')
    },
  },
  {
    name: 'ends the session of a user whose password is another since, at a guard',
    async run(kit) {
      const site = await kit.serve(hello, { ...kit.withUsers, guard: toLogin })
      const cookie = await logIn(kit)
      same((await site.ask('/', { cookie })).status, 200, 'the status before')
      const { users: all } = kit.process(kit.withUsers)
      const ada = await all.getByNaturalKey('ada')
      await ada.setPassword(null)
      await ada.save(['password'])
      const { status, cookies } = await site.ask('/', { cookie })
      const ages = cookies.map(({ attributes }) => attributes['max-age'])
      same([status, ages], [302, ['0']], 'status and ages of cookies')
    },
  },
]

const backend = 'django.contrib.auth.backends.ModelBackend'
