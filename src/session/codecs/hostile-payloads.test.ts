import { deflateSync, gzipSync } from 'node:zlib'

import { describe, expect, test } from 'vitest'

import { costOf, leastCost, mostHeap, mostMs, slowness } from '../../../test/fixtures/cost.ts'
import { createDjango, type Django } from '../../django.ts'
import { prepareKey } from '../../signing/salted-hmac.ts'
import { Signer } from '../../signing/signer.ts'
import { TimestampSigner } from '../../signing/timestamp-signer.ts'
import { memoryStore } from '../../stores/memory.ts'
import { defaultLimits } from '../limits.ts'
import type { SessionStore } from '../store.ts'
import { legacyCodec } from './legacy.ts'

const MiB = 1024 * 1024
const key = 'a'.repeat(32)
const signer = new TimestampSigner({ key: 'secret', salt: 'django.contrib.sessions.SessionStore' })
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** A payload with a right signature. */
const signed = (text: string): string => signer.sign(base64url(Buffer.from(text, 'latin1')))
const deflated = (bytes: Uint8Array): string => signer.sign(`.${base64url(bytes)}`)
const packed = (text: string): string => deflated(deflateSync(Buffer.from(text, 'latin1')))

const plain = new Signer({ key: 'secret', salt: 'django.contrib.sessions.SessionStore' })

interface Site {
  readonly django: Django
  readonly store: SessionStore
}

function setUp(): Site {
  let made: SessionStore | undefined
  const django = createDjango({
    settings: { secretKey: 'secret' },
    store: (context) => (made = memoryStore()(context)),
  })
  return { django, store: made as unknown as SessionStore }
}

/** What a row reads as: its data, or why it cannot be read. */
async function read({ django, store }: Site, payload: string): Promise<unknown> {
  const reasons: string[] = []
  const stop = django.on('session.corrupt', ({ reason }) => reasons.push(reason))
  await store.delete(key)
  await store.create(key, { payload, expireDate: new Date(Date.now() + 1e6) })
  const session = await django.sessions.get(key).load()
  stop()
  return reasons[0] ?? session.data
}

const repeated = (element: string, count: number): string =>
  Array.from({ length: count }, () => element).join()
const numbered = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join()

const longer = packed(`{"a":"${'x'.repeat(5000)}"}`)
const broken = deflateSync(Buffer.from(`{"a":"${'xyz'.repeat(500)}"}`))

/** Rows that read as empty, and why. */
const unreadable: Readonly<Record<string, readonly [payload: string, reason: string]>> = {
  'of another secret': [
    new TimestampSigner({ key: 'other', salt: 's' }).sign('e30'),
    'badSignature',
  ],
  'of another salt': [
    new TimestampSigner({ key: 'secret', salt: 's' }).sign('e30'),
    'badSignature',
  ],
  'with a bit of the signature turned': [
    longer.replace(/.$/, (c) => (c === 'A' ? 'E' : 'A')),
    'badSignature',
  ],
  'with the text changed': [longer.replace('.', '.A'), 'badSignature'],
  'cut short': [longer.slice(0, -1), 'badSignature'],
  'without a signature': ['e30', 'badSignature'],
  'of nothing': ['', 'badSignature'],
  'of separators': ['::::', 'badSignature'],
  'of 1 MiB of garbage': ['\u00ff:\ud800'.repeat(MiB / 3), 'badSignature'],
  'of 1 MiB of separators': [':'.repeat(MiB), 'badSignature'],
  'of more than 1 MiB': ['a'.repeat(MiB + 1), 'tooLarge'],
  'signed, with a timestamp that is none': [plain.sign('e30:!'), 'malformed'],
  'signed, without a timestamp': [plain.sign('e30'), 'malformed'],
  'signed, of 700 kB of base64 with padding inside': [
    signer.sign('A==='.repeat(175_000)),
    'notAnObject',
  ],
  'signed, of foreign characters': [signer.sign('%'.repeat(900_000)), 'notAnObject'],
  'signed, of one character': [signer.sign('A'), 'malformed'],
  'signed, of nothing': [signer.sign(''), 'notAnObject'],
  'compressed to nothing': [signer.sign('.'), 'malformed'],
  'compressed and cut short': [deflated(broken.subarray(0, -5)), 'malformed'],
  'compressed with a wrong checksum': [deflated(broken.with(broken.length - 1, 0)), 'malformed'],
  'compressed with a wrong header': [deflated(broken.with(0, 0)), 'malformed'],
  'compressed with a broken block': [deflated(broken.with(4, 255)), 'malformed'],
  'compressed by gzip': [deflated(gzipSync('{}')), 'malformed'],
  'of a picture': [signed('\u0089PNG\r\n\u001a\n'), 'notAnObject'],
  'of a pickle': [signed('\u0080\u0002}q\u0000.'), 'notAnObject'],
  'of a list': [signed('[1]'), 'notAnObject'],
  'of null': [signed('null'), 'notAnObject'],
  'of a string': [signed('"a"'), 'notAnObject'],
  'of a number': [signed(' 5'), 'notAnObject'],
  'nested 501 levels': [packed(`{"a":${'['.repeat(500)}${']'.repeat(500)}}`), 'tooDeep'],
  'nested 2 million levels': [packed(`{"a":${'['.repeat(2 * MiB - 3)}`), 'tooDeep'],
  'inflating past 4 MiB': [packed(`{"a":"${'x'.repeat(4 * MiB)}"}`), 'tooLarge'],
  'inflating past 8 MiB': [packed(`{"a":"${'x'.repeat(9 * MiB)}"}`), 'tooLarge'],
  'inflating to 64 MiB': [deflated(deflateSync(Buffer.alloc(64 * MiB))), 'tooLarge'],
  'of an 8 MiB list of zeros': [packed(`{"a":[${'0,'.repeat(4 * MiB - 5)}0]}`), 'tooLarge'],
  'of 8 MiB with NaN at the end': [
    packed(`{"a":"${'x'.repeat(8 * MiB - 20)}","b":NaN}`),
    'tooLarge',
  ],
  'of a 4 MiB list of zeros': [packed(`{"a":[${'0,'.repeat(2 * MiB - 5)}0]}`), 'tooLarge'],
  'of 4 MiB of empty objects': [packed(`{"a":[${'{},'.repeat(1.3 * MiB)}0]}`), 'tooLarge'],
  'of 50,000 keys': [packed(`{${numbered(50_000, (at) => `"k${at}":1`)}}`), 'tooLarge'],
  'of 1,000 integers of 4,000 digits': [
    packed(`{"a":[${repeated('9'.repeat(4000), 1000)}]}`),
    'tooLarge',
  ],
  'of a 4 MiB integer': [packed(`{"a":${'1'.repeat(4 * MiB - 10)}}`), 'malformed'],
  'of 4 MiB of quotes': [packed(`{${'"'.repeat(4 * MiB - 10)}`), 'malformed'],
  'of a 4 MiB string without an end': [packed(`{"a":"${'\\"'.repeat(2 * MiB - 10)}`), 'malformed'],
  'of 4 MiB of colons': [packed(`{${':'.repeat(4 * MiB - 10)}`), 'malformed'],
  'of 4 MiB of minus signs': [packed(`{"a":${'-'.repeat(4 * MiB - 10)}}`), 'malformed'],
  'of 4 MiB of zero bytes': [packed(`{${'\0'.repeat(4 * MiB - 10)}`), 'malformed'],
}

/** Rows just within the bounds: these are read. */
const readable: Readonly<Record<string, string>> = {
  'of a string of 4 MiB': packed(`{"a":"${'x'.repeat(4 * MiB - 10)}"}`),
  'of a string of 4 MiB, and NaN': packed(`{"a":"${'x'.repeat(4 * MiB - 20)}","b":NaN}`),
  'of escapes of 4 MiB': packed(`{"a":"${'\\u4e2d'.repeat(690_000)}"}`),
  'of escaped quotes of 4 MiB': packed(`{"a":"${'\\"'.repeat(2 * MiB - 10)}"}`),
  'of escaped quotes of 4 MiB, and NaN': packed(`{"a":"${'\\"'.repeat(2 * MiB - 20)}","b":NaN}`),
  'of spaces of 4 MiB, and NaN': packed(`{"a":${' '.repeat(4 * MiB - 20)}NaN}`),
  'of 99,990 zeros': packed(`{"a":[${'0,'.repeat(99_990)}0]}`),
  'of 99,990 zeros, and NaN': packed(`{"a":[${'0,'.repeat(99_990)}NaN]}`),
  'of 49,990 empty objects': packed(`{"a":[${'{},'.repeat(49_990)}0]}`),
  'of 16,650 strings': packed(`{"a":[${numbered(16_650, (at) => `"string ${at}"`)}]}`),
  'of 16,650 keys': packed(`{${numbered(16_650, (at) => `"key ${at}":1`)}}`),
  'of 16,650 keys, and NaN': packed(`{${numbered(16_650, (at) => `"key ${at}":1`)},"z":NaN}`),
  'of 16,600 integers past 2^53': packed(`{"a":[${repeated('12345678901234567890', 16_600)}]}`),
  'of 92 integers of 4,300 digits': packed(`{"a":[${repeated('9'.repeat(4300), 92)}]}`),
  'nested 500 levels': packed(`{"a":${'['.repeat(499)}${']'.repeat(499)}}`),
}

describe.each(Object.entries(unreadable))('a row %s', (_name, [payload, reason]) => {
  test(`reads as empty: ${reason}`, async () => {
    expect(await read(setUp(), payload)).toBe(reason)
  })

  test('costs at most 20 ms and 32 MiB', async () => {
    const { ms, heap } = await leastCost(setUp, (site) => read(site, payload))
    expect(ms).toBeLessThanOrEqual(mostMs)
    expect(heap).toBeLessThanOrEqual(mostHeap)
  })
})

describe.each(Object.entries(readable))('a row %s', (_name, payload) => {
  test('is read', async () => {
    expect(await read(setUp(), payload)).toBeTypeOf('object')
  })

  test('costs at most 20 ms and 32 MiB', async () => {
    const { ms, heap } = await leastCost(setUp, (site) => read(site, payload))
    expect(ms).toBeLessThanOrEqual(mostMs)
    expect(heap).toBeLessThanOrEqual(mostHeap)
  })
})

test('the form of releases before 3.1 costs no more, whatever is in it', async () => {
  const preparedKeys = [prepareKey('salt', 'secret', 'sha1')]
  const codec = legacyCodec({ preparedKeys, limits: defaultLimits })
  for (const part of ['=', 'A=', 'AA=', 'AAAA=', 'AAAA', '\u00ff', ':', '!!!!A']) {
    const payload = part.repeat(MiB / part.length)
    const run = (): void => expect(() => codec.decode(payload)).toThrow(/./)
    expect((await costOf(run)) / (await slowness())).toBeLessThanOrEqual(mostMs)
  }
})
