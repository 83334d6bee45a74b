import { once } from 'node:events'
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as send,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { maxFormSize } from './_form-body.ts'
import { nodeFormField } from './_node-body.ts'
import { WebExchange } from './_web-exchange.ts'

/** What is asked of a request, and what its handler reads of the body afterwards. */
interface Seen {
  readonly field: string | null
  readonly size: number
}

/** Asks in the way of one kind of server. */
type Ask = (body: BodyInit | ReadableStream<Uint8Array>, type?: string) => Promise<Seen>

const server = createServer((request, response) => {
  void see(request, response).then((seen) => response.end(JSON.stringify(seen)))
})

async function see(request: IncomingMessage, response: ServerResponse): Promise<Seen> {
  const field = await nodeFormField(request, response, 'token')
  if (request.url === '/unread') return { field, size: 0 }
  let size = 0
  request.on('data', (chunk: Uint8Array) => (size += chunk.length))
  if (!request.readableEnded) await once(request, 'end')
  return { field, size }
}

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
})

afterAll(() => server.close())

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

function requestOf(to: string, body: BodyInit, type: string | undefined): Request {
  const headers: HeadersInit = type === undefined ? {} : { 'content-type': type }
  // A stream needs `duplex`, which not all types of `RequestInit` have.
  const init = { method: 'POST', body, headers, duplex: 'half' }
  return new Request(to, init)
}

const askNode: Ask = async (body, type) => {
  const response = await fetch(requestOf(url(), body, type))
  return (await response.json()) as Seen
}

const askWeb: Ask = async (body, type) => {
  const request = requestOf('http://localhost/', body, type)
  const field = await new WebExchange(request).formField('token')
  return { field, size: (await request.arrayBuffer()).byteLength }
}

function formWith(fields: ReadonlyArray<readonly [name: string, value: string | Blob]>): FormData {
  const form = new FormData()
  for (const [name, value] of fields) form.append(name, value)
  return form
}

const urlencoded = 'application/x-www-form-urlencoded'
const large = new Blob([new Uint8Array(maxFormSize + 1000)])

describe.each<[string, Ask]>([
  ['a Node request', askNode],
  ['a web request', askWeb],
])('%s', (_, ask) => {
  test.each<[string, BodyInit, string | undefined, string | null]>([
    ['urlencoded', 'a=1&token=x%20y&b=2', urlencoded, 'x y'],
    [
      'urlencoded, in capitals and with a charset',
      'token=x',
      'Application/X-WWW-Form-Urlencoded; charset=utf-8',
      'x',
    ],
    ['the last of several', 'token=1&token=2', urlencoded, '2'],
    ['an empty field', 'token=', urlencoded, ''],
    ['no such field', 'tokens=1', urlencoded, null],
    ['multipart', formWith([['token', 'x']]), undefined, 'x'],
    [
      'multipart, among files',
      formWith([
        ['file', new Blob(['token'])],
        ['token', 'x'],
      ]),
      undefined,
      'x',
    ],
    ['a file in its name', formWith([['token', new Blob(['x'])]]), undefined, null],
    [
      'before a file that is too large',
      formWith([
        ['token', 'x'],
        ['file', large],
      ]),
      undefined,
      'x',
    ],
    [
      'after a file that is too large',
      formWith([
        ['file', large],
        ['token', 'x'],
      ]),
      undefined,
      null,
    ],
    ['urlencoded and too large', `token=x&b=${'b'.repeat(maxFormSize)}`, urlencoded, null],
    ['multipart that is none', 'token=x', 'multipart/form-data; boundary=b', null],
    ['multipart without a boundary', 'token=x', 'multipart/form-data', null],
    ['no form', '{"token":"x"}', 'application/json', null],
  ])('%s', async (_name, body, type, field) => {
    // Written once, as each writing has a boundary of its own.
    const written = new Response(body)
    const bytes = await written.arrayBuffer()
    const seen = await ask(bytes, type ?? String(written.headers.get('content-type')))
    expect(seen).toEqual({ field, size: bytes.byteLength })
  })

  test('a body that comes in parts', async () => {
    const parts = ['to', 'ken=x', '&b=1']
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        const part = parts.shift()
        if (part === undefined) controller.close()
        else controller.enqueue(new TextEncoder().encode(part))
      },
    })
    expect(await ask(body, urlencoded)).toEqual({ field: 'x', size: 11 })
  })

  test('an empty body', async () => {
    expect(await ask('', urlencoded)).toEqual({ field: null, size: 0 })
  })
})

describe('a body that was parsed before', () => {
  const parsed = (body: unknown): IncomingMessage =>
    ({ headers: {}, readableDidRead: true, body }) as unknown as IncomingMessage

  test.each([
    [{ token: 'x' }, 'x'],
    [{ token: ['x', 'y'] }, 'y'],
    [{ token: 1 }, null],
    [{}, null],
    ['token=x', null],
    [null, null],
    [undefined, null],
  ])('%j', async (body, field) => {
    const response = {} as ServerResponse
    expect(await nodeFormField(parsed(body), response, 'token')).toBe(field)
  })
})

test('a body that nobody reads lets the next request through', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = async (path: string, size: number): Promise<string> => {
    const client = send(url() + path, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b', 'content-length': size },
    })
    client.end(Buffer.alloc(size))
    const [answer] = (await once(client, 'response')) as [IncomingMessage]
    return new Response(Readable.toWeb(answer) as ReadableStream).text()
  }
  for (const size of [maxFormSize + 400_000, maxFormSize + 400_000, 0]) {
    expect(await ask('unread', size)).toBe('{"field":null,"size":0}')
  }
  agent.destroy()
})

test('a client that goes away in the middle is no error', async () => {
  const idle = createServer()
  await once(idle.listen(0, '127.0.0.1'), 'listening')
  const asked = once(idle, 'request') as Promise<[IncomingMessage, ServerResponse]>
  const client = send({
    port: (idle.address() as AddressInfo).port,
    method: 'POST',
    headers: { 'content-type': urlencoded, 'content-length': 100 },
  })
  client.on('error', () => {})
  client.write('token=x')
  const field = nodeFormField(...(await asked), 'token')
  client.destroy()
  expect(await field).toBe(null)
  idle.close()
})
