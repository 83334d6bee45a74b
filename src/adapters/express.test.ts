import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

import express, { type Express, type RequestHandler } from 'express'
import { describe, expect, test } from 'vitest'

import {
  exchange,
  headerValues,
  type RawResponse,
  requestText,
} from '../../test/fixtures/raw-http.ts'
import { serveForTest } from '../../test/fixtures/servers.ts'
import { watchStore } from '../../test/fixtures/watched-store.ts'
import { createDjango, type Django } from '../django.ts'
import type { AdapterOptions, Exchange } from '../http/exchange.ts'
import { addMessage, messages } from '../http/messages.ts'
import type { LazySession } from '../session/lazy-session.ts'
import { memoryStore } from '../stores/memory.ts'
import { djangoExpress } from './express.ts'

interface Made {
  readonly django: Django
  readonly calls: readonly string[]
}

function makeDjango(settings: object = {}): Made {
  const { store, calls } = watchStore(memoryStore())
  return { django: createDjango({ settings: { secretKey: 'secret', ...settings }, store }), calls }
}

async function makeSession(django: Django): Promise<string> {
  const session = django.sessions.get(null)
  session.set('a', 1)
  await session.save()
  return session.key ?? ''
}

const show: RequestHandler = async ({ session }, response) => {
  response.json(await session.load())
}

const change: RequestHandler = ({ session }, _, next) => {
  session.set('a', 1)
  next()
}

async function ask(app: Express, path: string = '/', cookie: string = ''): Promise<RawResponse> {
  const headers = cookie === '' ? '' : `Cookie: ${cookie}\r\n`
  const [response] = await exchange(await serveForTest(app), requestText(path, { headers }))
  if (!response) throw new Error('there is no response')
  return response
}

function cookieNames(response: RawResponse): string[] {
  return headerValues(response, 'set-cookie').map((cookie) => cookie.split('=')[0] ?? '')
}

/** A request that comes from no server, and its response. */
function makeRequest(url: string, headers: Readonly<Record<string, string>> = {}) {
  const request = new IncomingMessage(new Socket())
  Object.assign(request, { url, method: 'GET' })
  Object.assign(request.headers, headers)
  return { request, response: new ServerResponse(request) }
}

/** Runs the middleware, and answers the names of what it laid over the response. */
async function overlaid(
  django: Django,
  cookie?: string,
  use: (session: LazySession) => unknown = () => null,
): Promise<string[]> {
  const { request, response } = makeRequest('/', cookie === undefined ? {} : { cookie })
  await new Promise((resolve) => {
    Reflect.apply(djangoExpress(django), null, [request, response, resolve])
  })
  use(Reflect.get(request, 'session') as LazySession)
  return ['writeHead', 'flushHeaders', 'write', 'end'].filter((name) =>
    Object.hasOwn(response, name),
  )
}

describe('a response', () => {
  test('is left alone until somebody uses the session, though it is looked at', async () => {
    expect(await overlaid(makeDjango().django)).toEqual([])
    expect(await overlaid(makeDjango().django, 'sessionid=abcdefgh')).toEqual([])
  })

  test('is overlaid when somebody does', async () => {
    const names = ['writeHead', 'flushHeaders', 'write', 'end']
    for (const use of [(one: LazySession) => one.key, (one: LazySession) => one.load()]) {
      expect(await overlaid(makeDjango().django, 'sessionid=abcdefgh', use)).toEqual(names)
    }
  })

  test('is overlaid when somebody uses another part of the request', async () => {
    const settings = { secretKey: 'secret' }
    const django = createDjango({ settings, store: memoryStore(), messages: messages() })
    expect(await overlaid(django, 'sessionid=abcdefgh')).toEqual([])
    const use = (session: LazySession): void => addMessage(session, 20, 'hello')
    expect(await overlaid(django, 'sessionid=abcdefgh', use)).toHaveLength(4)
  })

  test('is overlaid where the session matters though nobody asks', async () => {
    const { django } = makeDjango({ sessionSaveEveryRequest: true })
    expect(await overlaid(django)).toHaveLength(4)
    expect(await overlaid(makeDjango().django, 'sessionid=short')).toHaveLength(4)
  })
})

describe('request.session', () => {
  test('is no part of what is enumerated', () => {
    const { request, response } = makeRequest('/')
    Reflect.apply(djangoExpress(makeDjango().django), null, [request, response, () => {}])
    expect(Object.keys(request)).not.toContain('session')
  })

  test('is the same object every time', () => {
    const { request, response } = makeRequest('/')
    Reflect.apply(djangoExpress(makeDjango().django), null, [request, response, () => {}])
    expect(Reflect.get(request, 'session')).toBe(Reflect.get(request, 'session'))
  })

  test('cannot be replaced', () => {
    const { request, response } = makeRequest('/')
    Reflect.apply(djangoExpress(makeDjango().django), null, [request, response, () => {}])
    expect(() => Object.assign(request, { session: {} })).toThrow(TypeError)
  })
})

describe('in an application', () => {
  test('with routers and applications that are mounted', async () => {
    const { django } = makeDjango()
    const router = express.Router()
    router.get('/show', show)
    const inner = express()
    inner.use(change)
    inner.get('/show', show)
    const app = express().set('env', 'test')
    app.use(djangoExpress(django)).use('/router', change, router).use('/app', inner)
    app.get('/after', show)
    for (const path of ['/router/show', '/app/show', '/after']) {
      const response = await ask(app, path)
      const isChanged = path !== '/after'
      expect(response.body.toString()).toBe(isChanged ? '{"a":1}' : '{}')
      expect(cookieNames(response)).toEqual(isChanged ? ['sessionid'] : [])
    }
  })

  test('within a router that is left again', async () => {
    const { django } = makeDjango()
    const router = express.Router().use(djangoExpress(django), change)
    const app = express().set('env', 'test')
    app.use('/a', router)
    app.get('/a/b', show)
    const response = await ask(app, '/a/b')
    expect(response.body.toString()).toBe('{"a":1}')
    expect(cookieNames(response)).toEqual(['sessionid'])
  })

  test("where a route is left by next('route')", async () => {
    const app = express().set('env', 'test')
    app.use(djangoExpress(makeDjango().django))
    app.get(
      '/',
      change,
      (_, __, next) => next('route'),
      (_, response) => {
        response.send('wrong')
      },
    )
    app.get('/', show)
    const response = await ask(app)
    expect(response.body.toString()).toBe('{"a":1}')
    expect(cookieNames(response)).toEqual(['sessionid'])
  })

  test('where the adapter is middleware of one route, before next(route)', async () => {
    const app = express().set('env', 'test')
    app.get('/', djangoExpress(makeDjango().django), change, (_, __, next) => next('route'))
    app.get('/', show)
    expect(cookieNames(await ask(app))).toEqual(['sessionid'])
  })

  test('where an error of a handler is answered by the application', async () => {
    const { django, calls } = makeDjango()
    const app = express().set('env', 'test')
    app.use(djangoExpress(django), change, () => {
      throw new Error('boom')
    })
    app.use(((error: Error, _request, response, _next) => {
      response.status(500).send(error.message)
    }) satisfies express.ErrorRequestHandler)
    const response = await ask(app)
    expect([response.status, response.body.toString()]).toEqual([500, 'boom'])
    expect(cookieNames(response)).toEqual([])
    expect(calls).toEqual([])
  })

  test('where skip() fails', async () => {
    const app = express().set('env', 'test')
    const skip = (): boolean => {
      throw Object.assign(new Error('boom'), { status: 418 })
    }
    app.use(djangoExpress(makeDjango().django, { skip }))
    expect((await ask(app)).status).toBe(418)
  })
})

describe('a second adapter', () => {
  test('for the same django shares its session, and may load it', async () => {
    const { django, calls } = makeDjango()
    const key = await makeSession(django)
    const app = express().set('env', 'test')
    app.use(djangoExpress(django), ({ session }, _, next) => {
      session.set('b', 2)
      next()
    })
    app.get('/', djangoExpress(django, { autoload: true }), ({ session }, response) => {
      response.json(session)
    })
    const response = await ask(app, '/', `sessionid=${key}`)
    expect(response.body.toString()).toBe('{"a":1,"b":2}')
    expect(cookieNames(response)).toEqual(['sessionid'])
    expect(calls).toEqual(['create', 'load', 'update'])
  })

  test('for another django has a session of its own', async () => {
    const app = express().set('env', 'test')
    app.use(djangoExpress(makeDjango({ sessionCookieName: 'first' }).django), change)
    app.use('/second', djangoExpress(makeDjango({ sessionCookieName: 'second' }).django), change)
    app.use(show)
    expect(cookieNames(await ask(app, '/'))).toEqual(['first'])
    expect(cookieNames(await ask(app, '/second')).toSorted()).toEqual(['first', 'second'])
  })
})

describe('what skip() is shown', () => {
  function seen(url: string, more: object = {}): unknown {
    let shown: unknown
    const { request, response } = makeRequest(url, { host: 'example.com' })
    Object.assign(request, more)
    const skip = ({ method, scheme, host, path }: Exchange): boolean => {
      shown = [method, scheme, host, path]
      return false
    }
    const options: AdapterOptions = { skip }
    Reflect.apply(djangoExpress(makeDjango().django, options), null, [request, response, () => {}])
    return shown
  }

  test.each([
    ['/a/b?c=d', '/a/b'],
    ['/a%20b;c#d', '/a%20b;c'],
    ['/', '/'],
    ['//a//b?c', '//a//b'],
    ['http://other.example/a/b?c', '/a/b'],
    ['http://other.example?c', '/'],
    ['http://[bad/a', '/a'],
    ['*', '*'],
  ])('is the path of %s', (url, path) => {
    expect(seen(url)).toEqual(['GET', 'http', 'example.com', path])
  })

  test('is the whole path in an application that is mounted', () => {
    expect(seen('/b', { originalUrl: '/a/b?c' })).toEqual(['GET', 'http', 'example.com', '/a/b'])
  })

  test('is whether the socket is encrypted', () => {
    const socket = Object.assign(new Socket(), { encrypted: true })
    expect(seen('/', { socket })).toEqual(['GET', 'https', 'example.com', '/'])
  })
})

test('serves applications of Connect and bare servers too', async () => {
  const middleware = djangoExpress(makeDjango().django)
  const port = await serveForTest((request, response) => {
    Reflect.apply(middleware, null, [
      request,
      response,
      () => {
        ;(Reflect.get(request, 'session') as ReturnType<Django['sessions']['get']>).set('a', 1)
        response.end('x')
      },
    ])
  })
  const [response] = await exchange(port, requestText('/'))
  expect(response && cookieNames(response)).toEqual(['sessionid'])
})
