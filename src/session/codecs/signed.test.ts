import { deflateSync } from 'node:zlib'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { BadSignatureError, PayloadError } from '../../errors.ts'
import { prepareKey } from '../../signing/salted-hmac.ts'
import { Signer } from '../../signing/signer.ts'
import type { Codec } from '../codec.ts'
import { defaultLimits, djangoLimits, type Limits } from '../limits.ts'
import { signedCodec } from './signed.ts'

const salt = 'django.contrib.sessions.SessionStore'
const keyOf = (secret: string): Uint8Array => prepareKey(`${salt}signer`, secret)
const now = (): Date => new Date(1_781_123_818_999)

function codecOf(secrets: readonly string[], limits: Partial<Limits> = {}): Codec {
  const preparedKeys = secrets.map(keyOf)
  return signedCodec({ salt, preparedKeys, limits: { ...defaultLimits, ...limits }, now })
}

const codec = codecOf(['secret'])
const plain = new Signer({ key: 'secret', salt })

// What Django 5.2 wrote for {"a": "b", "n": 1.0} at that time with that secret.
const fromDjango = 'eyJhIjoiYiIsIm4iOjEuMH0:1wXPfW:Ulw16EoIzliZTiezTjzFe90Hb8g80q4Wf3O-eR1N7gQ'

test('writes what Django writes, and reads it', () => {
  expect(codec.encode('{"a":"b","n":1.0}')).toBe(fromDjango)
  expect(codec.decode(fromDjango)).toBe('{"a":"b","n":1.0}')
})

test('gives back any text of ASCII, whatever its length', () => {
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 2000 })
  fc.assert(fc.property(ascii, (text) => codec.decode(codec.encode(text)) === text))
})

test('compresses where that makes the text shorter', () => {
  expect(codec.encode(`{"a":"${'x'.repeat(10)}"}`)).not.toMatch(/^\./)
  const payload = codec.encode(`{"a":"${'x'.repeat(1000)}"}`)
  expect(payload).toMatch(/^\./)
  expect(payload.length).toBeLessThan(100)
})

test('reads zlib streams of any level, and what comes after one', () => {
  const text = '{"a":1}'
  for (const level of [0, 1, 9]) {
    const stream = Buffer.concat([deflateSync(text, { level }), Buffer.from('tail')])
    const body = `.${stream.toString('base64url')}:1`
    expect(codec.decode(plain.sign(body))).toBe(text)
  }
})

test('signs with the first key, and reads by all of them', () => {
  const old = codecOf(['old'])
  const both = codecOf(['secret', 'old'])
  expect(both.decode(old.encode('{}'))).toBe('{}')
  expect(codec.decode(both.encode('{}'))).toBe('{}')
  expect(() => old.decode(both.encode('{}'))).toThrow(BadSignatureError)
})

test('heeds no age of a signature', () => {
  expect(codec.decode(plain.sign('e30:1'))).toBe('{}')
  expect(codec.decode(plain.sign('e30:zzzzzzz'))).toBe('{}')
})

test('tells when a payload was signed, to the second', () => {
  expect(codec.signedAt(fromDjango)).toEqual(new Date(1_781_123_818_000))
})

describe('limits', () => {
  const limits = { payloadSize: 200, inflatedSize: 1000, depth: 3, values: 20 }
  const narrow = codecOf(['secret'], limits)
  const wide = codecOf(['secret'], djangoLimits)

  test.each([
    ['a text that stays long', `{"a":"${'abcdefghijklmnopqrstuvwxyz'.repeat(2)}${noise(90)}"}`],
    ['a text that is long once inflated', `{"a":"${'x'.repeat(1000)}"}`],
    ['many values', `{"a":[${'0,'.repeat(20)}0]}`],
    ['deep nesting', '{"a":[[[0]]]}'],
  ])('hold for %s, read or written', (_name, text) => {
    expect(wide.decode(wide.encode(text))).toBe(text)
    const read = (): unknown => narrow.format.parse(narrow.decode(wide.encode(text)))
    expect(read).toThrow(PayloadError)
    expect(() => narrow.encode(text)).toThrow(PayloadError)
  })

  test('let everything else pass, both ways', () => {
    for (const text of ['{"a":[[0]]}', `{"a":"${'x'.repeat(900)}"}`, `[${'0,'.repeat(15)}0]`]) {
      expect(narrow.decode(narrow.encode(text))).toBe(text)
    }
  })
})

/** Text that does not compress, the same at every run. */
function noise(length: number): string {
  let state = 1
  const next = (): string => {
    state = (state * 48_271) % 2_147_483_647
    return String.fromCharCode(0x30 + (state % 64))
  }
  return Array.from({ length }, next).join('').replaceAll('\\', '/')
}
