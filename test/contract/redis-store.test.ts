/**
 * What the store of Redis promises beside what all stores do, by both clients, alone and in a cluster.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'

import { createDjango, type SessionStore } from 'async-django'
import { redisStore } from 'async-django/stores/redis'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test } from 'vitest'

import { ask, type OwnRedis, startRedis, until } from '../_own-redis.ts'
import { findProgram } from '../_own-servers.ts'
import { openRedisStore, redisAddress, type RedisClientName } from '../_redis.ts'
import { storeOf } from '../_session-tables.ts'

const isMissing = findProgram('redis-server') === null && process.env['CI'] !== 'true'
if (isMissing) console.warn('What the store of Redis promises is skipped: install redis-server.')

const key = 'averysecretkeyaverysecretkey1234'
const inRedis = `:1:django.contrib.sessions.cache${key}`
const secret = '{"planted": "secret"}'
const expireDate = new Date('2031-07-01T12:00:00Z')
const unavailable = { code: 'ERR_STORE_UNAVAILABLE', status: 503 }

const ways: ReadonlyArray<{ client: RedisClientName; isCluster: boolean }> = [
  { client: 'ioredis', isCluster: false },
  { client: 'node-redis', isCluster: false },
  { client: 'ioredis', isCluster: true },
  { client: 'node-redis', isCluster: true },
]

describe.skipIf(isMissing).each(ways)('$client, cluster: $isCluster', ({ client, isCluster }) => {
  const open: Array<() => Promise<void>> = []
  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) await close()
  })

  /** A server behind a wire that can be cut, and the store that goes there. */
  async function openAll(): Promise<{ server: OwnRedis; wire: Wire; store: SessionStore }> {
    const wire = new Wire()
    const port = await wire.listen()
    open.push(async () => void (await wire.close()))
    const server = await startRedis(isCluster ? announced(port) : [])
    open.push(() => server.close())
    wire.target = server.port
    if (isCluster) await serveAllSlots(server)
    const address = redisAddress(`redis://127.0.0.1:${port}`, client, { isCluster })
    const opened = await openRedisStore(address, { serializer: 'json' })
    open.push(opened.close)
    return { server, wire, store: storeOf(opened.store) }
  }

  test('sends scripts again that the server has forgotten', async () => {
    const { server, store } = await openAll()
    const made = await store.create(key, { payload: '{}', expireDate })
    for (const payload of ['{"a": 1}', '{"a": 2}']) {
      await ask(server.port, 'SCRIPT', 'FLUSH')
      const stored = await store.load(key)
      expect(stored).not.toBeNull()
      const updated = await store.update(key, { payload, expireDate }, stored ?? fail(made))
      expect(updated).toMatchObject({ outcome: 'saved', stored: { payload } })
    }
    await ask(server.port, 'SCRIPT', 'FLUSH')
    expect(await store.delete(key, { payload: '{"a": 2}', expireDate: null })).toBe('deleted')
  })

  test('keeps every byte, and compares it', async () => {
    const { store } = await openAll()
    const payload = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('')
    await store.create(key, { payload, expireDate })
    const stored = { payload, expireDate: null }
    expect(await store.load(key)).toEqual(stored)
    const other = { payload: payload.replace('\xff', '\xfe'), expireDate: null }
    const next = { payload: '', expireDate }
    expect(await store.update(key, next, other)).toEqual({ outcome: 'conflict', current: stored })
    expect(await store.delete(key, other)).toBe('conflict')
    expect(await store.update(key, next, stored)).toMatchObject({ outcome: 'saved' })
  })

  test('lasts as long as it is told to, to the millisecond', async () => {
    const { server, store } = await openAll()
    const lasts = async (): Promise<Date> =>
      new Date(Number(await ask(server.port, 'PEXPIRETIME', inRedis)))
    const near = (date: Date, ms: number): void => {
      expect(Math.abs(date.getTime() - ms)).toBeLessThan(60_000)
    }
    const made = await store.create(key, { payload: '{}', expireDate })
    near(await lasts(), expireDate.getTime())
    const later = new Date(expireDate.getTime() + 86_400_000)
    await store.update(key, { payload: '{}', expireDate: later }, made?.stored ?? fail(made))
    near(await lasts(), later.getTime())
    await store.touch(key, expireDate)
    near(await lasts(), expireDate.getTime())
    await store.touch(key, new Date(0))
    expect(await ask(server.port, 'EXISTS', inRedis)).toBe(0)
  })

  test('does not take a write that went out twice for one of others', async () => {
    const { server, wire, store } = await openAll()
    const made = await store.create(key, { payload: '{"count": 5}', expireDate })
    const stored = made?.stored ?? fail(made)
    // The server knows the script, so that the write goes out as one command.
    await store.update(key, { payload: stored.payload, expireDate }, stored)
    wire.mute()
    const update = store.update(key, { payload: '{"count": 6}', expireDate }, stored)
    const outcome = update.then(
      (updated) => updated.outcome,
      (error: unknown) => error,
    )
    await until(async () => (await ask(server.port, 'GET', inRedis)) === '{"count": 6}')
    wire.cut()
    expect(await outcome).toMatchObject(unavailable)
    await until(() => answers(store))
    expect(await store.load(key)).toMatchObject({ payload: '{"count": 6}' })
  })

  test('fails at once while the server is away, and does then nothing later', async () => {
    const { server, wire, store } = await openAll()
    await store.create(key, { payload: '{}', expireDate })
    const port = await wire.close()
    await server.kill()
    await until(async () => !(await answers(store)))
    const late = await Promise.allSettled([
      store.create('latelatelatelatelatelatelatelate', { payload: '{}', expireDate }, soon()),
      store.delete(key, undefined, soon()),
    ])
    expect(late.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await server.start()
    await wire.listen(port)
    await until(() => answers(store))
    expect(await store.exists('latelatelatelatelatelatelatelate')).toBe(false)
    const seen = String(await ask(server.port, 'INFO', 'commandstats'))
    expect(seen).toContain('cmdstat_exists')
    expect(seen).not.toMatch(/cmdstat_(?:set|del):/)
  })

  test('tells what the server says by its code, and nothing of sessions', async () => {
    const { server, store } = await openAll()
    await ask(server.port, 'LPUSH', inRedis, secret)
    const stored = { payload: secret, expireDate: null }
    const failing = [
      () => store.load(key),
      () => store.update(key, { payload: secret, expireDate }, stored),
      () => store.delete(key, stored),
    ]
    for (const one of failing) {
      const error: unknown = await one().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'WRONGTYPE' })
      const shown = inspect(error, { depth: 9, showHidden: true })
      expect(shown).not.toContain('secret')
    }
    const django = createDjango({ settings: { secretKey: 'key' }, store: () => store })
    await expect(django.sessions.get(key).load()).rejects.toMatchObject({
      code: 'ERR_STORE',
      cause: { code: 'WRONGTYPE' },
    })
  })

  test('is looked at by check(), which proves no secret: nothing there was made with one', async () => {
    const { server, store } = await openAll()
    await ask(server.port, 'SET', inRedis, 'no session')
    const django = createDjango({ settings: { secretKey: 'key' }, store: () => store })
    expect(await django.check()).toEqual([])
    const session = await django.sessions.get(key).load()
    session.set('a', 1)
    await expect(session.save()).rejects.toMatchObject({ code: 'ERR_SECRET_MISMATCH' })
    expect(await ask(server.port, 'GET', inRedis)).toBe('no session')

    const ahead = createDjango({
      settings: { secretKey: 'key' },
      store: () => store,
      now: () => new Date(Date.now() + 3_600_000),
    })
    expect(await ahead.check()).toMatchObject([{ code: 'clock' }])
    await server.kill()
    await until(async () => !(await answers(store)))
    const waiting = createDjango({
      settings: { secretKey: 'key' },
      store: () => store,
      storeTimeoutMs: 500,
    })
    expect(await waiting.check()).toMatchObject([{ code: 'store' }])
  })
})

test.each([null, {}, { query() {} }])('refuses %j, which is no client', (client) => {
  expect(() => redisStore(client as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
  )
})

test('listens to a client once, however many stores go through it', () => {
  const client = new Redis({ lazyConnect: true })
  redisStore(client)
  const listeners = client.listenerCount('close')
  for (let at = 0; at < 20; at++) redisStore(client, { keyPrefix: String(at) })
  expect(client.listenerCount('close')).toBe(listeners)
})

/** A call whose time is soon over: a cluster's client waits for its servers. */
function soon(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(500) }
}

async function answers(store: SessionStore): Promise<boolean> {
  return store.load('nobodynobodynobodynobodynobody12', soon()).then(
    () => true,
    () => false,
  )
}

/** Settings of a cluster's only server, which clients reach through a wire. */
function announced(port: number): string[] {
  const address = ['--cluster-announce-ip', '127.0.0.1', '--cluster-announce-port', String(port)]
  return ['--cluster-enabled', 'yes', ...address]
}

async function serveAllSlots(server: OwnRedis): Promise<void> {
  await ask(server.port, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until(async () => String(await ask(server.port, 'CLUSTER', 'INFO')).includes('state:ok'))
}

function fail(what: unknown): never {
  throw new Error(`There is no session: ${String(what)}.`)
}

/** A wire to a server, over which answers can be held back, and which can be cut. */
class Wire {
  target = 0
  readonly #ends = new Set<Socket>()
  #isMute = false
  readonly #server = createServer((near) => {
    const far = createConnection(this.target, '127.0.0.1')
    for (const end of [near, far]) {
      this.#ends.add(end)
      end.on('error', () => {})
      end.on('close', () => {
        this.#ends.delete(end)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.on('data', (bytes) => {
      if (!this.#isMute) near.write(bytes)
    })
  })

  async listen(port = 0): Promise<number> {
    await once(this.#server.listen(port, '127.0.0.1'), 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  /** From now on, answers are lost. */
  mute(): void {
    this.#isMute = true
  }

  /** Cuts all connections; new ones are whole. */
  cut(): void {
    for (const end of this.#ends) end.destroy()
    this.#isMute = false
  }

  /** Answers the port, which may be listened to again. */
  async close(): Promise<number> {
    const { port } = this.#server.address() as AddressInfo
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
    return port
  }
}
