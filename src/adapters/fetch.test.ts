import { describe, expect, test } from 'vitest'

import { watchStore } from '../../test/fixtures/watched-store.ts'
import { createDjango, type Django } from '../django.ts'
import { HeadersSentError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { memoryStore } from '../stores/memory.ts'
import { djangoFetch } from './fetch.ts'

function makeDjango(): Django {
  return createDjango({ settings: { secretKey: 'secret' }, store: memoryStore() })
}

async function makeSession(django: Django): Promise<string> {
  const session = django.sessions.get(null)
  session.set('a', 1)
  await session.save()
  return session.key ?? ''
}

function requestFor(key: string | null = null): Request {
  const headers = key === null ? undefined : { cookie: `sessionid=${key}` }
  return new Request('http://localhost/path?query', headers && { headers })
}

/** A response of a status that none can be made with. */
function withStatus(status: number): Response {
  return Object.defineProperty(new Response(null), 'status', { value: status })
}

describe('a response', () => {
  test('is handed on as it is where the session is left alone', async () => {
    const response = new Response('x')
    const handler = djangoFetch(makeDjango(), () => response)
    expect(await handler(requestFor())).toBe(response)
  })

  test.each([
    ['a redirect', () => Response.redirect('http://localhost/there', 303), 303],
    ['no content', () => new Response(null, { status: 204 }), 204],
    ['reset content', () => new Response(null, { status: 205 }), 205],
    ['not modified', () => new Response(null, { status: 304 }), 304],
    ['JSON', () => Response.json({ a: 1 }, { status: 201 }), 201],
  ])('may be %s, though its headers be immutable', async (_name, makeResponse, status) => {
    const handler = djangoFetch(makeDjango(), (_request, { session }) => {
      session.set('a', 1)
      return makeResponse()
    })
    const response = await handler(requestFor())
    expect(response.status).toBe(status)
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(response.headers.get('location')).toBe(makeResponse().headers.get('location'))
    expect(await response.text()).toBe(await makeResponse().text())
  })

  test('is the very one where the session was only read, if its headers can be changed', async () => {
    const responses = [new Response('x'), Response.redirect('http://localhost/there')] as const
    let at: 0 | 1 = 0
    const handler = djangoFetch(makeDjango(), async (_request, { session }) => {
      await session.load()
      return responses[at]
    })
    expect(await handler(requestFor())).toBe(responses[0])
    expect(responses[0].headers.get('vary')).toBe('Cookie')
    at = 1
    const { status, headers } = await handler(requestFor())
    expect([status, headers.get('vary')]).toEqual([302, 'Cookie'])
  })

  test('keeps the text of its status', async () => {
    const handler = djangoFetch(makeDjango(), (_request, { session }) => {
      session.set('a', 1)
      return new Response('x', { status: 299, statusText: 'Quite OK' })
    })
    expect(await handler(requestFor())).toMatchObject({ status: 299, statusText: 'Quite OK' })
  })

  test('that others are sent too is not given the cookie of one', async () => {
    const shared = new Response(null, { status: 404 })
    const handler = djangoFetch(makeDjango(), (_request, { session }) => {
      session.set('a', 1)
      return shared
    })
    for (let at = 0; at < 3; at++) {
      const { headers } = await handler(requestFor())
      expect(headers.getSetCookie()).toHaveLength(1)
    }
    expect([...shared.headers]).toEqual([])
  })

  test('may be a clone', async () => {
    const cached = new Response('x', { headers: { 'x-a': '1' } })
    const handler = djangoFetch(makeDjango(), (_request, { session }) => {
      session.set('a', 1)
      return cached.clone()
    })
    for (let at = 0; at < 2; at++) {
      const response = await handler(requestFor())
      expect(response.headers.get('x-a')).toBe('1')
      expect(await response.text()).toBe('x')
    }
    expect(cached.headers.getSetCookie()).toEqual([])
  })

  test('is not read, if it is a stream', async () => {
    let made = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          made++
          controller.enqueue(new Uint8Array(1))
        },
      },
      { highWaterMark: 0 },
    )
    const handler = djangoFetch(makeDjango(), (_request, { session }) => {
      session.set('a', 1)
      return new Response(body)
    })
    await handler(requestFor())
    expect(made).toBe(0)
  })
})

describe.each([
  ['a switch of protocols', () => withStatus(101)],
  ['an error', () => Response.error()],
  ['nothing', (): undefined => {}],
])('an answer that is %s', (_name, makeAnswer) => {
  test('is handed on as it is, though the session was read', async () => {
    const django = makeDjango()
    const answer = makeAnswer()
    const handler = djangoFetch(django, async (_request, { session }) => {
      await session.load()
      return answer
    })
    expect(await handler(requestFor(await makeSession(django)))).toBe(answer)
  })

  test('lets a known session be saved', async () => {
    const django = makeDjango()
    const key = await makeSession(django)
    const answer = makeAnswer()
    const handler = djangoFetch(django, (_request, { session }) => {
      session.set('a', 2)
      return answer
    })
    expect(await handler(requestFor(key))).toBe(answer)
    expect((await django.sessions.get(key).load()).data).toEqual({ a: 2 })
  })

  test('has no new session saved: its cookie could not be sent', async () => {
    const { store, calls } = watchStore(memoryStore())
    const django = createDjango({ settings: { secretKey: 'secret' }, store })
    const handler = djangoFetch(django, (_request, { session }) => {
      session.set('a', 1)
      return makeAnswer()
    })
    await expect(handler(requestFor())).rejects.toThrow(HeadersSentError)
    expect(calls).toEqual([])
  })

  test('leaves a cookie that is no key', async () => {
    const answer = makeAnswer()
    const handler = djangoFetch(makeDjango(), () => answer)
    expect(await handler(requestFor('short'))).toBe(answer)
  })
})

test('hands further arguments on', async () => {
  const handler = djangoFetch(makeDjango(), (_request, _context, one: string, two: number) =>
    Response.json([one, two]),
  )
  expect(await (await handler(requestFor(), 'a', 1)).json()).toEqual(['a', 1])
})

test('rejects as the handler does, and saves nothing', async () => {
  const { store, calls } = watchStore(memoryStore())
  const django = createDjango({ settings: { secretKey: 'secret' }, store })
  const handler = djangoFetch(django, async (_request, { session }): Promise<Response> => {
    session.set('a', 1)
    throw new RangeError('boom')
  })
  await expect(handler(requestFor())).rejects.toThrow(RangeError)
  expect(calls).toEqual([])
})

test('works out what is asked of a request when it is asked', async () => {
  const seen: unknown[] = []
  const see = ({ method, scheme, host, path }: Exchange): boolean => {
    seen.push([method, scheme, host, path])
    return false
  }
  const handler = djangoFetch(makeDjango(), () => new Response(), { skip: see })
  await handler(new Request('https://example.com:8443/a%20b?c', { method: 'PUT' }))
  await handler(new Request('http://example.com', { headers: { host: 'other.example' } }))
  expect(seen).toEqual([
    ['PUT', 'https', 'example.com:8443', '/a%20b'],
    ['GET', 'http', 'other.example', '/'],
  ])
})

test('asks nothing of a request but for its cookies, where the session is left alone', async () => {
  const asked: PropertyKey[] = []
  const request = new Proxy(requestFor(), {
    get(target, name) {
      asked.push(name)
      return Reflect.get(target, name, target) as unknown
    },
  })
  await djangoFetch(makeDjango(), () => new Response())(request)
  expect(asked).toEqual(['headers'])
})
