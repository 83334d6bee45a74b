/**
 * One small site behind every adapter: it shows sessions, and tries to write them in every way.
 *
 * @module
 */
import type { AddressInfo } from 'node:net'

import type { AdapterOptions, Django, LazySession } from 'async-django'
import { isAsyncDjangoError } from 'async-django/errors'
import { djangoExpress } from 'async-django/express'
import { djangoFetch } from 'async-django/fetch'
import { djangoHono, type DjangoVariables } from 'async-django/hono'
import express, {
  type NextFunction,
  type Request as Incoming,
  type Response as Outgoing,
} from 'express'
import { Hono } from 'hono'

/** A request of a visitor. */
export interface Visit {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly path: string
  readonly cookie: string
}

/** What the visitor got. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly cookies: readonly string[]
}

/** A site, and the way to it. */
export interface Door {
  visit(visit: Visit): Promise<Answer>
  close(): Promise<void>
}

/** Opens the site over a `django`. */
export type OpenDoor = (django: Django, options: AdapterOptions) => Promise<Door>

/** What a handler does to a session, by name. */
type Writes = Readonly<Record<string, (session: LazySession) => Promise<unknown> | void>>

/** Every way to write to a session of which nothing is known. */
export const writes: Writes = {
  set: (session) => session.set('a', 1),
  'set and save': async (session) => {
    session.set('a', 1)
    await session.save()
  },
  update: (session) => session.update({ a: 1 }),
  change: (session) =>
    session.change((data) => {
      data['a'] = 1
    }),
  'change of data': async (session) => {
    const { data } = await session.load()
    data['a'] = 1
  },
  clear: async (session) => {
    const loaded = await session.load()
    loaded.clear()
  },
  'clear without a look': (session) => session.clear(),
  setExpiry: (session) => session.setExpiry(5),
  setTestCookie: (session) => session.setTestCookie(),
  'forced save': (session) => session.save({ force: true }),
  'modified = true': async (session) => {
    const loaded = await session.load()
    loaded.modified = true
  },
  cycleKey: (session) => session.cycleKey(),
  create: (session) => session.create(),
  flush: (session) => session.flush(),
}

/** What finds nothing to do in a session that reads as empty. */
export const idle: Writes = { delete: (session) => session.delete('seen') }

/** Every way to look. */
export const looks: readonly string[] = ['/look', '/look-twice', '/untouched', '/lazy']

async function respond(path: string, session: () => LazySession): Promise<string> {
  if (path === '/untouched') return 'untouched'
  if (path === '/lazy') return session().key === null ? 'no key' : 'a key'
  const verb = /^\/write\/(.+)$/.exec(decodeURIComponent(path))?.[1]
  if (verb !== undefined) {
    await (writes[verb] ?? idle[verb])?.(session())
    return 'written'
  }
  const loaded = await session().load()
  if (path === '/look-twice') await loaded.reload()
  return String(loaded.get('_auth_user_id', 'nobody'))
}

/** The same for every adapter: the status that the error asks for, and its code. */
function describeError(error: unknown): { status: number; text: string } {
  return isAsyncDjangoError(error)
    ? { status: error.status, text: error.code }
    : { status: 500, text: String(error) }
}

/** The adapters, by name. */
export const doors: Readonly<Record<string, OpenDoor>> = {
  async fetch(django, options) {
    const handler = djangoFetch(
      django,
      async (request, context) => {
        const { pathname } = new URL(request.url)
        return new Response(await respond(pathname, () => context.session))
      },
      options,
    )
    return webDoor((request) =>
      handler(request).catch((error: unknown) => {
        const { status, text } = describeError(error)
        return new Response(text, { status })
      }),
    )
  },

  async hono(django, options) {
    const app = new Hono<{ Variables: DjangoVariables<Django> }>()
    app.onError((error) => {
      const { status, text } = describeError(error)
      return new Response(text, { status })
    })
    app.use(djangoHono(django, options))
    app.all('*', async (c) => c.text(await respond(c.req.path, () => c.var.session)))
    return webDoor(async (request) => app.fetch(request))
  },

  async express(django, options) {
    const app = express()
    app.use(djangoExpress(django, options))
    app.use(async (request: Incoming, response: Outgoing) => {
      response.send(await respond(request.path, () => request.session))
    })
    app.use((error: unknown, _request: Incoming, response: Outgoing, _next: NextFunction) => {
      const { status, text } = describeError(error)
      response.status(status).send(text)
    })
    const server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    return {
      visit: ({ method, path, cookie }) =>
        fetch(`http://127.0.0.1:${port}${encodeURI(path)}`, { method, headers: { cookie } }).then(
          read,
        ),
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve())
          server.closeAllConnections()
        }),
    }
  },
}

function webDoor(handle: (request: Request) => Promise<Response>): Door {
  return {
    visit: async ({ method, path, cookie }) => {
      const url = `http://127.0.0.1${encodeURI(path)}`
      return read(await handle(new Request(url, { method, headers: { cookie } })))
    },
    close: async () => {},
  }
}

async function read(response: Response): Promise<Answer> {
  const cookies = response.headers.getSetCookie()
  return { status: response.status, text: await response.text(), cookies }
}
