/**
 * The adapter suite: what takes part in a request beside its session, as CSRF protection does.
 *
 * @module
 */
import type { DjangoOptions } from '../django.ts'
import type { AdapterHandler, Case, SiteOptions } from './_adapter-kit.ts'
import { same } from './_assert.ts'

type MakePart = NonNullable<DjangoOptions['csrf']>
type Visit = Parameters<ReturnType<MakePart>['begin']>[0]
type VisitPart = ReturnType<ReturnType<MakePart>['begin']>

/** A site with a part that does so much. */
function withPart(begin: (visit: Visit) => Partial<VisitPart>): SiteOptions {
  return {
    csrf: () => ({
      begin: (visit) => ({
        name: 'csrf',
        isDue: false,
        check: () => null,
        commit: () => null,
        ...begin(visit),
      }),
    }),
  }
}

/** A refusal that needs a moment. */
async function refuse(): Promise<never> {
  await Promise.resolve()
  throw Object.assign(new Error('refused'), { status: 403, code: 'ERR_CSRF' })
}

const hello: AdapterHandler = async () => ({ body: 'hello' })

const look: AdapterHandler = async ({ session }) => ({ body: String(session.key) })

/** Has the handler of a request answer with the field `token` of its form. */
const echo: AdapterHandler = async ({ session }) => {
  const loaded = await session.load()
  return { body: String(loaded.get('token')) }
}

const findField = withPart((visit) => ({
  async check() {
    visit.session.set('token', await visit.exchange.formField('token'))
  },
}))

function formOf(token: string): FormData {
  const form = new FormData()
  form.append('file', new Blob(['x'.repeat(10_000)]), 'file.txt')
  form.append('token', token)
  return form
}

/** Cases about parts. */
export const parts: readonly Case[] = [
  {
    name: 'runs no handler of a request that is refused, and gives the error to the application',
    async run(kit) {
      let handled = 0
      const handle: AdapterHandler = async () => {
        handled++
        return {}
      }
      const site = await kit.serve(
        handle,
        withPart(() => ({ check: refuse })),
      )
      const { status } = await site.ask('/', { method: 'POST' })
      same([status, site.errorCodes, handled], [403, ['ERR_CSRF'], 0], 'status, errors, handled')
    },
  },
  {
    name: 'commits what is due though no handler looks at the session',
    async run(kit) {
      const site = await kit.serve(
        hello,
        withPart(({ exchange }) => ({
          isDue: true,
          commit() {
            exchange.appendHeader('set-cookie', 'due=1')
            return null
          },
        })),
      )
      const { body, cookies } = await site.ask()
      same([body, cookies.map(({ name }) => name)], ['hello', ['due']], 'body and cookies')
    },
  },
  {
    name: 'waits for parts before it saves the session',
    async run(kit) {
      const site = await kit.serve(
        look,
        withPart((visit) => ({
          async commit() {
            await visit.session.load()
            visit.session.set('part', 1)
          },
        })),
      )
      const { cookies } = await site.ask()
      same(await kit.dataOf(cookies[0]?.value ?? ''), { part: 1 }, 'what is stored')
    },
  },
  {
    name: "finds a form's field, urlencoded and multipart, and none elsewhere",
    async run(kit) {
      const site = await kit.serve(echo, findField)
      const bodies = [
        new URLSearchParams({ a: 'b', token: 'x y&z' }),
        formOf('x y&z'),
        '{"token":"x y&z"}',
        new URLSearchParams({ a: 'b' }),
      ]
      const found: string[] = []
      for (const body of bodies) {
        const response = await fetch(site.url, { method: 'POST', body })
        found.push(await response.text())
      }
      same(found, ['x y&z', 'x y&z', 'null', 'null'], 'the field of each body')
    },
  },
]
