import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import fastify, {
  type FastifyInstance,
  type FastifyPluginCallback,
  type InjectOptions,
  type LightMyRequestResponse,
  type onRequestHookHandler,
  type RouteHandlerMethod,
} from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'

import { watchStore } from '../../test/fixtures/watched-store.ts'
import { createDjango, type Django } from '../django.ts'
import { isAsyncDjangoError } from '../errors.ts'
import { csrf, csrfProtect, getCsrfToken } from '../http/csrf.ts'
import type { Exchange } from '../http/exchange.ts'
import { memoryStore } from '../stores/memory.ts'
import { djangoFastify } from './fastify.ts'

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

function makeApp(...plugins: ReadonlyArray<ReturnType<typeof djangoFastify>>): FastifyInstance {
  const app = fastify()
  onTestFinished(() => app.close())
  for (const plugin of plugins) app.register(plugin)
  return app
}

const change: onRequestHookHandler = ({ session }, _, done) => {
  session.set('a', 1)
  done()
}

const show: RouteHandlerMethod = ({ session }) => session.load()

function ask(app: FastifyInstance, url: string = '/', more: InjectOptions = {}) {
  return app.inject({ url, ...more })
}

function cookieNames({ cookies }: LightMyRequestResponse): string[] {
  return cookies.map(({ name }) => name)
}

describe('a reply', () => {
  test.each<[string, RouteHandlerMethod, number, string]>([
    ['text', async () => 'x', 200, 'x'],
    ['JSON', (_, reply) => reply.code(201).send({ a: 1 }), 201, '{"a":1}'],
    ['bytes', async () => Buffer.from('x'), 200, 'x'],
    ['a redirect', (_, reply) => reply.redirect('/there'), 302, ''],
    ['nothing', (_, reply) => reply.code(204).send(), 204, ''],
    ['a stream', (_, reply) => reply.send(Readable.from(['a', 'b'])), 200, 'ab'],
    ['a stream of the web', (_, reply) => reply.send(new Blob(['ab']).stream()), 200, 'ab'],
    ['a Response', async () => new Response('ab', { status: 201 }), 201, 'ab'],
    ['a Response without a body', async () => new Response(null, { status: 204 }), 204, ''],
  ])('may be %s', async (_name, handler, status, body) => {
    const app = makeApp(djangoFastify(makeDjango().django)).addHook('onRequest', change)
    app.get('/', handler)
    const response = await ask(app)
    expect([response.statusCode, response.body]).toEqual([status, body])
    expect(cookieNames(response)).toEqual(['sessionid'])
    expect(response.headers['vary']).toBe('Cookie')
  })

  test('keeps the headers and cookies of a Response', async () => {
    const app = makeApp(djangoFastify(makeDjango().django)).addHook('onRequest', change)
    const headers = { vary: 'Accept', 'set-cookie': 'one=1', 'x-a': '1' }
    app.get('/', async () => new Response('x', { headers }))
    const response = await ask(app)
    expect(cookieNames(response)).toEqual(['one', 'sessionid'])
    expect(response.headers).toMatchObject({ vary: 'Accept, Cookie', 'x-a': '1' })
  })

  test('saves nothing where a Response has a status of 5xx', async () => {
    const { django, calls } = makeDjango()
    const app = makeApp(djangoFastify(django)).addHook('onRequest', change)
    app.get('/', async () => new Response('x', { status: 500 }))
    expect(cookieNames(await ask(app))).toEqual([])
    expect(calls).toEqual([])
  })

  test('keeps headers and cookies of the reply and of the response under it', async () => {
    const app = makeApp(djangoFastify(makeDjango().django)).addHook('onRequest', change)
    app.get('/raw', (_, reply) => {
      reply.raw.setHeader('set-cookie', 'one=1').setHeader('vary', 'Accept')
      return reply.send('x')
    })
    app.get('/reply', (_, reply) => {
      reply.header('set-cookie', 'one=1').header('set-cookie', 'two=2').header('vary', 'Accept')
      return reply.send('x')
    })
    for (const [url, names] of [
      ['/raw', ['one', 'sessionid']],
      ['/reply', ['one', 'two', 'sessionid']],
    ] as const) {
      const response = await ask(app, url)
      expect(cookieNames(response)).toEqual(names)
      expect(response.headers['vary']).toBe('Accept, Cookie')
    }
  })

  test('may be answered by what the application has for what is not found', async () => {
    const app = makeApp(djangoFastify(makeDjango().django)).addHook('onRequest', change)
    const response = await ask(app, '/nowhere')
    expect(response.statusCode).toBe(404)
    expect(cookieNames(response)).toEqual(['sessionid'])
  })
})

describe('what is written past the reply', () => {
  const handlers: Readonly<Record<string, RouteHandlerMethod>> = {
    'of a reply that is hijacked': ({ session }, reply) => {
      session.set('a', 1)
      reply.hijack()
      reply.raw.writeHead(200, { 'x-secret': '1' })
      reply.raw.write('a')
      reply.raw.end('b')
    },
    'of one that is not': ({ session }, reply) => {
      session.set('a', 1)
      reply.header('x-secret', '1')
      reply.raw.write('a')
      reply.raw.end('b')
    },
  }

  test.each(Object.entries(handlers))('waits for the save %s', async (_name, handler) => {
    const { django, calls } = makeDjango()
    const app = makeApp(djangoFastify(django))
    app.get('/', handler)
    const response = await ask(app)
    expect(response.body).toBe('ab')
    expect(cookieNames(response)).toEqual(['sessionid'])
    expect(calls).toEqual(['create'])
  })

  test.each(Object.entries(handlers))('is dropped where that fails %s', async (name, handler) => {
    const app = makeApp(djangoFastify(makeDjango({}, true).django))
    app.setErrorHandler((_, __, reply) => reply.code(503).send('failed'))
    app.get('/', handler)
    const response = await ask(app)
    const isAnswered = name === 'of one that is not'
    expect([response.statusCode, response.body]).toEqual([503, isAnswered ? 'failed' : ''])
    expect(response.headers['x-secret']).toBeUndefined()
    expect(cookieNames(response)).toEqual([])
  })
})

describe('a save that fails', () => {
  function failing(): { readonly app: FastifyInstance; readonly seen: unknown[] } {
    const seen: unknown[] = []
    const app = makeApp(djangoFastify(makeDjango({}, true).django)).addHook('onRequest', change)
    app.setErrorHandler((error, _, reply) => {
      seen.push(isAsyncDjangoError(error) && error.code)
      return reply.header('x-error', '1').send(error)
    })
    return { app, seen }
  }

  test('leaves nothing of what the handler prepared', async () => {
    const { app, seen } = failing()
    app.get('/', (_, reply) => {
      reply.raw.setHeader('x-raw', 'secret')
      return reply.code(201).header('x-secret', '1').header('set-cookie', 'a=b').send('secret')
    })
    const { statusCode, headers, body } = await ask(app)
    expect(statusCode).toBe(503)
    expect(body).not.toContain('secret')
    expect(Object.keys(headers).toSorted()).toEqual([
      'connection',
      'content-length',
      'content-type',
      'date',
      'x-error',
    ])
    expect(seen).toEqual(['ERR_STORE_UNAVAILABLE'])
  })

  test('is answered by Fastify where the application does not', async () => {
    const app = makeApp(djangoFastify(makeDjango({}, true).django)).addHook('onRequest', change)
    app.get('/', (_, reply) => reply.code(201).send('secret'))
    const response = await ask(app)
    expect(response.statusCode).toBe(503)
    expect(response.json()).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
  })

  test.each([
    ['a stream', (ended: () => void) => new Readable({ read() {} }).on('close', ended)],
    [
      'a stream of the web',
      (ended: () => void) => new ReadableStream({ pull: () => sleep(1), cancel: ended }),
    ],
  ])('ends %s that nobody reads', async (_name, makeStream) => {
    const { app } = failing()
    const ended = new Promise<void>((resolve) => {
      app.get('/', (_, reply) => reply.send(makeStream(resolve)))
    })
    expect((await ask(app)).statusCode).toBe(503)
    await ended
  })
})

describe('an error of a handler', () => {
  test('saves nothing where it is answered with 5xx', async () => {
    const { django, calls } = makeDjango()
    const app = makeApp(djangoFastify(django)).addHook('onRequest', change)
    app.get('/', async () => {
      throw new Error('boom')
    })
    const response = await ask(app)
    expect([response.statusCode, cookieNames(response)]).toEqual([500, []])
    expect(calls).toEqual([])
  })

  test('saves as in Django where it is answered with 4xx', async () => {
    const app = makeApp(djangoFastify(makeDjango().django)).addHook('onRequest', change)
    app.get('/', async () => {
      throw Object.assign(new Error('forbidden'), { statusCode: 403 })
    })
    const response = await ask(app)
    expect([response.statusCode, cookieNames(response)]).toEqual([403, ['sessionid']])
  })

  test('in skip() goes to the application', async () => {
    const skip = (): boolean => {
      throw Object.assign(new Error('boom'), { statusCode: 418 })
    }
    const app = makeApp(djangoFastify(makeDjango().django, { skip }))
    app.get('/', async () => 'x')
    expect((await ask(app)).statusCode).toBe(418)
  })
})

describe('the plugin', () => {
  test('is there for the instance that registers it, and for those within it', async () => {
    const app = makeApp()
    const outer: FastifyPluginCallback = (instance, _, done) => {
      instance.register(djangoFastify(makeDjango().django))
      instance.get('/outer', async ({ session }) => typeof session)
      instance.register((inner, __, ready) => {
        inner.get('/inner', async ({ session }) => typeof session)
        ready()
      })
      done()
    }
    app.register(outer)
    app.get('/beside', async (request) => typeof Reflect.get(request, 'session'))
    expect((await ask(app, '/outer')).body).toBe('object')
    expect((await ask(app, '/inner')).body).toBe('object')
    expect((await ask(app, '/beside')).body).toBe('undefined')
  })

  test('tells Fastify its name, and which Fastify it needs', async () => {
    const app = makeApp(djangoFastify(makeDjango().django))
    await app.ready()
    expect(app.hasPlugin('async-django')).toBe(true)
    expect(app.printPlugins()).toContain('async-django')
    const plugin = Object.assign(djangoFastify(makeDjango().django))
    expect(Reflect.get(plugin, Symbol.for('plugin-meta'))).toMatchObject({ fastify: '5.x' })
  })

  test('refuses to stand beside another that decorates requests with a session', async () => {
    const app = fastify().decorateRequest('session' as 'id', '')
    app.register(djangoFastify(makeDjango().django))
    await expect(app.ready()).rejects.toThrow(/'session' has already been added/)
  })
})

describe('a second plugin', () => {
  test('for the same django shares its session, and may load it', async () => {
    const { django, calls } = makeDjango()
    const stored = django.sessions.get(null)
    stored.set('a', 1)
    await stored.save()
    const app = makeApp(djangoFastify(django)).addHook('onRequest', ({ session }, _, done) => {
      session.set('b', 2)
      done()
    })
    app.register((inner, _, done) => {
      inner.register(djangoFastify(django, { autoload: true }))
      inner.get('/', async ({ session }) => session)
      done()
    })
    const response = await ask(app, '/', { cookies: { sessionid: stored.key ?? '' } })
    expect(response.json()).toEqual({ a: 1, b: 2 })
    expect(cookieNames(response)).toEqual(['sessionid'])
    expect(calls).toEqual(['create', 'load', 'update'])
  })

  test('for another django has a session of its own, within its instance', async () => {
    const app = makeApp(djangoFastify(makeDjango({ sessionCookieName: 'first' }).django))
    app.addHook('onRequest', change)
    app.register((inner, _, done) => {
      inner.register(djangoFastify(makeDjango({ sessionCookieName: 'second' }).django))
      inner.addHook('onRequest', change)
      inner.get('/second', show)
      done()
    })
    app.get('/', show)
    expect(cookieNames(await ask(app))).toEqual(['first'])
    expect(cookieNames(await ask(app, '/second'))).toEqual(['second', 'first'])
  })

  test('for another django may fail, and the first sees its error as a reply', async () => {
    const first = makeDjango({ sessionCookieName: 'first' })
    const app = makeApp(djangoFastify(first.django)).addHook('onRequest', change)
    app.register((inner, _, done) => {
      inner.register(djangoFastify(makeDjango({}, true).django))
      inner.addHook('onRequest', change)
      inner.get('/', show)
      done()
    })
    const response = await ask(app)
    expect([response.statusCode, cookieNames(response)]).toEqual([503, []])
    expect(first.calls).toEqual([])
  })
})

test('a form that was parsed has its token looked for in what was made of it', async () => {
  const settings = { secretKey: 'secret' }
  const protection = csrf({ exempt: () => true })
  const django = createDjango({ settings, store: memoryStore(), csrf: protection })
  const app = makeApp(djangoFastify(django))
  app.get('/', async ({ session }) => getCsrfToken(session))
  app.post('/', async ({ session }) => {
    await csrfProtect(session)
    return 'taken'
  })
  const { body: token, cookies } = await ask(app)
  const cookie = { csrftoken: cookies[0]?.value ?? '' }
  const send = async (csrfmiddlewaretoken: string): Promise<number> => {
    const payload = { csrfmiddlewaretoken }
    const response = await ask(app, '/', { method: 'POST', cookies: cookie, payload })
    return response.statusCode
  }
  expect(await send(token)).toBe(200)
  expect(await send('x'.repeat(64))).toBe(403)
})

test('skip() is shown the path before it was rewritten', async () => {
  const seen: unknown[] = []
  const app = fastify({ rewriteUrl: () => '/rewritten' })
  const skip = ({ path }: Exchange): boolean => seen.push(path) < 0
  app.register(djangoFastify(makeDjango().django, { skip }))
  app.get('/rewritten', async () => 'x')
  expect((await ask(app, '/a%20b?c')).body).toBe('x')
  expect(seen).toEqual(['/a%20b'])
  await app.close()
})
