/**
 * The adapter suite: what a request costs that has nothing to do with its session.
 *
 * @module
 */
import type { AdapterAnswer, AdapterHandler, Case } from './_adapter-kit.ts'
import type { Reply } from './_adapter-site.ts'
import { same } from './_assert.ts'

const hello: AdapterAnswer = { body: 'hello' }

function isUntouched({ status, headers, cookies, body }: Reply): void {
  same(status, 200, 'the status')
  same(body, 'hello', 'the body')
  same(cookies, [], 'cookies set')
  same(headers.get('vary'), null, 'Vary')
}

/** Cases about cost. */
export const laziness: readonly Case[] = [
  {
    name: 'costs nothing where nobody asks for the session',
    async run(kit) {
      const site = await kit.serve(async () => hello)
      const key = await kit.makeSession()
      isUntouched(await site.ask())
      isUntouched(await site.ask('/', { key }))
      isUntouched(await site.ask('/', { key: 'unknown-to-all' }))
      same(kit.calls, [], 'calls of the store')
    },
  },
  {
    name: 'costs nothing where the session is asked for, and left alone',
    async run(kit) {
      const look: AdapterHandler = async (visit) => ({ ...hello, ...(visit.session && {}) })
      const site = await kit.serve(look)
      const key = await kit.makeSession()
      isUntouched(await site.ask())
      isUntouched(await site.ask('/', { key }))
      same(kit.calls, [], 'calls of the store')
    },
  },
  {
    name: 'makes no session for a visitor that only looks',
    async run(kit) {
      const site = await kit.serve(async ({ session }) => {
        const { data } = await session.load()
        return { body: JSON.stringify(data) }
      })
      const { cookies, headers, body } = await site.ask()
      same(body, '{}', 'what the handler sees')
      same(cookies, [], 'cookies set')
      same(headers.get('vary'), 'Cookie', 'Vary')
      same(kit.calls, [], 'calls of the store')
    },
  },
  {
    name: 'reads a session once, and does not write it',
    async run(kit) {
      const site = await kit.serve(async ({ session }) => {
        await session.load()
        return { body: JSON.stringify((await session.load()).data) }
      })
      const key = await kit.makeSession({ theme: 'dark' })
      const { cookies, headers, body } = await site.ask('/', { key })
      same(body, '{"theme":"dark"}', 'what the handler sees')
      same(cookies, [], 'cookies set')
      same(headers.get('vary'), 'Cookie', 'Vary')
      same(kit.calls, ['load'], 'calls of the store')
    },
  },
]
