import { Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { streamSSE, streamText } from 'hono/streaming'
import { describe, expect, test } from 'vitest'

import { watchStore } from '../../test/fixtures/watched-store.ts'
import { createDjango, type Django } from '../django.ts'
import { isAsyncDjangoError } from '../errors.ts'
import { memoryStore } from '../stores/memory.ts'
import { djangoHono } from './hono.ts'

interface Made {
  readonly django: Django
  readonly calls: readonly string[]
}

function makeDjango(isDown: boolean = false, name: string = 'sessionid'): Made {
  const { store, calls, before } = watchStore(memoryStore())
  if (isDown) {
    before('create', () => {
      throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' })
    })
  }
  const settings = { secretKey: 'secret', sessionCookieName: name }
  return { django: createDjango({ settings, store }), calls }
}

function cookieNames(response: Response): string[] {
  return response.headers.getSetCookie().map((cookie) => cookie.split('=')[0] ?? '')
}

describe('a response', () => {
  test.each<[string, (app: Hono) => unknown, number]>([
    ['text', (app) => app.get('/', (c) => c.text('x')), 200],
    ['JSON', (app) => app.get('/', (c) => c.json({ a: 1 }, 201)), 201],
    ['a redirect', (app) => app.get('/', (c) => c.redirect('/there')), 302],
    ['one of immutable headers', (app) => app.get('/', () => Response.redirect('http://a/b')), 302],
    ['nothing', (app) => app.get('/', (c) => c.body(null, 204)), 204],
    ['what is not found', (app) => app, 404],
  ])('may be %s', async (_name, route, status) => {
    const app = new Hono()
    app.use(djangoHono(makeDjango().django), async (c, next) => {
      c.var.session.set('a', 1)
      await next()
    })
    route(app)
    const response = await app.request('/')
    expect(response.status).toBe(status)
    expect(cookieNames(response)).toEqual(['sessionid'])
    expect(response.headers.get('vary')).toBe('Cookie')
  })

  test('keeps the headers and cookies that it has', async () => {
    const app = new Hono().use(djangoHono(makeDjango().django)).get('/', (c) => {
      c.var.session.set('a', 1)
      c.header('x-a', '1')
      setCookie(c, 'one', '1')
      setCookie(c, 'two', '2')
      return c.text('x', 201, { 'x-b': '2' })
    })
    const response = await app.request('/')
    expect(cookieNames(response).toSorted()).toEqual(['one', 'sessionid', 'two'])
    expect([response.headers.get('x-a'), response.headers.get('x-b')]).toEqual(['1', '2'])
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await response.text()).toBe('x')
  })

  test('that others are sent too is not given the cookie of one', async () => {
    const shared = new Response(null, { status: 404 })
    const app = new Hono().use(djangoHono(makeDjango().django)).get('/', (c) => {
      c.var.session.set('a', 1)
      return shared
    })
    for (let at = 0; at < 3; at++) expect(cookieNames(await app.request('/'))).toHaveLength(1)
    expect([...shared.headers]).toEqual([])
  })

  test.each([
    ['streamText', 'ab'],
    ['streamSSE', 'data: a\n\ndata: b\n\n'],
  ])('may be made by %s', async (name, body) => {
    const app = new Hono()
      .use(djangoHono(makeDjango().django))
      .get('/streamText', (c) => {
        c.var.session.set('a', 1)
        return streamText(c, async (stream) => {
          await stream.write('a')
          await stream.write('b')
        })
      })
      .get('/streamSSE', (c) => {
        c.var.session.set('a', 1)
        return streamSSE(c, async (stream) => {
          await stream.writeSSE({ data: 'a' })
          await stream.writeSSE({ data: 'b' })
        })
      })
    const response = await app.request(`/${name}`)
    expect(cookieNames(response)).toEqual(['sessionid'])
    expect(await response.text()).toBe(body)
  })
})

describe('a save that fails', () => {
  function failing(): { app: Hono; seen: unknown[] } {
    const seen: unknown[] = []
    const app = new Hono()
    app.onError((error, c) => {
      seen.push(isAsyncDjangoError(error) && error.code)
      c.header('x-error', '1')
      return c.json({ failed: true }, isAsyncDjangoError(error) ? 503 : 500)
    })
    return { app, seen }
  }

  const headersOfAnError = [
    ['content-type', 'application/json'],
    ['x-error', '1'],
  ]

  test('leaves nothing of what the handler prepared and answered', async () => {
    const { app, seen } = failing()
    app.use(djangoHono(makeDjango(true).django)).get('/', (c) => {
      c.var.session.set('a', 1)
      c.status(201)
      c.header('x-secret', 'secret')
      setCookie(c, 'secret', 'secret')
      return c.text('secret', 202, { 'x-other': 'secret' })
    })
    const response = await app.request('/')
    expect(response.status).toBe(503)
    expect([...response.headers]).toEqual(headersOfAnError)
    expect(await response.json()).toEqual({ failed: true })
    expect(seen).toEqual(['ERR_STORE_UNAVAILABLE'])
  })

  test('leaves nothing of what it prepared, and then did not use', async () => {
    const { app } = failing()
    app.use(djangoHono(makeDjango(true).django)).get('/', (c) => {
      c.var.session.set('a', 1)
      c.header('x-secret', 'secret')
      return new Response('secret', { headers: { 'x-other': 'secret' } })
    })
    expect([...(await app.request('/')).headers]).toEqual(headersOfAnError)
  })

  test('leaves the status of the error to who answers it', async () => {
    const app = new Hono()
    app.use(djangoHono(makeDjango(true).django)).get('/', (c) => {
      c.var.session.set('a', 1)
      c.status(201)
      return c.text('secret')
    })
    app.onError((_error, c) => c.text('failed'))
    expect((await app.request('/')).status).toBe(200)
  })

  test('is seen by middleware around, which may add to the answer', async () => {
    const { app } = failing()
    app.use(async (c, next) => {
      await next()
      c.header('x-around', String(c.error?.name))
    })
    app.use(djangoHono(makeDjango(true).django)).get('/', (c) => {
      c.var.session.set('a', 1)
      return c.text('secret')
    })
    expect((await app.request('/')).headers.get('x-around')).toBe('StoreUnavailableError')
  })

  test('of a HEAD request is answered, too', async () => {
    const { app } = failing()
    app.use(djangoHono(makeDjango(true).django)).get('/', (c) => {
      c.var.session.set('a', 1)
      return c.text('secret')
    })
    const response = await app.request('/', { method: 'HEAD' })
    expect([response.status, response.body]).toEqual([503, null])
  })
})

describe('an error of a handler', () => {
  test('saves nothing where it is answered with 5xx', async () => {
    const { django, calls } = makeDjango()
    const app = new Hono().use(djangoHono(django)).get('/', (c) => {
      c.var.session.set('a', 1)
      throw new Error('boom')
    })
    app.onError((error, c) => c.text(error.message, 500))
    const response = await app.request('/')
    expect([response.status, await response.text()]).toEqual([500, 'boom'])
    expect(cookieNames(response)).toEqual([])
    expect(calls).toEqual([])
  })

  test('saves as in Django where it is answered with 4xx', async () => {
    const app = new Hono().use(djangoHono(makeDjango().django)).get('/', (c) => {
      c.var.session.set('failedLogins', 1)
      throw new HTTPException(403)
    })
    const response = await app.request('/')
    expect(response.status).toBe(403)
    expect(cookieNames(response)).toEqual(['sessionid'])
  })
})

describe('a second adapter', () => {
  test('for the same django shares its session, and may load it', async () => {
    const { django, calls } = makeDjango()
    const stored = django.sessions.get(null)
    stored.set('a', 1)
    await stored.save()
    const app = new Hono()
      .use(djangoHono(django), async (c, next) => {
        c.var.session.set('b', 2)
        await next()
      })
      .use(djangoHono(django, { autoload: true }))
      .get('/', (c) => c.json(c.var.session))
    const headers = { cookie: `sessionid=${stored.key}` }
    const response = await app.request('/', { headers })
    expect(await response.json()).toEqual({ a: 1, b: 2 })
    expect(cookieNames(response)).toEqual(['sessionid'])
    expect(calls).toEqual(['create', 'load', 'update'])
  })

  test('for another django has a session of its own', async () => {
    const app = new Hono()
    app.use(djangoHono(makeDjango(false, 'first').django), async (c, next) => {
      c.var.session.set('a', 1)
      await next()
    })
    app.get('/', djangoHono(makeDjango(false, 'second').django), (c) => {
      c.var.session.set('a', 1)
      return c.text('x')
    })
    expect(cookieNames(await app.request('/'))).toEqual(['second', 'first'])
  })

  test('for another django may fail, and the first sees its error as a response', async () => {
    const first = makeDjango(false, 'first')
    const app = new Hono()
    app.use(djangoHono(first.django), async (c, next) => {
      c.var.session.set('a', 1)
      await next()
    })
    app.get('/', djangoHono(makeDjango(true, 'second').django), (c) => {
      c.var.session.set('a', 1)
      return c.text('x')
    })
    app.onError((_error, c) => c.text('failed', 503))
    const response = await app.request('/')
    expect([response.status, cookieNames(response)]).toEqual([503, []])
    expect(first.calls).toEqual([])
  })
})

test('goes together with middleware that writes headers before and after', async () => {
  const app = new Hono()
    .use(cors({ origin: 'http://a' }))
    .use(djangoHono(makeDjango().django))
    .get('/', (c) => {
      c.var.session.set('a', 1)
      return c.text('x')
    })
  const { headers } = await app.request('/', { headers: { origin: 'http://a' } })
  expect(headers.get('access-control-allow-origin')).toBe('http://a')
  expect(headers.get('vary')).toBe('Cookie, Origin')
  expect(headers.getSetCookie()).toHaveLength(1)
})

describe('a request of which nobody uses the session', () => {
  const answer = (request: Request, env?: object): Response | Promise<Response> =>
    new Hono()
      .use(djangoHono(makeDjango().django))
      .get('/', (c) => c.text('x'))
      .fetch(request, env)
  const requestWith = (cookie: string): Request => new Request('http://a/', { headers: { cookie } })

  test('is not asked for its headers where Node has them', async () => {
    const request = requestWith('sessionid=abcdefgh')
    const { headers } = request
    let asked = 0
    Object.defineProperty(request, 'headers', {
      get() {
        asked += 1
        return headers
      },
    })
    const incoming = { rawHeaders: ['Host', 'a', 'Cookie', 'sessionid=abcdefgh'] }
    expect((await answer(request, { incoming })).status).toBe(200)
    expect(asked).toBe(0)
  })

  test.each<[string, object | undefined]>([
    ["among Node's headers", { incoming: { rawHeaders: ['cookie', 'sessionid=short'] } }],
    ['where there is no environment', undefined],
    ['where there is nothing of Node', {}],
    ['of a request that comes from no server', { incoming: { rawHeaders: [] } }],
    ["where the name is an application's own", { incoming: 'a text' }],
    ['where that is nothing', { incoming: null }],
    ['where that has something of the kind', { incoming: { rawHeaders: 'a text' } }],
  ])('has a cookie that is no key deleted: %s', async (_name, env) => {
    const response = await answer(requestWith('sessionid=short'), env)
    expect([response.status, cookieNames(response)]).toEqual([200, ['sessionid']])
  })
})
