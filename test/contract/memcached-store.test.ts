/**
 * What only the store of memcached has to keep: its client's connections, and what it takes for a key.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import { createDjango, type Django, type SessionStore } from 'async-django'
import {
  memcachedClient,
  type MemcachedClient,
  memcachedStore,
} from 'async-django/stores/memcached'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { type OwnMemcached, startMemcached } from '../_own-memcached.ts'

const settings = { secretKey: 'a secret that only tests have, long enough for Django not to mind' }
const entry = { flags: 1, exptime: 60, bytes: 'x' }

let server: OwnMemcached
const clients: MemcachedClient[] = []
const servers: Server[] = []

beforeAll(async () => {
  server = await startMemcached()
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  for (const one of servers.splice(0)) one.close()
  await server.kill()
  await server.start()
})
afterAll(() => server.kill())

function connected(location: string = server.location): MemcachedClient {
  const client = memcachedClient(location)
  clients.push(client)
  return client
}

function open(client: MemcachedClient, storeTimeoutMs = 5000): Django {
  return createDjango({ settings, store: memcachedStore(client), storeTimeoutMs })
}

async function newSession(django: Django): Promise<string> {
  const session = await django.sessions.get(null).load()
  session.set('a', 1)
  await session.save()
  return session.key ?? ''
}

/** A server that answers as it is told. */
async function fake(answer: (socket: Socket, asked: string) => void): Promise<MemcachedClient> {
  const made = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (part) => answer(socket, part.toString('latin1')))
  })
  servers.push(made)
  await once(made.listen(0, '127.0.0.1'), 'listening')
  return connected(`127.0.0.1:${(made.address() as AddressInfo).port}`)
}

test('calls fail at once while the server is away, and go on when it is back', async () => {
  const django = open(connected())
  const key = await newSession(django)
  await server.kill()
  const startedAt = performance.now()
  for (let count = 0; count < 20; count++) {
    const loading = django.sessions.get(key).load()
    await expect(loading).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', status: 503 })
  }
  expect(performance.now() - startedAt).toBeLessThan(2000)
  await server.start()
  await expect
    .poll(() => newSession(django).catch(() => null), { timeout: 10_000 })
    .toEqual(expect.any(String))
})

test('a server that hangs holds nobody up past the time of a call', async () => {
  const django = open(connected(), 300)
  const key = await newSession(django)
  server.pause(true)
  // It stops a moment later.
  await sleep(100)
  const loads = Array.from({ length: 10 }, () => django.sessions.get(key).load())
  const ends = await Promise.allSettled(loads)
  expect(ends.map(({ status }) => status)).toEqual(loads.map(() => 'rejected'))
  server.pause(false)
  expect((await django.sessions.get(key).load()).data).toEqual({ a: 1 })
})

test('many calls at once get their own answers', async () => {
  const client = connected()
  const keys = Array.from({ length: 500 }, (_, at) => `key-${at}`)
  await Promise.all(keys.map((key) => client.add(key, { ...entry, bytes: `of ${key}` })))
  const found = await Promise.all(keys.map((key) => client.get(key)))
  expect(found.map((value) => value?.bytes)).toEqual(keys.map((key) => `of ${key}`))
  const many = await client.getMany(keys)
  expect(new Map(many.map(({ key, bytes }) => [key, bytes])).size).toBe(500)
})

test('bytes of every kind come back, also those that look like a reply', async () => {
  const client = connected()
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code))
  for (const bytes of [
    all,
    'END\r\n',
    '\r\nVALUE k 0 1 1\r\nx\r\nEND\r\n',
    '',
    'é\r\n'.repeat(9999),
  ]) {
    await client.set('k', { ...entry, bytes })
    expect((await client.get('k'))?.bytes).toBe(bytes)
  }
})

test('a reply may come in pieces, or with others', async () => {
  const reply = 'VALUE k 1 5 7\r\na\r\nb\0\r\nEND\r\n'
  const client = await fake((socket, asked) => {
    const all = reply.repeat(asked.split('gets').length - 1)
    for (const byte of all) socket.write(Buffer.from(byte, 'latin1'))
  })
  const values = await Promise.all([client.get('k'), client.get('k'), client.get('k')])
  expect(values).toEqual([1, 2, 3].map(() => ({ key: 'k', flags: 1, cas: '7', bytes: 'a\r\nb\0' })))
})

test.each(['ERROR\r\n', 'CLIENT_ERROR line too long\r\n'])(
  'after %j nothing is taken for an answer',
  async (answer) => {
    let asked = 0
    const client = await fake((socket) => {
      asked += 1
      socket.write(asked === 1 ? `${answer}VALUE k 1 1 7\r\nx\r\nEND\r\n` : 'END\r\n')
    })
    const asking = ['k', 'k'].map((key) => client.get(key))
    const both = await Promise.allSettled(asking)
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await client.get('k')).toBeNull()
  },
)

test('a session that memcached has no room for is an error, and the one there stays', async () => {
  const django = createDjango({
    settings,
    store: memcachedStore(connected()),
    limits: { payloadSize: 8 * 1024 * 1024 },
  })
  const key = await newSession(django)
  const session = await django.sessions.get(key).load()
  session.set('much', 'x'.repeat(2 * 1024 * 1024))
  await expect(session.save()).rejects.toMatchObject({ code: 'ERR_STORE' })
  expect((await django.sessions.get(key).load()).data).toEqual({ a: 1 })
})

test('keys are those that Django would ask for', async () => {
  const client = connected()
  const seen: string[] = []
  const keyFunction = (key: string): string => {
    seen.push(key)
    return key.replace('django.contrib.sessions.cache', 'ключ ').trim()
  }
  const django = createDjango({ settings, store: memcachedStore(client, { keyFunction }) })
  await expect(newSession(django)).rejects.toMatchObject({ code: 'ERR_STORE' })
  expect(await django.sessions.exists('abcdefgh')).toBe(false)
  expect(seen[0]).toMatch(/^django\.contrib\.sessions\.cache[a-z0-9]{32}$/)
  const spaceless = (key: string): string => `ключ-${key}`
  const other = createDjango({
    settings,
    store: memcachedStore(client, { keyFunction: spaceless }),
  })
  expect((await other.sessions.get(await newSession(other)).load()).data).toEqual({ a: 1 })
})

test.each([[[]], [''], ['localhost:99999']])('the servers %j are refused', (location) => {
  expect(() => memcachedClient(location)).toThrow(/servers/)
})

test('anything but a client is refused', () => {
  expect(() => memcachedStore({} as MemcachedClient)).toThrow(/memcachedClient/)
})

test('a call whose time is over ends, and with it what waits behind it', async () => {
  const client = await fake(() => {})
  const signal = AbortSignal.timeout(100)
  const over = { code: 'ETIMEDOUT' }
  await Promise.all([
    expect(client.get('k', { signal })).rejects.toMatchObject(over),
    expect(client.get('k')).rejects.toMatchObject(over),
  ])
})

test('a session whose id is not known is compared byte for byte', async () => {
  const stores: SessionStore[] = []
  createDjango({
    settings,
    store(context) {
      const store = memcachedStore(connected())(context)
      stores.push(store)
      return store
    },
  })
  const [store] = stores
  const expireDate = new Date(Date.now() + 60_000)
  const next = { payload: 'next', expireDate }
  await store?.create('abcdefgh', { payload: 'first', expireDate })
  const other = { payload: 'other', expireDate: null }
  expect(await store?.update('abcdefgh', next, other)).toMatchObject({ outcome: 'conflict' })
  expect(await store?.delete('abcdefgh', other)).toBe('conflict')
  const first = { payload: 'first', expireDate: null }
  expect(await store?.update('abcdefgh', next, first)).toMatchObject({ outcome: 'saved' })
  expect(await store?.delete('abcdefgh', { payload: 'next', expireDate: null })).toBe('deleted')
})
