import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import process from 'node:process'

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import {
  exchange,
  headerValues,
  type RawResponse,
  requestText,
} from '../../test/fixtures/raw-http.ts'
import { serveForTest } from '../../test/fixtures/servers.ts'
import { watchStore } from '../../test/fixtures/watched-store.ts'
import { createDjango, type Django } from '../django.ts'
import { memoryStore } from '../stores/memory.ts'
import { djangoNode, type DjangoRequest, type NodeErrorHandler, type NodeOptions } from './node.ts'

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

async function ask(listener: RequestListener, headers: string = ''): Promise<RawResponse> {
  const port = await serveForTest(listener)
  const text = requestText('/', { headers: `${headers}Connection: close\r\n` })
  const [response] = await exchange(port, text)
  if (!response) throw new Error('there is no response')
  return response
}

function cookieNames(response: RawResponse): string[] {
  return headerValues(response, 'set-cookie').map((cookie) => cookie.split('=')[0] ?? '')
}

/** What was written to standard error. */
const written: string[] = []

beforeEach(() => {
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0)
})

afterEach(() => {
  vi.restoreAllMocks()
  written.length = 0
})

type Handler = (request: DjangoRequest<Django>, response: ServerResponse) => unknown

const answer: Handler = ({ session }, response) => {
  session.set('a', 1)
  response.setHeader('x-secret', '1').end('secret')
}

const boom = (): never => {
  throw Object.assign(new Error('boom'), { code: 'BOOM' })
}

const codeOf = (error: unknown): unknown => Reflect.get(Object(error), 'code')

describe('an error without onError', () => {
  test.each<[string, Handler, number, string]>([
    ['of a save', answer, 503, 'Service Unavailable'],
    ['of a handler', boom, 500, 'Internal Server Error'],
    ['of a handler that is asynchronous', async () => boom(), 500, 'Internal Server Error'],
    [
      'of a handler that has set headers',
      (_, response) => {
        response.setHeader('x-secret', '1')
        boom()
      },
      500,
      'Internal Server Error',
    ],
  ])('%s is answered, and told', async (_name, handler, status, body) => {
    const response = await ask(djangoNode(makeDjango({}, true).django, handler))
    expect([response.status, response.body.toString()]).toEqual([status, body])
    expect(headerValues(response, 'x-secret')).toEqual([])
    expect(cookieNames(response)).toEqual([])
    expect(written.join('')).toMatch(status === 503 ? /StoreUnavailableError/ : /boom/)
  })

  test('cuts a response that has begun', async () => {
    const listener = djangoNode(makeDjango().django, async (_, response) => {
      await new Promise<void>((resolve) => {
        response.write('a', () => resolve())
      })
      boom()
    })
    expect(await ask(listener)).toMatchObject({ status: 200, isComplete: false })
  })

  test('leaves a response alone that is done', async () => {
    const listener = djangoNode(makeDjango().django, (_, response) => {
      response.end('x')
      boom()
    })
    expect((await ask(listener)).body.toString()).toBe('x')
    expect(written.join('')).toMatch(/boom/)
  })
})

describe('onError', () => {
  function tell(seen: unknown[]): NodeOptions {
    return {
      onError(error, { url }, response) {
        seen.push([codeOf(error), url, response.headersSent])
        response.statusCode = 418
        response.end('told')
      },
    }
  }

  test.each<[string, Handler, string]>([
    ['a save', answer, 'ERR_STORE_UNAVAILABLE'],
    ['a handler', boom, 'BOOM'],
    ['a handler that is asynchronous', async () => boom(), 'BOOM'],
  ])('is told the error of %s', async (_name, handler, code) => {
    const seen: unknown[] = []
    const response = await ask(djangoNode(makeDjango({}, true).django, handler, tell(seen)))
    expect([response.status, response.body.toString()]).toEqual([418, 'told'])
    expect(seen).toEqual([[code, '/', false]])
    expect(written).toEqual([])
  })

  test('is told the error of a load, and of skip()', async () => {
    const { django } = makeDjango()
    const seen: unknown[] = []
    const options = { ...tell(seen), autoload: true, skip: boom }
    expect((await ask(djangoNode(django, answer, options))).status).toBe(418)
    expect(seen).toEqual([['BOOM', '/', false]])
  })

  test.each<[string, NodeErrorHandler]>([
    ['throws', boom],
    ['rejects', async () => boom()],
  ])('that %s itself does not end the process', async (_name, onError) => {
    const response = await ask(djangoNode(makeDjango({}, true).django, answer, { onError }))
    expect(response.status).toBe(500)
    expect(written.join('')).toMatch(/boom/)
  })
})

describe('request.session', () => {
  test('is there beside what the request has', async () => {
    const { django, calls } = makeDjango()
    const listener = djangoNode(django, ({ url, session }, response) => {
      session.set('a', 1)
      response.end(url)
    })
    const response = await ask(listener)
    expect(response.body.toString()).toBe('/')
    expect(cookieNames(response)).toEqual(['sessionid'])
    expect(calls).toEqual(['create'])
  })

  test('is loaded where that is asked for', async () => {
    const { django } = makeDjango()
    const stored = django.sessions.get(null)
    stored.set('a', 1)
    await stored.save()
    const listener = djangoNode(
      django,
      ({ session }, response) => response.end(JSON.stringify(session.data)),
      { autoload: true },
    )
    const response = await ask(listener, `Cookie: sessionid=${stored.key}\r\n`)
    expect(response.body.toString()).toBe('{"a":1}')
  })

  test('is of the inner one of two', async () => {
    const inner = djangoNode(makeDjango({ sessionCookieName: 'inner' }).django, answer)
    const outer = djangoNode(
      makeDjango({ sessionCookieName: 'outer' }).django,
      (request, response) => {
        request.session.set('b', 2)
        inner(request, response)
      },
    )
    expect(cookieNames(await ask(outer)).toSorted()).toEqual(['inner', 'outer'])
  })

  test('is one where both are of one django', async () => {
    const { django, calls } = makeDjango()
    const inner = djangoNode(django, answer)
    const outer = djangoNode(django, (request, response) => {
      request.session.set('b', 2)
      inner(request, response)
    })
    expect(cookieNames(await ask(outer))).toEqual(['sessionid'])
    expect(calls).toEqual(['create'])
  })
})

describe('request.session beside others', () => {
  const show: Handler = ({ session }, response) => void response.end(String(session.key))

  test('takes the place of what others have defined', async () => {
    const listener = djangoNode(makeDjango().django, show)
    const response = await ask((request, ...rest) => {
      Object.defineProperty(request, 'session', {
        configurable: true,
        get: () => ({ key: 'other' }),
      })
      listener(request, ...rest)
    }, 'Cookie: sessionid=abcdefgh\r\n')
    expect(String(response.body)).toBe('abcdefgh')
  })

  test('belongs to the django that came last', async () => {
    const { django } = makeDjango({ sessionCookieName: 'inner' })
    const inner = djangoNode(django, show)
    const outer = djangoNode(makeDjango().django, (request, response) => inner(request, response))
    const response = await ask(outer, 'Cookie: sessionid=abcdefgh; inner=innerkey\r\n')
    expect(String(response.body)).toBe('innerkey')
  })
})

describe('a cookie that is no key', () => {
  const free: Handler = (_, response) => void response.end()

  test.each([
    ['in one header', 'Cookie: sessionid=short\r\n'],
    ['in any case of letters', 'COOKIE: sessionid=short\r\n'],
    ['in the first of two headers', 'Cookie: sessionid=short\r\ncookie: a=1\r\n'],
    ['in the second of two headers', 'cookie: a=1\r\nCookie: sessionid=short\r\n'],
    ['behind one that is', 'Cookie: sessionid=abcdefgh; sessionid=short\r\n'],
    ['once it is unquoted', 'Cookie: sessionid="\\101\\102"\r\n'],
  ])('is deleted though nobody uses the session: %s', async (_name, headers) => {
    expect(cookieNames(await ask(djangoNode(makeDjango().django, free), headers))).toEqual([
      'sessionid',
    ])
  })

  test.each([
    ['it is a key', 'Cookie: sessionid=abcdefgh\r\n'],
    ['there is none', 'Host: a\r\n'],
    ['another is short', 'Cookie: session=short; sessionid=abcdefgh; id=1\r\n'],
  ])('is not where %s', async (_name, headers) => {
    expect(cookieNames(await ask(djangoNode(makeDjango().django, free), headers))).toEqual([])
  })

  test('is told by the headers of a request that comes from no server', async () => {
    const request = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/' })
    request.headers.cookie = 'sessionid=short'
    const response = new ServerResponse(request)
    djangoNode(makeDjango().django, free)(request, response)
    expect(String(response.getHeader('set-cookie'))).toMatch(/^sessionid=""; .*Max-Age=0/)
  })
})
