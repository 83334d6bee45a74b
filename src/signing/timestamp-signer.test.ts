import { describe, expect, test } from 'vitest'

import { BadSignatureError, PayloadError, SignatureExpiredError } from '../errors.ts'
import { Signer } from './signer.ts'
import { dumps, loads, TimestampSigner } from './timestamp-signer.ts'

const seconds = 1_781_123_818
const at = (time: number) => (): Date => new Date(time * 1000)
const now = at(seconds + 0.999)
const signer = new TimestampSigner({ key: 'secret', now })

// What Django writes with the same secret at the same time.
test('signs the time along', () => {
  const signed = 'hello:1wXPfW:sDEUjLSNHibabdT2pkcb9bAZ6vXrAdWvOpSAYzs0BQ0'
  expect(signer.sign('hello')).toBe(signed)
  expect(signer.unsign(signed)).toBe('hello')
  const salted = new TimestampSigner({ key: 'secret', salt: 's', now })
  expect(salted.sign('')).toBe(':1wXPfW:ykKLjtHPiQtTWm4_NgYzrMK_xVaNLNDPAyImAmQKeQE')
})

test('takes the clock of the machine where it is given none', () => {
  const own = new TimestampSigner({ key: 'secret' })
  expect(own.unsign(own.sign('x'), { maxAge: 60 })).toBe('x')
})

test('may be older than the present, or younger, without a maxAge', () => {
  for (const time of [0, 1, seconds * 2, 10 ** 12]) {
    const then = new TimestampSigner({ key: 'secret', now: at(time) })
    expect(signer.unsign(then.sign('x'))).toBe('x')
    expect(signer.unsign(then.sign('x'), { maxAge: null })).toBe('x')
  }
})

describe('maxAge', () => {
  const signed = signer.sign('x')

  test.each([
    [seconds, 10],
    [seconds + 10, 10],
    [seconds + 10.25, 10.25],
    [seconds, 0],
    [seconds - 100, 0],
  ])('at %d, with %d s allowed, is not over', (time, maxAge) => {
    const later = new TimestampSigner({ key: 'secret', now: at(time) })
    expect(later.unsign(signed, { maxAge })).toBe('x')
  })

  test.each([
    [seconds + 10.25, 10],
    [seconds + 11, 10],
    [seconds + 0.001, 0],
    [seconds, -1],
  ])('at %d, with %d s allowed, is over', (time, maxAge) => {
    const later = new TimestampSigner({ key: 'secret', now: at(time) })
    expect(() => later.unsign(signed, { maxAge })).toThrow(SignatureExpiredError)
  })

  test('that is over is a bad signature, which tells the age', () => {
    const later = new TimestampSigner({ key: 'secret', now: at(seconds + 60) })
    const read = (): string => later.unsign(signed, { maxAge: 30 })
    expect(read).toThrow(BadSignatureError)
    expect(read).toThrow(
      expect.objectContaining({ code: 'ERR_SIGNATURE_EXPIRED', age: 60 }) as Error,
    )
  })

  test('makes no forged text good, however young it says it is', () => {
    expect(() => signer.unsign(signed.replace('x', 'y'), { maxAge: 1e9 })).toThrow(
      expect.objectContaining({ code: 'ERR_BAD_SIGNATURE' }) as Error,
    )
  })
})

// Django raises ValueError or IndexError for these.
test.each(['', 'x', 'x:', 'x:!', 'x:1 ', 'x: 1', 'x:--1', 'x:é'])(
  'a right signature of %j holds no time',
  (value) => {
    const signed = new Signer({ key: 'secret', salt: signer.salt }).sign(value)
    expect(() => signer.unsign(signed)).toThrow(PayloadError)
    expect(() => signer.unsign(signed, { maxAge: 10 })).toThrow(PayloadError)
  },
)

test('a time before 1970, or one of many digits, is a time', () => {
  const plain = new Signer({ key: 'secret', salt: signer.salt })
  expect(signer.unsign(plain.sign('x:-1'))).toBe('x')
  expect(signer.unsign(plain.sign(`x:${'z'.repeat(400)}`), { maxAge: 10 })).toBe('x')
  expect(() => signer.unsign(plain.sign('x:-1'), { maxAge: 10 })).toThrow(SignatureExpiredError)
})

// What dumps() of Django writes.
test.each<[unknown, string | undefined, string]>([
  [{ id: 42 }, undefined, 'eyJpZCI6NDJ9:1wXPfW:a_0zU4ZawuYGZA2U_pV3JboLdlFCslz3BO6nFU99cL8'],
  [
    [1.5, null, 'é'],
    'invitation',
    'WzEuNSxudWxsLCJcdTAwZTkiXQ:1wXPfW:hVi0FvEPDg5D5yvrLZbzIvwrOyBha-2gIFvGzfeqI9M',
  ],
])('dumps(%o) with the salt %s is %s', (value, salt, signed) => {
  const options = { key: 'secret', now, ...(salt === undefined ? {} : { salt }) }
  expect(dumps(value, options)).toBe(signed)
  expect(loads(signed, options)).toEqual(value)
  expect(() => loads(signed, { ...options, salt: 'another' })).toThrow(BadSignatureError)
})

test('loads heeds the age, and former secrets', () => {
  const signed = dumps([1], { key: 'old', now, compress: true })
  const later = { key: 'new', fallbackKeys: ['old'], now: at(seconds + 20) }
  expect(loads(signed, { ...later, maxAge: 20 })).toEqual([1])
  expect(() => loads(signed, { ...later, maxAge: 19 })).toThrow(SignatureExpiredError)
})
