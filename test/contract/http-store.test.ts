/**
 * The session service and its client, beside what the contract of stores says: strangers in the
 * database, connections that break, answers that never come, and what answers though it is no service.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'

import { createDjango, type SessionStore, type SessionStoreFactory } from 'async-django'
import { createSessionService } from 'async-django/service'
import { type Fetch, httpStore, type HttpStoreOptions } from 'async-django/stores/http'
import { nodeFetch } from 'async-django/stores/http-node'
import { memoryStore } from 'async-django/stores/memory'
import { redisStore } from 'async-django/stores/redis'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'

import { serviceToken, startService } from '../_session-service.ts'
import { serveForTest } from '../fixtures/servers.ts'
import { watchStore } from '../fixtures/watched-store.ts'

const key = 'plantedplantedplantedplanted0000'
const payload = 'planted payload'
const expireDate = new Date('2099-01-01T00:00:00Z')
const secretKey = 'a secret of these tests'

/** A store as `createDjango` makes it. */
function made(factory: SessionStoreFactory): SessionStore {
  let store: SessionStore | undefined
  createDjango({ settings: { secretKey }, store: (context) => (store = factory(context)) })
  if (!store) throw new Error('There is no store.')
  return store
}

async function startOver(store: SessionStoreFactory): Promise<string> {
  const service = await startService(store)
  onTestFinished(() => service.close())
  return service.url
}

/** A server of ours in the service's place. */
async function startListener(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await serveForTest(listener)}`
}

/** A service whose requests and connections are counted, and which may break them off. */
async function startCounted(onRequest: (request: IncomingMessage) => void = () => {}): Promise<{
  readonly url: string
  readonly server: Server
  readonly seen: string[]
  readonly connections: () => number
}> {
  const service = createSessionService({ store: memoryStore(), tokens: [serviceToken] })
  const seen: string[] = []
  let connections = 0
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    const chunks: Uint8Array[] = []
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    request.on('end', () => {
      const asked = {
        method: request.method ?? '',
        target: request.url ?? '',
        header: (name: string) => request.headers[name]?.toString() ?? null,
        body: async () => Buffer.concat(chunks),
      }
      void service.answer(asked).then(({ status, headers, body }) => {
        onRequest(request)
        response.writeHead(status, headers).end(body)
      })
    })
  })
  server.on('connection', () => {
    connections += 1
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, server, seen, connections: () => connections }
}

const clients: ReadonlyArray<readonly [name: string, by: { readonly fetch?: Fetch }]> = [
  ['fetch', {}],
  ['nodeFetch', { fetch: nodeFetch() }],
]

describe.each(clients)('by %s', (_client, by) => {
  const storeAt = (url: string, options: Partial<HttpStoreOptions> = {}): SessionStore =>
    made(httpStore(url, { token: serviceToken, ...by, ...options }))

  test('what strangers write over blindly is a conflict', async () => {
    const inner = memoryStore()
    const store = storeAt(await startOver(inner))
    const created = await store.create(key, { payload: 'ours', expireDate })
    if (!created) throw new Error('The key is taken.')
    const behind = made(inner)
    await behind.update(key, { payload: 'theirs', expireDate }, created.stored)
    const next = { payload: 'ours again', expireDate }
    const updated = await store.update(key, next, created.stored)
    expect(updated).toMatchObject({ outcome: 'conflict', current: { payload: 'theirs' } })
    expect(await store.delete(key, created.stored)).toBe('conflict')
    expect(await behind.load(key)).toMatchObject({ payload: 'theirs' })
  })

  test('connections are used again and again', async () => {
    const { url, seen, connections } = await startCounted()
    const store = storeAt(url)
    for (let time = 0; time < 20; time++) await store.load(key)
    expect(seen.length).toBe(20)
    // The next request may be sent before the connection of the last one is free.
    expect(connections()).toBeLessThanOrEqual(3)
  })

  test('no path and no query names a session', async () => {
    const { url, seen } = await startCounted()
    const store = storeAt(url)
    const created = await store.create(key, { payload, expireDate })
    if (!created) throw new Error('The key is taken.')
    await store.load(key)
    await store.loadMany?.([key, 'another00'])
    await store.exists(key)
    await store.touch(key, expireDate)
    await store.update(key, { payload: 'next', expireDate }, created.stored)
    await store.delete(key)
    expect(new Set(seen)).toEqual(
      new Set([
        'PUT /sessions/-',
        'GET /sessions/-',
        'POST /sessions',
        'HEAD /sessions/-',
        'POST /sessions/-',
        'DELETE /sessions/-',
      ]),
    )
  })

  test('loads of one turn are one request', async () => {
    const { url, seen } = await startCounted()
    const django = createDjango({
      settings: { secretKey },
      store: httpStore(url, { token: serviceToken, ...by }),
    })
    const keys = Array.from({ length: 50 }, (_, at) => `abcdefgh${at}`)
    await Promise.all(keys.map((one) => django.sessions.get(one).load()))
    expect(seen).toEqual(['GET /sessions/-', 'POST /sessions'])
  })

  describe('a connection that breaks', () => {
    const methods: ReadonlyArray<
      readonly [name: string, requests: number, run: (store: SessionStore) => Promise<unknown>]
    > = [
      ['load', 2, (store) => store.load(key)],
      ['loadMany', 2, async (store) => store.loadMany?.([key, 'another00'])],
      ['exists', 2, (store) => store.exists(key)],
      ['serverTime', 2, async (store) => store.serverTime?.()],
      ['create', 1, (store) => store.create(key, { payload, expireDate })],
      ['update', 1, (store) => store.update(key, { payload, expireDate }, { payload, expireDate })],
      ['touch', 1, (store) => store.touch(key, expireDate)],
      ['delete', 1, (store) => store.delete(key)],
    ]

    test.each(methods)('has %s sent so often in all: %i', async (_, requests, run) => {
      const { url, seen } = await startCounted((request) => request.socket.destroy())
      await expect(run(storeAt(url))).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
      expect(seen.length).toBe(requests)
    })

    test('is not noticed where a read goes through another one', async () => {
      let broken = 0
      const { url } = await startCounted((request) => {
        if (broken++ === 1) request.socket.destroy()
      })
      const store = storeAt(url)
      await store.create(key, { payload, expireDate })
      expect(await store.load(key)).toMatchObject({ payload })
      expect(broken).toBe(3)
    })
  })

  describe('a service that does not answer', () => {
    test('is given up when the time is over, and the connection with it', async () => {
      const over = new AbortController()
      const closed: Array<Promise<unknown>> = []
      const url = await startListener((request) => {
        closed.push(once(request.socket, 'close'))
        over.abort()
      })
      const loading = storeAt(url).load(key, { signal: over.signal })
      await expect(loading).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
      expect(closed.length).toBe(1)
      await Promise.all(closed)
    })

    test('is told as such where createDjango says how long to wait', async () => {
      const url = await startListener(() => {})
      const django = createDjango({
        settings: { secretKey },
        store: httpStore(url, { token: serviceToken, ...by }),
        storeTimeoutMs: 50,
      })
      await expect(django.sessions.get(key).load()).rejects.toMatchObject({
        code: 'ERR_STORE_TIMEOUT',
        store: 'httpStore',
        operation: 'load',
      })
    })

    test('is told from one that is not there', async () => {
      const { url, server } = await startCounted()
      server.close()
      await once(server, 'close')
      await expect(storeAt(url).load(key)).rejects.toMatchObject({
        code: 'ERR_STORE_UNAVAILABLE',
        status: 503,
        cause: { code: 'ECONNREFUSED' },
      })
    })
  })

  describe('what answers though it is no service', () => {
    test.each([200, 204, 404, 412])('is not believed when it says %i', async (status) => {
      const url = await startListener((_, response) => {
        response.writeHead(status).end()
      })
      const store = storeAt(url)
      const error = { code: 'ERR_SERVICE', answered: status }
      const next = { payload, expireDate }
      await expect(store.load(key)).rejects.toMatchObject(error)
      await expect(store.exists(key)).rejects.toMatchObject(error)
      await expect(store.create(key, next)).rejects.toMatchObject(error)
      await expect(store.update(key, next, next)).rejects.toMatchObject(error)
      await expect(store.delete(key)).rejects.toMatchObject(error)
    })

    test.each([429, 502, 503, 504])('is away when it says %i', async (status) => {
      const url = await startListener((_, response) => {
        response.writeHead(status).end('a page of a proxy')
      })
      await expect(storeAt(url).load(key)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' })
    })

    test('gets no token by sending the request elsewhere', async () => {
      const { url: elsewhere, seen } = await startCounted()
      const url = await startListener((request, response) => {
        response.writeHead(307, { location: elsewhere + request.url }).end()
      })
      await expect(storeAt(url).load(key)).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_(?:STORE_UNAVAILABLE|SERVICE)$/),
      })
      expect(seen).toEqual([])
    })
  })

  describe('the token', () => {
    test('that is wrong is an error that does not show it', async () => {
      const { url } = await startCounted()
      const token = 'planted-token-planted-token-planted-token'
      const error: unknown = await storeAt(url, { token })
        .update(key, { payload, expireDate }, { payload, expireDate })
        .catch((caught: unknown) => caught)
      expect(error).toMatchObject({ code: 'ERR_SERVICE', answered: 401, status: 500 })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/planted/)
    })

    test('may be another at each call', async () => {
      const { url } = await startCounted()
      let token = 'x'.repeat(40)
      const store = storeAt(url, { token: () => token })
      await expect(store.load(key)).rejects.toMatchObject({ answered: 401 })
      token = serviceToken
      expect(await store.load(key)).toBe(null)
    })

    test('is text that a header may hold', () => {
      for (const token of ['', 'two words', 'line\nbreak', 'ä']) {
        expect(() => storeAt('http://localhost', { token })).toThrow(/^token: /)
      }
    })
  })

  test.each([
    '',
    'sessions.internal',
    'ftp://x/',
    'http://user@x/',
    'http://x/?a=1',
    'http://x/#a',
  ])('no service is at %o', (url) => {
    expect(() => httpStore(url, { token: serviceToken, ...by })).toThrow(/^url: /)
  })

  test('a service may be below a path', async () => {
    const { url, seen } = await startCounted()
    await expect(storeAt(`${url}/below/it/`).load(key)).rejects.toMatchObject({ answered: 400 })
    expect(seen).toEqual(['GET /below/it/sessions/-'])
  })

  test('payloads are what the store behind the service keeps', async () => {
    const pickled: SessionStoreFactory = (context) => ({
      ...memoryStore()(context),
      codec: redisStore(new Redis({ lazyConnect: true }))(context).codec,
    })
    const url = await startOver(memoryStore())
    const codec: HttpStoreOptions['codec'] = (context) => pickled(context).codec
    const store = httpStore(url, { token: serviceToken, ...by, codec })
    const django = createDjango({ settings: { secretKey }, store })
    const session = django.sessions.get(null)
    session.set('name', 'Zoë 漢字')
    await session.save()
    const again = await django.sessions.get(session.key).load()
    expect(again.data).toEqual({ name: 'Zoë 漢字' })
    expect(await storeAt(url).load(session.key ?? '')).toMatchObject({
      payload: expect.stringContaining('\u0080'),
    })
  })

  test('a session goes through the service unread, and ends as it would without it', async () => {
    const { store, calls } = watchStore(memoryStore())
    const url = await startOver(store)
    const django = createDjango({
      settings: { secretKey },
      store: httpStore(url, { token: serviceToken, ...by }),
    })
    const session = django.sessions.get(null)
    session.set('theme', 'dark')
    await session.save()
    const again = await django.sessions.get(session.key).load()
    await again.change((data) => {
      data['visits'] = 1
    })
    await again.cycleKey()
    expect((await django.sessions.get(again.key).load()).data).toEqual({ theme: 'dark', visits: 1 })
    expect((await django.sessions.get(session.key).load()).key).toBe(null)
    await again.flush()
    expect(calls).toContain('delete')
    expect(await django.check()).toEqual([])
  })
})
