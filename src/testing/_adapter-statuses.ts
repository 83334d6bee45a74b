/**
 * The adapter suite: responses of every kind.
 *
 * @module
 */
import { type AdapterAnswer, type AnySession, type Case, errorHeader } from './_adapter-kit.ts'
import { onlyCookie } from './_adapter-site.ts'
import { same } from './_assert.ts'

interface Shape {
  readonly what: string
  readonly answer: AdapterAnswer
  readonly method?: string
  readonly body?: string
}

const shapes: readonly Shape[] = [
  { what: 'a page', answer: { headers: { 'Content-Type': 'text/plain' }, body: 'x' }, body: 'x' },
  { what: 'a HEAD request', answer: { body: 'x' }, method: 'HEAD' },
  { what: 'a redirect', answer: { status: 302, headers: { Location: '/there' } } },
  { what: 'no content', answer: { status: 204 } },
  { what: 'what is not modified', answer: { status: 304, headers: { ETag: '"e"' } } },
  { what: 'what was created', answer: { status: 201, body: 'x' }, body: 'x' },
  { what: 'what was not found', answer: { status: 404, body: 'x' }, body: 'x' },
]

const set = (session: AnySession): void => session.set('a', 1)

/** Cases about responses. */
export const statuses: readonly Case[] = [
  ...shapes.map(({ what, answer, method = 'GET', body = '' }): Case => ({
    name: `saves, and sets the cookie, with ${what}`,
    async run(kit) {
      const site = await kit.serve(async ({ session }) => {
        set(session)
        return answer
      })
      const reply = await site.ask('/', { method })
      same(reply.status, answer.status ?? 200, 'the status')
      same(reply.body, body, 'the body')
      for (const [name, value] of Object.entries(answer.headers ?? {})) {
        same(reply.headers.get(name), value, name)
      }
      same(await kit.dataOf(onlyCookie(reply).value), { a: 1 }, 'what was saved')
    },
  })),
  {
    name: 'saves nothing with a status of 5xx',
    async run(kit) {
      const site = await kit.serve(async ({ session }) => {
        set(session)
        return { status: 503, body: 'x' }
      })
      const { status, cookies, body } = await site.ask()
      same([status, body], [503, 'x'], 'the response')
      same(cookies, [], 'cookies set')
      same(kit.calls, [], 'calls of the store')
    },
  },
  {
    name: 'deletes the cookie with a status of 5xx all the same',
    async run(kit) {
      const site = await kit.serve(async ({ session }) => {
        await session.flush()
        return { status: 500 }
      })
      same(onlyCookie(await site.ask('/', { key: await kit.makeSession() })).value, '""', 'value')
    },
  },
  {
    name: 'saves nothing where a handler fails',
    async run(kit) {
      const site = await kit.serve(async ({ session }) => {
        set(session)
        throw new Error('the handler failed')
      })
      const { status, headers, cookies } = await site.ask()
      same(status, 500, 'the status')
      same(headers.has(errorHeader), true, 'whether the application saw the error')
      same(cookies, [], 'cookies set')
      same(kit.calls, [], 'calls of the store')
    },
  },
  {
    name: 'has the application see the error of a handler once',
    async run(kit) {
      const failure = new Error('the handler failed')
      const site = await kit.serve(async ({ session }) => {
        await session.load()
        throw failure
      })
      await site.ask()
      same(site.errors.length, 1, 'errors seen')
      same(site.errors[0] === failure, true, 'whether it is the one')
    },
  },
]
