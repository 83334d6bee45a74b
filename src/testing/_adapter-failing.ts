/**
 * The adapter suite: what cannot be saved is not answered as if it had been.
 *
 * @module
 */
import { type AdapterHandler, type Case, errorHeader, type Kit, sleep } from './_adapter-kit.ts'
import type { Reply, Site } from './_adapter-site.ts'
import { same } from './_assert.ts'

const refused = (): never => {
  throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' })
}

/** The application's own error page, and nothing of what the handler wrote. */
function isErrorPage(reply: Reply, status: number, code: string): void {
  same(reply.status, status, 'the status')
  same(reply.headers.get(errorHeader), code, 'the error that the application saw')
  same(reply.body, 'the error page', 'the body')
  same(reply.cookies, [], 'cookies set')
  for (const name of ['x-secret', 'location', 'etag', 'cache-control']) {
    same(reply.headers.get(name), null, `the handler's ${name}`)
  }
}

function sawOnce(site: Site, code: string): void {
  same(site.errorCodes, [code], 'errors that the application saw')
}

const secrets = {
  'X-Secret': 'secret',
  'Set-Cookie': 'secret=1',
  Location: '/secret',
  ETag: '"secret"',
  'Cache-Control': 'secret',
}

async function* parts(): AsyncGenerator<string> {
  for (let at = 0; at < 5; at++) {
    yield 'secret'
    await sleep(10)
  }
}

/** What a handler may have done before its session cannot be saved. */
const answers: Readonly<Record<string, AdapterHandler>> = {
  'a page': async () => ({ status: 201, headers: secrets, body: 'secret' }),
  'a redirect': async () => ({ status: 302, headers: secrets }),
  'a stream': async () => ({ headers: secrets, body: parts() }),
}

async function interrupt(kit: Kit): Promise<void> {
  const site = await kit.serve(async ({ session }) => {
    const { key } = await session.load()
    session.set('a', 1)
    await kit.process().sessions.delete(key ?? '')
    return { headers: secrets, body: 'secret' }
  })
  const key = await kit.makeSession()
  isErrorPage(await site.ask('/', { key }), 400, 'ERR_SESSION_INTERRUPTED')
  sawOnce(site, 'ERR_SESSION_INTERRUPTED')
  same(await kit.exists(key), false, 'whether the session is there again')
}

/** Cases about failure. */
export const failing: readonly Case[] = [
  ...Object.entries(answers).map(([what, answer]): Case => ({
    name: `gives the error of a save to the application, and drops ${what}`,
    async run(kit) {
      kit.before('create', refused)
      const site = await kit.serve(async (visit) => {
        visit.session.set('a', 1)
        return answer(visit)
      })
      isErrorPage(await site.ask(), 503, 'ERR_STORE_UNAVAILABLE')
      sawOnce(site, 'ERR_STORE_UNAVAILABLE')
      isErrorPage(await site.ask(), 503, 'ERR_STORE_UNAVAILABLE')
    },
  })),
  {
    name: 'gives the error of a load to the application',
    async run(kit) {
      const key = await kit.makeSession()
      kit.before('load', refused)
      const site = await kit.serve(async ({ session }) => {
        await session.load()
        return { headers: secrets, body: 'secret' }
      })
      isErrorPage(await site.ask('/', { key }), 503, 'ERR_STORE_UNAVAILABLE')
      sawOnce(site, 'ERR_STORE_UNAVAILABLE')
    },
  },
  {
    name: 'answers with 400 where the session was deleted meanwhile, and does not bring it back',
    run: interrupt,
  },
  {
    name: 'answers within the deadline where the store hangs',
    async run(kit) {
      const key = await kit.makeSession()
      kit.before('load', () => new Promise(() => {}))
      const site = await kit.serve(
        async ({ session }) => {
          await session.load()
          return {}
        },
        { storeTimeoutMs: 30 },
      )
      isErrorPage(await site.ask('/', { key }), 503, 'ERR_STORE_TIMEOUT')
    },
  },
  {
    name: 'answers within the deadline where the store hangs at the save',
    async run(kit) {
      kit.before('create', () => new Promise(() => {}))
      const site = await kit.serve(
        async ({ session }) => {
          session.set('a', 1)
          return { headers: secrets, body: 'secret' }
        },
        { storeTimeoutMs: 30 },
      )
      isErrorPage(await site.ask(), 503, 'ERR_STORE_TIMEOUT')
    },
  },
  {
    name: 'has visitors be anonymous while the store fails, where it is told so',
    async run(kit) {
      const key = await kit.makeSession()
      kit.before('load', refused)
      const site = await kit.serve(
        async ({ session }) => ({ body: JSON.stringify(await session.load()) }),
        { onStoreError: 'anonymous' },
      )
      const reply = await site.ask('/', { key })
      same([reply.status, reply.body], [200, '{}'], 'the response')
      same(reply.cookies, [], 'cookies set')
      same(kit.calls, ['load'], 'calls of the store')
    },
  },
  {
    name: 'saves no session of such a visitor',
    async run(kit) {
      const key = await kit.makeSession()
      kit.before('load', refused)
      const site = await kit.serve(
        async ({ session }) => {
          session.set('a', 1)
          return { headers: secrets, body: 'secret' }
        },
        { onStoreError: 'anonymous' },
      )
      isErrorPage(await site.ask('/', { key }), 503, 'ERR_STORE_UNAVAILABLE')
    },
  },
  {
    name: 'goes on after a failure',
    async run(kit) {
      const key = await kit.makeSession({ a: 1 })
      const site = await kit.serve(async ({ session }) => ({
        body: JSON.stringify(await session.load()),
      }))
      kit.before('load', refused)
      same((await site.ask('/', { key })).status, 503, 'the status while the store fails')
      kit.before('load', () => {})
      same((await site.ask('/', { key })).body, '{"a":1}', 'the body once it does not')
    },
  },
]
