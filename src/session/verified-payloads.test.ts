import { afterEach, describe, expect, test, vi } from 'vitest'

import { AsyncDjangoError, BadSignatureError, PayloadError } from '../errors.ts'
import { prepareKey } from '../signing/salted-hmac.ts'
import { type Codec, jsonFormat } from './codec.ts'
import { legacyCodec } from './codecs/legacy.ts'
import { signedCodec } from './codecs/signed.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { type Verified, VerifiedPayloads } from './verified-payloads.ts'
import { platform } from '#platform'

const salt = 'django.contrib.sessions.SessionStore'
const legacySalt = 'django.contrib.sessionsSessionStore'

const makers: Readonly<Record<string, (secret: string, limits?: Partial<Limits>) => Codec>> = {
  signed: (secret, limits = {}) =>
    signedCodec({
      salt,
      preparedKeys: [prepareKey(`${salt}signer`, secret)],
      limits: { ...defaultLimits, ...limits },
      now: () => new Date(),
    }),
  legacy: (secret, limits = {}) =>
    legacyCodec({
      preparedKeys: [prepareKey(legacySalt, secret, 'sha1')],
      limits: { ...defaultLimits, ...limits },
    }),
}

/** Counts the signatures that are worked out. */
function countHmacs(): () => number {
  const spies = [vi.spyOn(platform, 'hmac'), vi.spyOn(platform, 'hmacBase64url')]
  return () => spies.reduce((sum, { mock }) => sum + mock.calls.length, 0)
}

afterEach(() => {
  vi.restoreAllMocks()
})

const text = `{"a":"${'x'.repeat(200)}"}`

/** The same text with another character at one place. */
function turned(payload: string, at: number): string {
  const other = payload[at] === 'A' ? 'B' : 'A'
  return payload.slice(0, at) + other + payload.slice(at + 1)
}

function decoding(codec: Codec): (payload: string) => string {
  const verified = new VerifiedPayloads(codec)
  return (payload) => verified.open(payload).text
}

test.each(Object.entries(makers))(
  '%s: a payload that comes again is not verified again',
  (...of) => {
    const [, make] = of
    const codec = make('secret')
    const decode = decoding(codec)
    const payload = codec.encode(text)
    const hmacs = countHmacs()
    const inflates = vi.spyOn(platform, 'inflate')
    for (let time = 0; time < 3; time++) expect(decode(payload)).toBe(text)
    expect(hmacs()).toBe(1)
    expect(inflates.mock.calls.length).toBeLessThanOrEqual(1)
  },
)

test.each(Object.entries(makers))('%s: what was written is verified when it is read', (...of) => {
  const [, make] = of
  const codec = make('secret')
  const decode = decoding(codec)
  const payload = codec.encode(text)
  const hmacs = countHmacs()
  decode(payload)
  expect(hmacs()).toBe(1)
})

test.each(Object.entries(makers))(
  '%s: a forgery of a known payload is refused each time',
  (...of) => {
    const [, make] = of
    const codec = make('secret')
    const decode = decoding(codec)
    const payload = codec.encode(text)
    decode(payload)
    // The last bits of base64 say nothing.
    const forgeries = Array.from(payload.slice(0, -4), (_, at) => turned(payload, at))
    forgeries.push(payload.slice(0, -4), `AAAA${payload}`, make('other').encode(text))
    for (const forgery of [...forgeries, ...forgeries]) {
      expect(() => decode(forgery)).toThrow(AsyncDjangoError)
    }
    expect(decode(payload)).toBe(text)
  },
)

test.each(Object.entries(makers))('%s: what one reads, other keys or limits refuse', (...of) => {
  const [, make] = of
  const codec = make('secret')
  const decode = decoding(codec)
  const payload = codec.encode(text)
  decode(payload)
  expect(() => decoding(make('other'))(payload)).toThrow(BadSignatureError)
  expect(() => decoding(make('secret', { payloadSize: 20 }))(payload)).toThrow(PayloadError)
})

/** Decodes as asked, and counts how often it is asked. */
function counting(size: number): { decode: (payload: string) => string; count: () => number } {
  const decode = vi.fn<(payload: string) => string>((payload) => payload.padEnd(size))
  return { decode: decoding(codecOf(decode)), count: () => decode.mock.calls.length }
}

test('keeps 10,000 usual sessions', () => {
  const { decode, count } = counting(300)
  for (let time = 0; time < 2; time++) {
    for (let key = 0; key < 10_000; key++) decode(String(key).padEnd(304))
  }
  expect(count()).toBe(10_000)
})

test.each([
  ['characters', 100_000],
  ['entries', 0],
])('keeps so many %s and no more', (_name, size) => {
  const { decode, count } = counting(size)
  const many = size === 0 ? 200_000 : 500
  for (let key = 0; key < many; key++) decode(String(key))
  expect(count()).toBe(many)
  decode('0')
  expect(count()).toBe(many + 1)
})

test('keeps what is asked for again and again, whatever else comes', () => {
  const { decode, count } = counting(100_000)
  for (let key = 0; key < 1000; key++) {
    decode(String(key))
    decode('hot')
  }
  expect(count()).toBe(1001)
})

test('does not keep what is so large that it would push all else out', () => {
  const { decode, count } = counting(1024 * 1024)
  decode('a')
  decode('a')
  expect(count()).toBe(2)
})

test('keeps no refusal', () => {
  const decode = vi.fn<(payload: string) => string>(() => {
    throw new BadSignatureError('no')
  })
  const again = decoding(codecOf(decode))
  expect(() => again('a')).toThrow(BadSignatureError)
  decode.mockReturnValueOnce('{}')
  expect(again('a')).toBe('{}')
})

describe('data of a payload that comes again', () => {
  test.each([
    '{"a":[1,{"b":"c"}]}',
    '{"a":1.0,"b":12345678901234567890}',
    '{"a":NaN}',
    '{"a":-0}',
    '{"a":"Infinity"}',
    '{"__proto__":1}',
  ])('is what the text says, each time: %s', (of) => {
    const open = opening(codecOf(() => of))
    const { parse } = jsonFormat()
    for (let time = 0; time < 3; time++) expect(open('payload').parse()).toEqual(parse(of))
  })

  test('is shared by nobody', () => {
    const open = opening(codecOf(() => '{"a":{"b":1}}'))
    const [one, two, three] = [open('payload'), open('payload'), open('payload')].map((it) =>
      it.parse(),
    ) as [{ a: object }, { a: object }, { a: object }]
    expect(new Set([one, two, three, one.a, two.a, three.a]).size).toBe(6)
  })

  test('is refused each time where it cannot be read', () => {
    for (const bad of ['{', '{"a":NaN', `{"a":${'['.repeat(600)}${']'.repeat(600)}}`]) {
      const open = opening(codecOf(() => bad))
      for (let time = 0; time < 3; time++) expect(() => open('p').parse()).toThrow(PayloadError)
    }
  })

  test('is looked through once', () => {
    const isNative = vi.fn<(text: string) => boolean>(() => true)
    const open = opening(codecOf(() => '{"a":1}', { format: { ...jsonFormat(), isNative } }))
    for (let time = 0; time < 3; time++) expect(open('payload').parse()).toEqual({ a: 1 })
    expect(isNative).toHaveBeenCalledOnce()
  })
})

test('payloads of one handle are told apart', () => {
  const decode = vi.fn<(payload: string) => string>((payload) => `{"a":"${payload}"}`)
  const open = opening(codecOf(decode, { handleOf: (payload) => payload.slice(-1) }))
  for (let time = 0; time < 2; time++) {
    expect(open('one:x').text).toBe('{"a":"one:x"}')
    expect(open('two:x').text).toBe('{"a":"two:x"}')
  }
})

function codecOf(decode: Codec['decode'], rest: Partial<Codec> = {}): Codec {
  return {
    name: 'test',
    format: jsonFormat(),
    encode: String,
    signedAt: () => null,
    decode,
    ...rest,
  }
}

function opening(codec: Codec): (payload: string) => Verified {
  const verified = new VerifiedPayloads(codec)
  return (payload) => verified.open(payload)
}
