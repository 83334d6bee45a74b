import { createReadStream, type ReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { createDjango, type Django, type SessionStoreFactory } from 'async-django'
import { djangoExpress } from 'async-django/express'
import { memoryStore } from 'async-django/stores/memory'
import compression from 'compression'
import express, {
  type ErrorRequestHandler,
  type Express,
  type RequestHandler,
  type Response,
} from 'express'
import { describe, expect, test } from 'vitest'

import {
  exchange,
  headerValues,
  RawClient,
  type RawResponse,
  requestText,
} from '../fixtures/raw-http.ts'
import { serveForTest } from '../fixtures/servers.ts'

/** A store where every save takes a while, and then may fail. */
function makeDjango(saved: string[], isDown: boolean, name: string = 'sessionid'): Django {
  const store: SessionStoreFactory = (context) => {
    const inner = memoryStore()(context)
    return {
      ...inner,
      async create(...args) {
        await sleep(20)
        if (isDown) throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' })
        saved.push(name)
        return inner.create(...args)
      },
    }
  }
  return createDjango({ settings: { secretKey: 'secret', sessionCookieName: name }, store })
}

const changeSession: RequestHandler = ({ session }, _, next) => {
  session.set('visited', true)
  next()
}

interface Failure {
  readonly app: Express
  /** Codes of the errors that the application saw. */
  readonly seen: string[]
}

/** An application whose saves fail, and whose error handler answers, at once or later. */
function failingApp(isLate: boolean, ...handlers: RequestHandler[]): Failure {
  const seen: string[] = []
  const app = express().set('env', 'test')
  app.use(djangoExpress(makeDjango([], true)), changeSession, ...handlers)
  const answer: ErrorRequestHandler = async (
    error: { code: string; status: number },
    _,
    response,
    __,
  ) => {
    seen.push(error.code)
    if (isLate) await sleep(10)
    response.status(error.status).json({ error: error.code })
  }
  app.use(answer)
  return { app, seen }
}

async function askOnce(app: Express, text: string = requestText('/')): Promise<RawResponse> {
  const [response] = await exchange(await serveForTest(app), text)
  if (!response) throw new Error('there is no response')
  return response
}

const anError = { error: 'ERR_STORE_UNAVAILABLE' }
const headersOfAnError = [
  'connection',
  'content-length',
  'content-type',
  'date',
  'etag',
  'keep-alive',
]

function expectTheError(response: RawResponse): void {
  expect(response.statusLine).toBe('HTTP/1.1 503 Service Unavailable')
  expect(JSON.parse(response.body.toString())).toEqual(anError)
  expect(response.headers.map(([name]) => name).toSorted()).toEqual(headersOfAnError)
  expect(response.isComplete).toBe(true)
}

describe.each([
  ['at once', false],
  ['later', true],
])('a save that fails, answered %s', (_name, isLate) => {
  test('leaves nothing of a response that is complete', async () => {
    const { app, seen } = failingApp(isLate, (_, response) => {
      response.setHeader('Date', 'now')
      response.setHeader('X-Secret', 'secret')
      response.cookie('other', 'secret')
      response.writeHead(201, 'Secret', { 'Content-Type': 'text/secret', Vary: 'Secret' })
      response.end('secret')
    })
    expectTheError(await askOnce(app))
    expect(seen).toEqual(['ERR_STORE_UNAVAILABLE'])
  })

  test('leaves nothing of a response that is still being written', async () => {
    let isOver = false
    const { app, seen } = failingApp(isLate, async (_, response) => {
      response.setHeader('X-Secret', 'secret')
      response.statusMessage = 'Secret'
      for (let at = 0; at < 10; at++) {
        response.write('secret')
        await sleep(5)
      }
      response.end('secret', () => {
        isOver = true
      })
    })
    expectTheError(await askOnce(app))
    await expect.poll(() => isOver).toBe(true)
    expect(seen).toEqual(['ERR_STORE_UNAVAILABLE'])
  })

  test('leaves nothing of a pipe', async () => {
    const { app, seen } = failingApp(isLate, (_, response) => {
      Readable.from(Array.from({ length: 300 }, () => 'secret'.repeat(100))).pipe(response)
    })
    expectTheError(await askOnce(app))
    expect(seen).toEqual(['ERR_STORE_UNAVAILABLE'])
  })

  test('lets pipeline() run to its end', async () => {
    const events: string[] = []
    const { app } = failingApp(isLate, (_, response) => {
      const source = createReadStream(fileURLToPath(import.meta.url), { highWaterMark: 512 })
      pipeline(source, response, (error) => events.push(`done ${error?.code}`))
    })
    expectTheError(await askOnce(app))
    // What is first, the end of the file or that of the error page, is a matter of luck.
    await expect.poll(() => events).toEqual([expect.stringMatching(/undefined|PREMATURE_CLOSE/)])
  })

  test('lets whoever waits for a write, or for room, go on', async () => {
    const events: string[] = []
    const { app } = failingApp(isLate, async (_, response) => {
      response.once('drain', () => events.push('drain'))
      response.write('secret', () => events.push('written'))
      events.push(String(response.write('secret'.repeat(100_000))))
      await sleep(40)
      events.push(String(response.write('secret', () => events.push('written later'))))
      response.end()
    })
    expectTheError(await askOnce(app))
    await expect
      .poll(() => events.toSorted())
      .toEqual(['drain', 'false', 'true', 'written', 'written later'])
  })

  test('keeps the connection', async () => {
    const { app } = failingApp(isLate, (_, response) => {
      response.json({ secret: true })
    })
    const text = requestText('/') + requestText('/')
    const responses = await exchange(await serveForTest(app), text, 2)
    expect(responses).toHaveLength(2)
    for (const response of responses) expectTheError(response)
  })

  test('answers HEAD', async () => {
    const { app } = failingApp(isLate, (_, response) => {
      response.json({ secret: true })
    })
    const { status, headers } = await askOnce(app, requestText('/', { method: 'HEAD' }))
    expect(status).toBe(503)
    expect(headers.map(([name]) => name).toSorted()).toEqual(headersOfAnError)
  })

  test.each([
    ['whole', true],
    ['in parts', false],
  ])('takes off what lies over the gate: compression of a response, %s', async (_, isWhole) => {
    const { app, seen } = failingApp(
      isLate,
      compression({ threshold: 0 }),
      async (__, response) => {
        response.type('text/plain')
        if (isWhole) return response.end('secret'.repeat(1000))
        response.write('secret'.repeat(1000))
        await sleep(40)
        return response.end('secret')
      },
    )
    expectTheError(await askOnce(app, requestText('/', { headers: 'Accept-Encoding: gzip\r\n' })))
    expect(seen).toEqual(['ERR_STORE_UNAVAILABLE'])
  })
})

test('a save that fails reaches the error page of Express, too', async () => {
  const app = express().set('env', 'test')
  app.use(djangoExpress(makeDjango([], true)), changeSession, (_, response) => {
    response.set('Content-Encoding', 'secret').json({ secret: true })
  })
  const response = await askOnce(app)
  expect(response.status).toBe(503)
  expect(response.body.toString()).toContain('StoreUnavailableError')
  expect(headerValues(response, 'content-encoding')).toEqual([])
})

test('what a router within makes of errors is for the errors of its handlers', async () => {
  const { app, seen } = failingApp(false)
  const outer = express().set('env', 'test')
  const router = express.Router()
  const ofRouter: string[] = []
  router.get('/a', (_, response) => {
    response.json({ secret: true })
  })
  router.use(((error: { code: string }, _, __, next) => {
    ofRouter.push(error.code)
    next(error)
  }) satisfies ErrorRequestHandler)
  outer.use(app)
  const failing = failingApp(false, router)
  const response = await askOnce(failing.app, requestText('/a'))
  expectTheError(response)
  expect(failing.seen).toEqual(['ERR_STORE_UNAVAILABLE'])
  expect(seen).toEqual([])
  expect(ofRouter).toEqual([])
})

describe('a client that goes away', () => {
  const readThis = (): ReadStream => createReadStream(fileURLToPath(import.meta.url))

  test.each<[string, (response: Response) => unknown]>([
    ['a response that is complete', (response) => response.json({ a: 1 })],
    ['a pipe', (response) => readThis().pipe(response)],
    ['pipeline()', (response) => pipeline(readThis(), response, () => {})],
  ])('does not stop the save of %s', async (_name, answer) => {
    const saved: string[] = []
    const app = express().set('env', 'test')
    app.use(djangoExpress(makeDjango(saved, false)), changeSession)
    app.use(async (request, response) => {
      answer(response)
      while (!response.headersSent) await sleep(1)
      request.socket.destroy()
    })
    const port = await serveForTest(app)
    expect(await exchange(port, requestText('/'))).toEqual([])
    await expect.poll(() => saved).toEqual(['sessionid'])
  })

  test('before the handler answers does not stop it either', async () => {
    const saved: string[] = []
    const app = express().set('env', 'test')
    app.use(djangoExpress(makeDjango(saved, false)), changeSession)
    app.use(async (request, response) => {
      request.socket.destroy()
      await sleep(5)
      response.json({ a: 1 })
    })
    const port = await serveForTest(app)
    expect(await exchange(port, requestText('/'))).toEqual([])
    await expect.poll(() => saved).toEqual(['sessionid'])
  })

  test('has the error of a save that fails told all the same', async () => {
    const { app, seen } = failingApp(false, (request, response) => {
      response.write('secret')
      request.socket.destroy()
    })
    expect(await exchange(await serveForTest(app), requestText('/'))).toEqual([])
    await expect.poll(() => seen).toEqual(['ERR_STORE_UNAVAILABLE'])
  })
})

describe('two sessions in one request', () => {
  function twoSessions(saved: string[], isFirstDown: boolean, isSecondDown: boolean): Express {
    const app = express().set('env', 'test')
    for (const [name, isDown] of [
      ['first', isFirstDown],
      ['second', isSecondDown],
    ] as const) {
      app.use(djangoExpress(makeDjango(saved, isDown, name)), changeSession)
    }
    app.get('/', (_, response) => {
      response.write('a')
      response.end('b')
    })
    app.use(((error: { code: string }, _, response, __) => {
      response.status(400).send(error.code)
    }) satisfies ErrorRequestHandler)
    return app
  }

  const cookieNames = (response: RawResponse): string[] =>
    headerValues(response, 'set-cookie').map((cookie) => cookie.split('=')[0] ?? '')

  test('are both saved', async () => {
    const saved: string[] = []
    const response = await askOnce(twoSessions(saved, false, false))
    expect(saved.toSorted()).toEqual(['first', 'second'])
    expect(cookieNames(response).toSorted()).toEqual(['first', 'second'])
    expect(response.body.toString()).toBe('ab')
  })

  // As in Django, what comes first is around what comes second, and sees its error as a response.
  test.each([
    { down: 'first', cookies: [] },
    { down: 'second', cookies: ['first'] },
  ])('fail with the $down', async ({ down, cookies }) => {
    const response = await askOnce(twoSessions([], down === 'first', down === 'second'))
    expect(response.body.toString()).toBe('ERR_STORE_UNAVAILABLE')
    expect(cookieNames(response)).toEqual(cookies)
  })
})

test('what is flushed through compression while the response is held arrives at once', async () => {
  const app = express().set('env', 'test')
  let finish = (): void => {}
  app.use(djangoExpress(makeDjango([], false)), compression({ threshold: 0 }), changeSession)
  app.get('/', (_, response) => {
    response.type('text/plain')
    response.write('data: 1\n\n')
    response.flush()
    finish = () => response.end()
  })
  const client = await RawClient.open(await serveForTest(app))
  client.send(requestText('/', { headers: 'Accept-Encoding: gzip\r\n' }))
  while (!client.responses.some(({ body }) => body.length > 10)) await client.more()
  finish()
  expect((await client.read())[0]?.isComplete).toBe(true)
  client.destroy()
})
