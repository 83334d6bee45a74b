import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { BadSignatureError, PayloadError } from '../../errors.ts'
import { prepareKey } from '../../signing/salted-hmac.ts'
import type { Codec } from '../codec.ts'
import { defaultLimits, type Limits } from '../limits.ts'
import { legacyCodec } from './legacy.ts'

const salt = 'django.contrib.sessionsSessionStore'

function codecOf(secrets: readonly string[], limits: Partial<Limits> = {}): Codec {
  const preparedKeys = secrets.map((secret) => prepareKey(salt, secret, 'sha1'))
  return legacyCodec({ preparedKeys, limits: { ...defaultLimits, ...limits } })
}

const codec = codecOf(['secret'])

// What Django 2.2 wrote for {"a": "b"} with that secret.
const fromDjango = 'YmI3NmRlZjYxMWEzM2Q2YzNkMTI4NjQxMWU2ZTc0NGUxZjRkMzVmMjp7ImEiOiJiIn0='

test('writes what Django 2.2 writes, and reads it', () => {
  expect(codec.encode('{"a":"b"}')).toBe(fromDjango)
  expect(codec.decode(fromDjango)).toBe('{"a":"b"}')
})

test('gives back any text of ASCII', () => {
  const ascii = fc.string({ unit: 'binary-ascii' })
  fc.assert(fc.property(ascii, (text) => codec.decode(codec.encode(text)) === text))
})

test('signs with the first key, and reads by all of them', () => {
  const both = codecOf(['new', 'secret'])
  expect(both.decode(fromDjango)).toBe('{"a":"b"}')
  expect(codecOf(['new']).decode(both.encode('{}'))).toBe('{}')
})

test('refuses a payload of another secret, or with another text', () => {
  expect(() => codecOf(['other']).decode(fromDjango)).toThrow(BadSignatureError)
  const [mac] = atob(fromDjango).split(':')
  expect(() => codec.decode(btoa(`${mac}:{"a":"c"}`))).toThrow(BadSignatureError)
})

test.each(['*', 'A', 'AA', btoa('no signature'), ''])('refuses %j as malformed', (payload) => {
  expect(() => codec.decode(payload)).toThrow(
    expect.objectContaining({ reason: 'malformed' }) as Error,
  )
})

test('does not tell when a payload was signed', () => {
  expect(codec.signedAt(fromDjango)).toBeNull()
})

test('has limits, read or written', () => {
  const narrow = codecOf(['secret'], { payloadSize: 100, values: 10 })
  expect(narrow.decode(narrow.encode('{"a":"b"}'))).toBe('{"a":"b"}')
  const long = `{"a":"${'x'.repeat(100)}"}`
  expect(() => narrow.decode(codec.encode(long))).toThrow(PayloadError)
  expect(() => narrow.encode(long)).toThrow(PayloadError)
  expect(() => narrow.encode('[0,0,0,0,0,0,0,0,0,0]')).toThrow(PayloadError)
})

test('needs a key', () => {
  expect(() => codecOf([])).toThrow(TypeError)
})
