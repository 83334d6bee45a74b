import { EventEmitter, once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'

import Koa, { type DefaultState, type Middleware } from 'koa'
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
import { isAsyncDjangoError } from '../errors.ts'
import { csrf, getCsrfToken } from '../http/csrf.ts'
import type { Exchange } from '../http/exchange.ts'
import { memoryStore } from '../stores/memory.ts'
import { type DjangoContext, djangoKoa } from './koa.ts'

interface Made {
  readonly django: Django
  readonly calls: readonly string[]
}

function makeDjango(settings: object = {}, isDown: boolean = false): Made {
  const { store, calls, before } = watchStore(memoryStore())
  if (isDown) {
    before('create', () => {
      throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' })
    })
  }
  return { django: createDjango({ settings: { secretKey: 'secret', ...settings }, store }), calls }
}

type AnyMiddleware = Middleware<DefaultState, DjangoContext<Django>>

const change: AnyMiddleware = async ({ session }, next) => {
  session.set('a', 1)
  await next()
}

const show: AnyMiddleware = async (ctx) => {
  ctx.body = await ctx.session.load()
}

function makeApp(
  ...middleware: readonly AnyMiddleware[]
): Koa<DefaultState, DjangoContext<Django>> {
  const app = new Koa<DefaultState, DjangoContext<Django>>()
  app.silent = true
  for (const one of middleware) app.use(one)
  return app
}

async function ask(
  app: { callback(): ReturnType<Koa['callback']> },
  path: string = '/',
  headers: string = '',
  method: string = 'GET',
): Promise<RawResponse> {
  const listener = app.callback()
  const port = await serveForTest((request, response) => void listener(request, response))
  const text = requestText(path, { method, headers: `${headers}Connection: close\r\n` })
  const [response] = await exchange(port, text)
  if (!response) throw new Error('there is no response')
  return response
}

function cookieNames(response: RawResponse): string[] {
  return headerValues(response, 'set-cookie').map((cookie) => cookie.split('=')[0] ?? '')
}

const httpError = (status: number): Error => Object.assign(new Error('boom'), { status })

describe('a response', () => {
  test.each<[string, AnyMiddleware, number, string]>([
    ['text', (ctx) => (ctx.body = 'x'), 200, 'x'],
    ['JSON', (ctx) => (ctx.body = { a: 1 }), 200, '{"a":1}'],
    ['bytes', (ctx) => (ctx.body = Buffer.from('x')), 200, 'x'],
    ['a redirect', (ctx) => ctx.redirect('/there'), 302, 'Redirecting to /there.'],
    ['nothing', (ctx) => (ctx.body = null), 204, ''],
    ['a stream', (ctx) => (ctx.body = Readable.from(['a', 'b'])), 200, 'ab'],
    ['a stream of the web', (ctx) => (ctx.body = new Blob(['ab']).stream()), 200, 'ab'],
    ['a Response', (ctx) => (ctx.body = new Response('ab', { status: 201 })), 201, 'ab'],
    ['what is not found', () => {}, 404, 'Not Found'],
  ])('may be %s', async (_name, handler, status, body) => {
    const response = await ask(makeApp(djangoKoa(makeDjango().django), change, handler))
    expect([response.status, response.body.toString()]).toEqual([status, body])
    expect(cookieNames(response)).toEqual(['sessionid'])
    expect(headerValues(response, 'vary')).toEqual(['Cookie'])
  })

  test('keeps the headers and cookies that it has', async () => {
    const app = makeApp(djangoKoa(makeDjango().django), change, (ctx) => {
      ctx.cookies.set('one', '1')
      ctx.vary('Accept')
      ctx.body = 'x'
    })
    const response = await ask(app)
    expect(cookieNames(response)).toEqual(['one', 'sessionid'])
    expect(headerValues(response, 'vary')).toEqual(['Accept, Cookie'])
  })
})

describe('what is written past Koa', () => {
  const handlers: Readonly<Record<string, AnyMiddleware>> = {
    'with ctx.respond': (ctx) => {
      ctx.respond = false
      ctx.set('x-secret', '1')
      ctx.res.write('a')
      ctx.res.end('b')
    },
    'with ctx.respond, later': (ctx) => {
      ctx.respond = false
      ctx.set('x-secret', '1')
      setImmediate(() => {
        ctx.res.write('a')
        ctx.res.end('b')
      })
    },
    'with flushHeaders()': (ctx) => {
      const body = new PassThrough()
      ctx.set('x-secret', '1')
      ctx.body = body
      ctx.flushHeaders()
      body.end('ab')
    },
  }

  test.each(Object.entries(handlers))('waits for the save: %s', async (_name, handler) => {
    const { django, calls } = makeDjango()
    const response = await ask(makeApp(djangoKoa(django), change, handler))
    expect(response.body.toString()).toBe('ab')
    expect(cookieNames(response)).toEqual(['sessionid'])
    expect(calls).toEqual(['create'])
  })

  test.each(Object.entries(handlers))('is dropped where that fails: %s', async (_name, handler) => {
    const { django } = makeDjango({}, true)
    const response = await ask(makeApp(djangoKoa(django), change, handler))
    expect([response.status, response.body.toString()]).toEqual([503, 'Service Unavailable'])
    expect(headerValues(response, 'x-secret')).toEqual([])
    expect(cookieNames(response)).toEqual([])
  })
})

describe('a save that fails', () => {
  const prepare: AnyMiddleware = (ctx) => {
    ctx.status = 201
    ctx.message = 'Secret'
    ctx.set('x-secret', '1')
    ctx.cookies.set('secret', 'secret')
    ctx.body = { secret: true }
  }

  test('leaves nothing of what the middleware prepared', async () => {
    const seen: unknown[] = []
    const guard: AnyMiddleware = async (ctx, next) => {
      try {
        await next()
      } catch (error) {
        seen.push(isAsyncDjangoError(error) && error.code)
        ctx.body = 'failed'
      }
    }
    const response = await ask(
      makeApp(guard, djangoKoa(makeDjango({}, true).django), change, prepare),
    )
    expect([response.status, response.body.toString()]).toEqual([500, 'failed'])
    expect(response.statusLine).not.toContain('Secret')
    expect(response.headers.map(([name]) => name).toSorted()).toEqual([
      'connection',
      'content-length',
      'content-type',
      'date',
    ])
    expect(seen).toEqual(['ERR_STORE_UNAVAILABLE'])
  })

  test('is a 5xx though nobody says so', async () => {
    const swallow: AnyMiddleware = (_, next) => next().catch(() => {})
    const response = await ask(
      makeApp(swallow, djangoKoa(makeDjango({}, true).django), change, prepare),
    )
    expect([response.status, response.body.toString()]).toEqual([500, ''])
  })

  test('is answered by Koa where the application does not', async () => {
    const response = await ask(makeApp(djangoKoa(makeDjango({}, true).django), change, prepare))
    expect([response.status, response.body.toString()]).toEqual([503, 'Service Unavailable'])
    expect(headerValues(response, 'x-secret')).toEqual([])
  })

  test.each([
    ['a stream', (ended: () => unknown) => new Readable({ read() {} }).on('close', ended)],
    [
      'a Response',
      (ended: () => unknown) => new Response(new ReadableStream({ cancel: () => void ended() })),
    ],
  ])('ends %s that nobody reads', async (_name, makeBody) => {
    const ended = new EventEmitter()
    const wasEnded = once(ended, 'end')
    const app = makeApp(djangoKoa(makeDjango({}, true).django), change, (ctx) => {
      ctx.body = makeBody(() => ended.emit('end'))
    })
    expect((await ask(app)).status).toBe(503)
    await wasEnded
  })
})

describe('an error of the middleware', () => {
  const fail =
    (status: number): AnyMiddleware =>
    () => {
      throw httpError(status)
    }

  test('saves nothing where it is answered with 5xx', async () => {
    const { django, calls } = makeDjango()
    const response = await ask(makeApp(djangoKoa(django), change, fail(500)))
    expect([response.status, cookieNames(response)]).toEqual([500, []])
    expect(calls).toEqual([])
  })

  test('saves as in Django where it is answered with 4xx', async () => {
    const response = await ask(makeApp(djangoKoa(makeDjango().django), change, fail(403)))
    expect([response.status, cookieNames(response)]).toEqual([403, ['sessionid']])
  })

  test('in skip() goes to the application', async () => {
    const skip = (): boolean => {
      throw httpError(418)
    }
    expect((await ask(makeApp(djangoKoa(makeDjango().django, { skip })))).status).toBe(418)
  })
})

describe('a second adapter', () => {
  test('for the same django shares its session, and may load it', async () => {
    const { django, calls } = makeDjango()
    const stored = django.sessions.get(null)
    stored.set('a', 1)
    await stored.save()
    const app = makeApp(djangoKoa(django), change)
      .use(djangoKoa(django, { autoload: true }))
      .use((ctx) => {
        ctx.session.set('b', 2)
        ctx.body = ctx.session
      })
    const response = await ask(app, '/', `Cookie: sessionid=${stored.key}\r\n`)
    expect(response.body.toString()).toBe('{"a":1,"b":2}')
    expect(cookieNames(response)).toEqual(['sessionid'])
    expect(calls).toEqual(['create', 'load', 'update'])
  })

  test('for another django has a session of its own', async () => {
    const app = makeApp(
      djangoKoa(makeDjango({ sessionCookieName: 'first' }).django),
      change,
      djangoKoa(makeDjango({ sessionCookieName: 'second' }).django),
      change,
      show,
    )
    expect(cookieNames(await ask(app))).toEqual(['second', 'first'])
  })

  test('for another django may fail, and the first sees its error as a response', async () => {
    const first = makeDjango({ sessionCookieName: 'first' })
    const app = makeApp(
      djangoKoa(first.django),
      change,
      djangoKoa(makeDjango({}, true).django),
      change,
      show,
    )
    const response = await ask(app)
    expect([response.status, cookieNames(response)]).toEqual([503, []])
    expect(first.calls).toEqual([])
  })
})

describe('ctx.session', () => {
  test('is no part of what is enumerated, and cannot be replaced', async () => {
    const seen: unknown[] = []
    const app = makeApp(djangoKoa(makeDjango().django), (ctx) => {
      seen.push(Object.keys(ctx).includes('session'), ctx.session === ctx.session)
      expect(() => Object.assign(ctx, { session: {} })).toThrow(TypeError)
      ctx.body = 'x'
    })
    expect((await ask(app)).status).toBe(200)
    expect(seen).toEqual([false, true])
  })
})

test('a form that was parsed has its token looked for in what was made of it', async () => {
  const settings = { secretKey: 'secret' }
  const django = createDjango({ settings, store: memoryStore(), csrf: csrf() })
  const parse = (form: object): AnyMiddleware => {
    return async ({ request }, next) => {
      Object.assign(request, { body: form })
      await next()
    }
  }
  const giveToken: AnyMiddleware = async (ctx) => {
    ctx.body = await getCsrfToken(ctx.session)
  }
  const page = await ask(makeApp(djangoKoa(django), giveToken))
  const [cookie = ''] = headerValues(page, 'set-cookie')
  const send = async (csrfmiddlewaretoken: string): Promise<number> => {
    const app = makeApp(parse({ csrfmiddlewaretoken }), djangoKoa(django), giveToken)
    const response = await ask(app, '/', `Cookie: ${cookie.split(';')[0]}\r\n`, 'POST')
    return response.status
  }
  expect(await send(page.body.toString())).toBe(200)
  expect(await send('x'.repeat(64))).toBe(403)
})

test('skip() is shown the path before middleware rewrote it', async () => {
  const seen: unknown[] = []
  const skip = ({ path }: Exchange): boolean => seen.push(path) < 0
  const mount: AnyMiddleware = async (ctx, next) => {
    ctx.path = '/b'
    await next()
  }
  await ask(makeApp(mount, djangoKoa(makeDjango().django, { skip })), '/a/b?c')
  expect(seen).toEqual(['/a/b'])
})
