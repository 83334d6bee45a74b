/**
 * The half of the adapter contract that `fetch` cannot ask for: bytes that it does not send, and
 * connections that it hides. It is about servers of Node, so it is not published with the other half.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'

import { createDjango, type Django, type SessionStoreFactory } from 'async-django'
import { memoryStore } from 'async-django/stores/memory'
import type { AdapterAnswer, AdapterHandler } from 'async-django/testing'
import { describe, expect, onTestFinished, test } from 'vitest'

import { adapters, serveBy } from '../adapters.ts'
import {
  exchange,
  headerValues,
  RawClient,
  type RawResponse,
  requestText,
} from '../fixtures/raw-http.ts'
import { watchStore } from '../fixtures/watched-store.ts'

const show: AdapterHandler = async ({ session }) => ({
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(await session.load()),
})

const write: AdapterHandler = async ({ session }) => {
  session.set('a', 1)
  return { body: 'done' }
}

interface Raw {
  readonly port: number
  readonly django: Django
  readonly calls: string[]
  readonly errors: unknown[]
}

function cookieText(cookie: string): string {
  return requestText('/', { headers: `Cookie: ${cookie}\r\n` })
}

async function makeSession(django: Django): Promise<string> {
  const session = django.sessions.get(null)
  session.set('a', 1)
  await session.save()
  return session.key ?? ''
}

function sessionCookies(response: RawResponse | undefined): string[] {
  return response ? headerValues(response, 'set-cookie') : []
}

describe.each(Object.entries(adapters))('%s', (_name, makeListener) => {
  async function serve(
    handle: AdapterHandler,
    slow?: (store: SessionStoreFactory) => SessionStoreFactory,
  ): Promise<Raw> {
    const { store, calls } = watchStore(memoryStore())
    const settings = { secretKey: 'secret' }
    const django = createDjango({ settings, store: slow ? slow(store) : store })
    const errors: unknown[] = []
    const fail = (error: unknown): AdapterAnswer => {
      errors.push(error)
      return { status: 500, body: 'failed' }
    }
    const site = await serveBy(makeListener, { django, options: {}, guard: null, handle, fail })
    onTestFinished(() => site.close())
    return { port: Number(new URL(site.url).port), django, calls, errors }
  }

  describe('a cookie', () => {
    test.each([
      ['of 1 MB', 'x'.repeat(1_000_000)],
      ['of 1 MB in quotes, all escaped', `"${'\\101'.repeat(250_000)}"`],
      ['with control characters', 'abcdefgh\u0001\u001f\u007f'],
      ['with characters past ASCII', 'abcdefgh\u00a0\u00e9\u00ff'],
      ['with SQL', "abcdefgh' OR '1'='1"],
      ['with a line of its own in octal numbers', '"abcdefgh\\015\\012Set-Cookie: a=b"'],
      ['with NUL in octal numbers', '"abcdefgh\\000"'],
    ])('%s is an unknown key, and no worse', async (_what, value) => {
      const { port, calls, errors } = await serve(show)
      const [response] = await exchange(port, cookieText(`sessionid=${value}`))
      // Node itself refuses some of the control characters.
      expect([200, 400]).toContain(response?.status)
      expect(response?.status === 400 || response?.body.toString() === '{}').toBe(true)
      expect(sessionCookies(response)).toEqual([])
      expect(calls.filter((call) => call !== 'load')).toEqual([])
      expect(errors).toEqual([])
    })

    test('of 1 MB asks no store', async () => {
      const { port, calls } = await serve(show)
      await exchange(port, cookieText(`sessionid=${'x'.repeat(1_000_000)}`))
      expect(calls).toEqual([])
    })

    test('with NUL is refused before there is a session', async () => {
      const { port, calls } = await serve(show)
      const [response] = await exchange(port, cookieText('sessionid=abcdefgh\u0000'))
      expect(response?.status).toBe(400)
      expect(calls).toEqual([])
    })

    test('in the second of two headers is the last', async () => {
      const { port, django } = await serve(show)
      const key = await makeSession(django)
      const headers = `Cookie: sessionid=abcdefghijkl\r\nCookie: sessionid=${key}\r\n`
      const [response] = await exchange(port, requestText('/', { headers }))
      expect(response?.body.toString()).toBe('{"a":1}')
    })

    test('among thousands is found', async () => {
      const { port, django } = await serve(show)
      const key = await makeSession(django)
      const cookie = `${'a=b; '.repeat(100_000)}sessionid=${key}`
      const [response] = await exchange(port, cookieText(cookie))
      expect(response?.body.toString()).toBe('{"a":1}')
    })
  })

  test('pipelined requests are answered in their order, each with its own session', async () => {
    let count = 0
    const { port } = await serve(async ({ session }) => {
      const number = ++count
      session.set('number', number)
      // The first takes longest.
      await sleep(30 / number)
      return { body: `answer ${number}` }
    })
    const responses = await exchange(port, requestText('/').repeat(3), 3)
    expect(responses.map(({ body }) => body.toString())).toEqual([
      'answer 1',
      'answer 2',
      'answer 3',
    ])
    const cookies = responses.flatMap((response) => sessionCookies(response))
    expect(new Set(cookies).size).toBe(3)
  })

  test('HTTP/1.0 is answered', async () => {
    const { port } = await serve(write)
    const [response] = await exchange(port, requestText('/', { version: '1.0' }))
    expect(response?.body.toString()).toBe('done')
    expect(sessionCookies(response)).toHaveLength(1)
  })

  test('a client that goes away while its session is saved does not stop that', async () => {
    const saved: string[] = []
    const clients: RawClient[] = []
    const { port, errors } = await serve(write, (inner) => (context) => {
      const store = inner(context)
      return {
        ...store,
        async create(...args) {
          for (const client of clients) client.destroy()
          await sleep(20)
          const created = await store.create(...args)
          saved.push(created?.key ?? '')
          return created
        },
      }
    })
    const client = await RawClient.open(port)
    clients.push(client)
    client.send(requestText('/'))
    await client.closed
    await expect.poll(() => saved).toHaveLength(1)
    expect(client.bytes).toHaveLength(0)
    expect(errors).toEqual([])
  })

  test('headers that are flushed are on the wire before the body', async () => {
    let sendBody = (): void => {}
    const { port } = await serve(async ({ session }) => {
      session.set('a', 1)
      const wanted = new Promise<void>((resolve) => {
        sendBody = resolve
      })
      return {
        body: (async function* () {
          await wanted
          yield 'late'
        })(),
      }
    })
    const client = await RawClient.open(port)
    client.send(requestText('/'))
    while (!client.bytes.includes('\r\n\r\n')) await client.more()
    expect(client.responses[0]?.body.toString()).toBe('')
    expect(sessionCookies(client.responses[0])).toHaveLength(1)
    sendBody()
    const [response] = await client.read()
    expect(response?.body.toString()).toBe('late')
    client.destroy()
  })

  test('a client that stops reading holds the stream, and gets all of it in the end', async () => {
    const chunk = 'x'.repeat(100_000)
    let made = 0
    const { port } = await serve(async ({ session }) => {
      session.set('a', 1)
      return {
        body: (async function* () {
          for (; made < 300; made++) yield chunk
        })(),
      }
    })
    const client = await RawClient.open(port)
    client.send(requestText('/', { headers: 'Connection: close\r\n' }))
    await client.more()
    client.socket.pause()
    let before = -1
    while (made !== before) {
      before = made
      await sleep(100)
    }
    expect(made).toBeLessThan(200)
    client.socket.resume()
    await client.closed
    expect(client.responses[0]?.body.length).toBe(30_000_000)
  })
})
