import { inspect } from 'node:util'

import { describe, expect, onTestFinished, test } from 'vitest'

import { watchStore } from '../../test/fixtures/watched-store.ts'
import { isoUtc } from '../formats/datetime.ts'
import type { SessionStoreFactory } from '../session/store.ts'
import { memoryStore } from '../stores/memory.ts'
import {
  createSessionService,
  type ServiceFailure,
  type SessionService,
  type SessionServiceOptions,
} from './session-service.ts'

const writing = 'w'.repeat(40)
const reading = 'r'.repeat(40)
const key = 'abcdefgh01234567'
const later = '2099-01-02T03:04:05.000006+00:00'

const makeService = (options: Partial<SessionServiceOptions> = {}): SessionService =>
  createSessionService({
    store: memoryStore(),
    tokens: [writing],
    readOnlyTokens: [reading],
    ...options,
  })

interface Asked {
  readonly token?: string | null
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly [header: string]: unknown
}

/** Sends `'PUT /sessions/x'`, with headers. */
function ask(service: SessionService, what: string, asked: Asked = {}): Promise<Response> {
  const { token = writing, body, ...headers } = asked
  const [method = '', path = ''] = what.split(' ')
  const request = new Request(`http://service${path}`, {
    method,
    ...(body !== undefined && { body }),
    headers: {
      ...(headers as Record<string, string>),
      ...(token !== null && { authorization: `Bearer ${token}` }),
    },
  })
  return service.fetch(request)
}

const create = (service: SessionService, body = 'first', expires = later): Promise<Response> =>
  ask(service, `PUT /sessions/${key}`, { 'if-none-match': '*', 'session-expires': expires, body })

const etagOf = (response: Response): string => response.headers.get('etag') ?? ''

describe('a session', () => {
  test('is made once, and read as it was made', async () => {
    const service = makeService()
    const made = await create(service)
    expect(made.status).toBe(201)
    expect((await create(service, 'second')).status).toBe(412)

    const read = await ask(service, `GET /sessions/${key}`)
    expect(read.status).toBe(200)
    expect(await read.text()).toBe('first')
    expect(read.headers.get('session-expires')).toBe(later)
    expect(etagOf(read)).toBe(etagOf(made))
    expect(etagOf(read)).toMatch(/^"[\w-]{43}"$/)
    expect(read.headers.get('cache-control')).toBe('no-store')
  })

  test('is not there before it is made, nor after its end', async () => {
    let now = new Date('2026-01-01T00:00:00Z')
    const service = makeService({ now: () => now })
    expect((await ask(service, `GET /sessions/${key}`)).status).toBe(404)
    await create(service)
    now = new Date('2100-01-01T00:00:00Z')
    expect((await ask(service, `GET /sessions/${key}`)).status).toBe(404)
  })

  test('exists though it has expired, as in Django', async () => {
    const service = makeService()
    expect((await ask(service, `HEAD /sessions/${key}`)).status).toBe(404)
    await create(service, 'first', '2001-01-01T00:00:00+00:00')
    expect((await ask(service, `HEAD /sessions/${key}`)).status).toBe(204)
  })

  test('is written over by who read it, and by nobody else: the answer says what stands there', async () => {
    const service = makeService()
    const etag = etagOf(await create(service))
    const put = { 'session-expires': later, 'if-match': etag }
    const saved = await ask(service, `PUT /sessions/${key}`, { ...put, body: 'ours' })
    expect(saved.status).toBe(204)

    const refused = await ask(service, `PUT /sessions/${key}`, { ...put, body: 'theirs' })
    expect(refused.status).toBe(412)
    expect(await refused.text()).toBe('ours')
    expect(etagOf(refused)).toBe(etagOf(saved))
    expect(refused.headers.get('session-expires')).toBe(later)
  })

  test('is compared with the store also where the ETag is not remembered', async () => {
    const service = makeService({ rememberedSize: 1 })
    const etag = etagOf(await create(service))
    const put = { 'session-expires': later, 'if-match': etag }
    expect((await ask(service, `PUT /sessions/${key}`, { ...put, body: 'ours' })).status).toBe(204)
    const refused = await ask(service, `PUT /sessions/${key}`, { ...put, body: 'theirs' })
    expect([refused.status, await refused.text()]).toEqual([412, 'ours'])
  })

  test('is written over in one query where the ETag is remembered', async () => {
    const { store, calls } = watchStore(memoryStore())
    const service = makeService({ store })
    const etag = etagOf(await create(service))
    const put = { 'session-expires': later, 'if-match': etag, body: 'ours' }
    await ask(service, `PUT /sessions/${key}`, put)
    expect(calls).toEqual(['create', 'update'])
  })

  test('is read again where what was remembered had to make room', async () => {
    const { store, calls } = watchStore(memoryStore())
    const service = makeService({ store, rememberedSize: 10 })
    const etag = etagOf(await create(service, 'sixsix'))
    const put = { 'session-expires': later, body: 'sixsix' }
    await ask(service, 'PUT /sessions/another0', { ...put, 'if-none-match': '*', body: 'others' })
    await ask(service, `PUT /sessions/${key}`, { ...put, 'if-match': etag })
    expect(calls).toEqual(['create', 'create', 'load', 'update'])
  })

  test('is not made by an update, nor written without a condition', async () => {
    const service = makeService()
    const put = { 'session-expires': later, body: 'x' }
    const gone = await ask(service, `PUT /sessions/${key}`, { ...put, 'if-match': '"x"' })
    expect(gone.status).toBe(404)
    expect((await ask(service, `PUT /sessions/${key}`, put)).status).toBe(428)
    const both = { ...put, 'if-match': '"x"', 'if-none-match': '*' }
    expect((await ask(service, `PUT /sessions/${key}`, both)).status).toBe(428)
    expect((await ask(service, `HEAD /sessions/${key}`)).status).toBe(404)
  })

  test('gets another end without another payload', async () => {
    const service = makeService()
    const etag = etagOf(await create(service))
    const expires = '2098-01-01T00:00:00+02:00'
    const touched = await ask(service, `POST /sessions/${key}`, { 'session-expires': expires })
    expect(touched.status).toBe(204)
    const read = await ask(service, `GET /sessions/${key}`)
    expect(read.headers.get('session-expires')).toBe('2097-12-31T22:00:00+00:00')
    expect(etagOf(read)).toBe(etag)
    const nobody = await ask(service, 'POST /sessions/nobody-knows', { 'session-expires': expires })
    expect(nobody.status).toBe(404)
  })

  test('is deleted, by condition or without one', async () => {
    const service = makeService()
    const first = etagOf(await create(service))
    const put = { 'session-expires': later, 'if-match': first, body: 'ours' }
    const second = etagOf(await ask(service, `PUT /sessions/${key}`, put))
    const remove = (etag: string): Promise<Response> =>
      ask(service, `DELETE /sessions/${key}`, { 'if-match': etag })
    expect((await remove(first)).status).toBe(412)
    expect((await remove(second)).status).toBe(204)
    expect((await remove(second)).status).toBe(404)
    await create(service)
    expect((await ask(service, `DELETE /sessions/${key}`)).status).toBe(204)
    expect((await ask(service, `GET /sessions/${key}`)).status).toBe(404)
  })

  test('is named by a header, so that no path holds its key', async () => {
    const service = makeService()
    await create(service)
    const named = await ask(service, 'GET /sessions/-', { 'session-key': key })
    expect(await named.text()).toBe('first')
    expect((await ask(service, 'GET /sessions/-')).status).toBe(400)
    expect((await ask(service, 'GET /sessions/%ff')).status).toBe(400)
  })

  test('keeps a byte order mark, and refuses what is no UTF-8', async () => {
    const service = makeService()
    await create(service, '\ufeffmarked')
    const read = await ask(service, `GET /sessions/${key}`)
    expect([...new Uint8Array(await read.arrayBuffer())].slice(0, 3)).toEqual([0xef, 0xbb, 0xbf])
    const body = new Uint8Array([0xff, 0xfe])
    const put = { 'if-none-match': '*', 'session-expires': later, body }
    expect((await ask(service, 'PUT /sessions/another1', put)).status).toBe(400)
  })

  test.each(['', 'tomorrow', '2099-01-02T03:04:05'])(
    'needs an end, and not %o',
    async (expires) => {
      expect((await create(makeService(), 'x', expires)).status).toBe(400)
    },
  )
})

test('no payload is longer than is said, whether the request tells its length or not', async () => {
  const service = makeService({ maxPayloadBytes: 100 })
  expect((await create(service, 'x'.repeat(101))).status).toBe(413)
  const chunk = new Uint8Array(40)
  let sent = 0
  const body = new ReadableStream({
    pull(controller) {
      sent += 1
      controller.enqueue(chunk)
    },
  })
  const request = new Request(`http://service/sessions/${key}`, {
    method: 'PUT',
    body,
    duplex: 'half',
    headers: {
      authorization: `Bearer ${writing}`,
      'if-none-match': '*',
      'session-expires': later,
    },
  } as RequestInit)
  expect((await service.fetch(request)).status).toBe(413)
  expect(sent).toBeLessThan(10)
  expect((await create(service, 'x'.repeat(100))).status).toBe(201)
})

describe('many sessions', () => {
  test('are read by one request, and those that are not there are left out', async () => {
    const service = makeService()
    const etag = etagOf(await create(service))
    const body = JSON.stringify({ keys: [key, 'nobody-knows', key] })
    const answer = await ask(service, 'POST /sessions', { body })
    expect(await answer.json()).toEqual({
      sessions: [{ key, payload: 'first', expires: later, etag }],
    })
  })

  test.each(['', '[]', '{"keys":"x"}', '{"keys":[1]}', `{"keys":[${'"k",'.repeat(200)}"k"]}`])(
    'are asked for in no other way: %.20s',
    async (body) => {
      expect((await ask(makeService(), 'POST /sessions', { body })).status).toBe(400)
    },
  )

  test('are cleared where they have expired by both clocks', async () => {
    const now = new Date('2026-06-01T00:00:00Z')
    const service = makeService({ now: () => now })
    await create(service, 'x', '2026-05-01T00:00:00+00:00')
    const clear = (before: string): Promise<Response> =>
      ask(service, `DELETE /sessions?expired-before=${encodeURIComponent(before)}&batch-size=10`)
    const early = await clear('2026-04-01T00:00:00+00:00')
    expect(await early.json()).toEqual({ deleted: 0, done: true })
    expect(await (await clear(isoUtc(now))).json()).toEqual({ deleted: 1, done: true })
    await create(service, 'x', '2026-07-01T00:00:00+00:00')
    const ahead = await clear('2027-01-01T00:00:00+00:00')
    expect(await ahead.json()).toEqual({ deleted: 0, done: true })
  })

  test('are not cleared by a request that does not say how', async () => {
    const service = makeService()
    for (const path of [
      '/sessions',
      '/sessions?expired-before=2026-01-01T00:00:00Z&batch-size=0',
    ]) {
      expect((await ask(service, `DELETE ${path}`)).status).toBe(400)
    }
  })
})

describe('a token', () => {
  const paths = [
    `GET /sessions/${key}`,
    `HEAD /sessions/${key}`,
    'GET /sessions',
    'POST /sessions',
    `PUT /sessions/${key}`,
    `POST /sessions/${key}`,
    `DELETE /sessions/${key}`,
    'DELETE /sessions?expired-before=2026-01-01T00:00:00Z&batch-size=1',
    'GET /anything',
  ]

  test.each(paths)('is needed to %s', async (what) => {
    const { store, calls } = watchStore(memoryStore())
    const service = makeService({ store })
    for (const token of [null, 'x'.repeat(40), writing.slice(1), `${writing}w`, '']) {
      const answer = await ask(service, what, { token })
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    }
    const basic = await ask(service, what, { token: null, authorization: `Basic ${writing}` })
    expect(basic.status).toBe(401)
    expect(calls).toEqual([])
  })

  test.each(paths.slice(0, 4))('that only reads may %s', async (what) => {
    const answer = await ask(makeService(), what, { token: reading })
    expect([401, 403]).not.toContain(answer.status)
  })

  test.each(paths.slice(4, 8))('that only reads may not %s', async (what) => {
    expect((await ask(makeService(), what, { token: reading })).status).toBe(403)
  })

  test('is good beside others, for as long as both are', async () => {
    const other = 'o'.repeat(40)
    const service = makeService({ tokens: [writing, other] })
    for (const token of [writing, other]) {
      expect((await ask(service, `HEAD /sessions/${key}`, { token })).status).toBe(404)
    }
  })

  test.each([[[]], [['short']], [[`${'x'.repeat(40)} `]], [['ä'.repeat(40)]]])(
    'is no token where it is %j',
    (tokens) => {
      expect(() => makeService({ tokens, readOnlyTokens: [] })).toThrow(/^tokens: /)
    },
  )
})

describe('a store that fails', () => {
  const failing = (error: unknown): SessionStoreFactory => {
    const { store, before } = watchStore(memoryStore())
    before('load', () => {
      throw error
    })
    return store
  }

  test.each([
    [503, 'ERR_STORE_UNAVAILABLE', Object.assign(new Error('planted'), { code: 'ECONNREFUSED' })],
    [500, 'ERR_STORE', new Error('planted')],
  ])('is answered %i, with a code and nothing else', async (status, error, thrown) => {
    const failures: ServiceFailure[] = []
    const service = makeService({
      store: failing(thrown),
      onFailure: (failure) => failures.push(failure),
    })
    const answer = await ask(service, `GET /sessions/${key}`)
    expect([answer.status, await answer.json()]).toEqual([status, { error }])
    const told = inspect(failures, { depth: 9, showHidden: true })
    expect(told).toContain(error)
    expect(told).not.toContain('planted')
    expect(told).not.toContain(key)
    expect(told).not.toContain(writing)
  })

  test('is given up in time', async () => {
    const { store, before } = watchStore(memoryStore())
    let letGo = (): void => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    onTestFinished(letGo)
    before('load', () => held)
    const service = makeService({ store, storeTimeoutMs: 20 })
    const answer = await ask(service, `GET /sessions/${key}`)
    expect([answer.status, await answer.json()]).toEqual([503, { error: 'ERR_STORE_TIMEOUT' }])
  })

  test('makes the service alive and not ready', async () => {
    const { store, before } = watchStore(memoryStore())
    before('exists', () => {
      throw Object.assign(new Error('planted'), { code: 'ECONNREFUSED' })
    })
    const service = makeService({ store })
    expect((await ask(service, 'GET /health', { token: null })).status).toBe(200)
    expect((await ask(service, 'GET /ready', { token: null })).status).toBe(503)
  })
})

test('whether it is ready is asked once for many, and ends when it retires', async () => {
  const { store, calls } = watchStore(memoryStore())
  const service = makeService({ store })
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => ask(service, 'GET /ready', { token: null })),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  expect(calls).toEqual(['exists'])
  service.retire()
  expect((await ask(service, 'GET /ready', { token: null })).status).toBe(503)
  expect((await ask(service, `HEAD /sessions/${key}`)).status).toBe(404)
})

test.each(['compareAndSwap', 'revoke', 'touch'] as const)(
  'a store that cannot %s is refused',
  (capability) => {
    const store: SessionStoreFactory = (context) => {
      const real = memoryStore()(context)
      return { ...real, can: { ...real.can, [capability]: false } }
    }
    expect(() => makeService({ store })).toThrow(/createSessionService/)
  },
)

test('what is not known is refused', async () => {
  const service = makeService()
  expect((await ask(service, `PATCH /sessions/${key}`)).status).toBe(405)
  expect((await ask(service, 'PUT /sessions')).status).toBe(405)
  expect((await ask(service, `GET /sessions/${key}/more`)).status).toBe(400)
  expect((await ask(service, 'GET /')).status).toBe(400)
})

test.each(['storeTimeoutMs', 'maxPayloadBytes', 'rememberedSize'] as const)(
  '%s is a whole number above 0',
  (option) => {
    for (const value of [0, -1, 1.5, Number.NaN]) {
      expect(() => makeService({ [option]: value })).toThrow(new RegExp(`^${option}: `))
    }
  },
)
