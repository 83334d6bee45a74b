import { once } from 'node:events'
import { connect } from 'node:net'

import { describe, expect, onTestFinished, test } from 'vitest'

import { headerValues, RawClient } from '../../test/fixtures/raw-http.ts'
import { watchStore } from '../../test/fixtures/watched-store.ts'
import type { SessionStoreFactory } from '../session/store.ts'
import { memoryStore } from '../stores/memory.ts'
import { serveSessions, type ServeOptions, type SessionServer } from './node.ts'
import { createSessionService } from './session-service.ts'

const token = 't'.repeat(40)
const expires = '2099-01-01T00:00:00+00:00'

interface Served {
  readonly server: SessionServer
  readonly port: number
}

async function serve(
  store: SessionStoreFactory = memoryStore(),
  options: ServeOptions = {},
): Promise<Served> {
  const service = createSessionService({ store, tokens: [token], maxPayloadBytes: 1000 })
  const server = await serveSessions(service, { port: 0, ...options })
  onTestFinished(() => server.close())
  return { server, port: Number(new URL(server.url).port) }
}

async function open(port: number): Promise<RawClient> {
  const client = await RawClient.open(port)
  onTestFinished(() => client.destroy())
  return client
}

const head = (what: string, headers = ''): string =>
  `${what} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n${headers}`

const put = (path: string, body: string): string =>
  head(`PUT ${path}`, `If-None-Match: *\r\nSession-Expires: ${expires}\r\n`) +
  `Content-Length: ${body.length}\r\n\r\n${body}`

/** A store of which one load waits. */
function holding(): { store: SessionStoreFactory; held: Promise<void>; letGo: () => void } {
  const { store, before } = watchStore(memoryStore())
  let letGo = (): void => {}
  const released = new Promise<void>((resolve) => {
    letGo = resolve
  })
  onTestFinished(letGo)
  const held = new Promise<void>((hold) => {
    before('load', () => {
      hold()
      return released
    })
  })
  return { store, held, letGo }
}

test('answers one request after another over one connection', async () => {
  const { port } = await serve()
  const client = await open(port)
  client.send(put('/sessions/abcdefgh', 'payload'))
  await client.read()
  client.send(`${head('GET /sessions/abcdefgh')}\r\n`)
  const [made, read] = await client.read(2)
  expect([made?.status, read?.status, String(read?.body)]).toEqual([201, 200, 'payload'])
  expect(client.isClosed).toBe(false)
})

test('a payload that is too long is not taken in', async () => {
  const { port } = await serve()
  for (const request of [
    head('PUT /sessions/abcdefgh', `If-Match: "x"\r\nSession-Expires: ${expires}\r\n`) +
      'Content-Length: 1001\r\n\r\n',
    head('PUT /sessions/abcdefgh', `If-Match: "x"\r\nSession-Expires: ${expires}\r\n`) +
      `Transfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}\r\n`,
  ]) {
    const client = await open(port)
    client.send(request)
    const [answer] = await client.read()
    expect(answer?.status).toBe(413)
    expect(answer && headerValues(answer, 'connection')).toEqual(['close'])
    await client.closed
  }
})

describe('a client that does not come to the end', () => {
  test.each([
    ['of its headers', 'GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    [
      'of its body',
      head('PUT /sessions/abcdefgh', `If-Match: "x"\r\nSession-Expires: ${expires}\r\n`) +
        'Content-Length: 100\r\n\r\nhalf',
    ],
  ])('%s is not waited for', async (_, text) => {
    const { port } = await serve(memoryStore(), { requestTimeoutMs: 50 })
    const client = await open(port)
    client.send(text)
    await client.closed
    expect(client.responses.filter(({ status }) => status < 400)).toEqual([])
  })
})

describe('a server that is closed', () => {
  test('finishes what is under way, and takes no more', async () => {
    const { store, held, letGo } = holding()
    const { server, port } = await serve(store)
    const [busy, idle] = [await open(port), await open(port)]
    idle.send(`${head('GET /health')}\r\n`)
    await idle.read()
    busy.send(`${head('GET /sessions/abcdefgh')}\r\n`)
    await held

    const closing = server.close()
    await idle.closed
    const late = connect(port, '127.0.0.1')
    const [refusal] = await once(late, 'error')
    expect(Reflect.get(refusal, 'code')).toBe('ECONNREFUSED')
    expect(busy.isClosed).toBe(false)

    letGo()
    const [answer] = await busy.read()
    expect(answer?.status).toBe(404)
    expect(answer && headerValues(answer, 'connection')).toEqual(['close'])
    await closing
    await busy.closed
  })

  test('does not wait for what takes too long', async () => {
    const { store, held } = holding()
    const { server, port } = await serve(store, { shutdownMs: 20 })
    const busy = await open(port)
    busy.send(`${head('GET /sessions/abcdefgh')}\r\n`)
    await held
    await server.close()
    await busy.closed
    expect(busy.responses).toEqual([])
  })
})

test('what is no HTTP is not answered', async () => {
  const { port } = await serve()
  const client = await open(port)
  client.send('\u0016\u0003\u0001 this is no HTTP\r\n\r\n')
  await client.closed
  expect(client.bytes.length).toBe(0)
})
