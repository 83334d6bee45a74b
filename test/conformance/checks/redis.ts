/**
 * Checks of sessions in Redis: under which key, for how long, and as what. How keys of `cached_db`
 * are made has no public door.
 *
 * @module
 */
import { createDjango, type Django } from 'async-django'
import { type NodeRedis, redisStore } from 'async-django/stores/redis'

import { cacheKeys, defaultKeyFunction } from '../../../src/stores/_cache-key.ts'
import { djangoOf, momentOf } from '../django.ts'
import { checkValue } from '../python-value.ts'
import {
  type Check,
  type Fields,
  fieldsOf,
  releasesOf,
  same,
  text,
  type Vector,
} from '../vector.ts'

/** Checkers by kind. */
export const redisChecks: Readonly<Record<string, Check>> = {
  'cache.key': checkKey,
  'session.redis': checkSession,
}

function checkKey({ input, output }: Vector): void {
  const version = input['version'] as number | string
  const made = defaultKeyFunction(text(input, 'key'), text(input, 'key_prefix'), version)
  same('key', made, output['made'])
}

async function checkSession(vector: Vector): Promise<void> {
  const { input, output, settings } = vector
  const cache = fieldsOf(settings, 'CACHE')
  const options = {
    keyPrefix: text(cache, 'KEY_PREFIX'),
    version: Number(cache['VERSION'] ?? 1),
  }
  const sessionKey = text(input, 'session_key')
  const isCache = input['engine'] === 'cache'
  const makeKey = cacheKeys(isCache ? 'cache' : 'cached_db', options)
  same('key', makeKey(sessionKey), output['redis_key'])
  // The value of `cached_db` is that of `cache`, under another key.
  const key = cacheKeys('cache', options)(sessionKey)
  const redis = new Redis(new Map([[key, atob(text(output, 'raw_b64'))]]))
  for (const release of releasesOf(vector)) {
    const django = createDjango({
      settings: { secretKey: 'key', useTz: true, timeZone: 'UTC' },
      djangoVersion: release.split('.').slice(0, 2).join('.') as '5.2',
      djangoExact: true,
      now: () => momentOf(vector),
      store: redisStore(redis, options),
    })
    await checkRead(django, vector)
    await checkWritten(django, vector, redis)
  }
  if (!isCache) checkRow(vector)
}

async function checkRead(django: Django, { input }: Vector): Promise<void> {
  const session = await django.sessions.get(text(input, 'session_key')).load()
  same('key', session.key, input['session_key'])
  if (!isOther(input)) checkValue(session.data, text(input, 'data_json'))
}

/** What Django pickled goes back as the same bytes, and lasts as long. */
async function checkWritten(django: Django, vector: Vector, redis: Redis): Promise<void> {
  const { input, output } = vector
  const session = await django.sessions.get(text(input, 'session_key')).load()
  await session.save({ force: true })
  const [written] = redis.written.splice(0)
  // Django tells whole seconds.
  same('seconds', Math.floor((written?.ms ?? 0) / 1000), output['ttl'])
  same('value', btoa(written?.value ?? ''), output['raw_b64'])
}

/** Keys of Python that JSON shows as text, and tuples, which it shows as lists. */
function isOther(input: Fields): boolean {
  return input['data_repr'] !== null
}

function checkRow(vector: Vector): void {
  const { input, output, settings } = vector
  const { CACHE: _cache, ...others } = settings
  const { codecs } = djangoOf({ ...vector, settings: others })
  const json = codecs.signed().decode(text(output, 'db_session_data'))
  if (!isOther(input)) checkValue(codecs.signed().format.parse(json), text(input, 'data_json'))
}

interface Written {
  readonly value: string
  readonly ms: number
}

/** As much of a client as these checks need: it reads, and takes every script for a write. */
class Redis implements NodeRedis {
  readonly isReady = true
  readonly written: Written[] = []
  readonly #values: ReadonlyMap<string, string>

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values
  }

  on(): void {}

  async sendCommand(args: Parameters<NodeRedis['sendCommand']>[0]): Promise<unknown> {
    const [name, ...rest] = args
    if (name === 'GET') return asBytes(this.#values.get(String(rest[0])))
    if (name !== 'EVALSHA') throw new TypeError(`No check needs ${String(name)}.`)
    const [, , , , next, ms] = rest
    this.written.push({ value: asText(next), ms: Number(ms) })
    return 1
  }
}

function asBytes(value: string | undefined): Uint8Array | null {
  return value === undefined ? null : Uint8Array.from(value, (character) => character.charCodeAt(0))
}

function asText(bytes: string | Uint8Array | undefined): string {
  return String.fromCharCode(...(bytes as Uint8Array))
}
