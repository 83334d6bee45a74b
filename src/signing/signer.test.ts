import { deflateSync } from 'node:zlib'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { BadSignatureError, PayloadError } from '../errors.ts'
import { prepareKey } from './salted-hmac.ts'
import { packJson, Signer, type SignerOptions, unpackJson } from './signer.ts'

const signer = new Signer({ key: 'secret' })

// What django.core.signing.Signer writes with the same secret.
test.each<[Omit<SignerOptions, 'key' | 'preparedKeys'>, string, string]>([
  [{}, 'hello', 'hello:FRBs_KKrjaVe9zJEdlQdiuJ2n9jBEsFOL1Capquoa18'],
  [{ salt: 'sält' }, 'héllo', 'héllo:_LCSST2c1Go8c4Vnfx8yWFEyQFXZdNZFY8Xs4uR3Y6I'],
  [{ sep: '/' }, 'a:b', 'a:b/4H1SO0c_rJOyoVn4iBV8eyKiDHClkKf04JAfggtNGkE'],
  [{ algorithm: 'sha1' }, 'hello', 'hello:AmyOTQY9JAikz0u2GebORkTo4LA'],
  [
    { algorithm: 'sha512' },
    '',
    ':_Ix97at2LbwnnFYmQW1SdoK6OXG1llHIuHk7-0T1tFD1emCxXY8ZhAm0oy4LBW-ZYCHGK1OpW36ADHacVNZJ9A',
  ],
])('with %o signs %j', (options, value, signed) => {
  const made = new Signer({ key: 'secret', ...options })
  expect(made.sign(value)).toBe(signed)
  expect(made.unsign(signed)).toBe(value)
})

test('a salt that is empty is none', () => {
  expect(new Signer({ key: 'secret', salt: '' }).salt).toBe('django.core.signing.Signer')
})

test('secrets are text or bytes', () => {
  const bytes = new TextEncoder().encode('sécret')
  const signed = new Signer({ key: 'sécret' }).sign('x')
  expect(new Signer({ key: bytes }).sign('x')).toBe(signed)
  const odd = new Signer({ key: Uint8Array.of(0xe7, 0xff) })
  expect(odd.unsign(odd.sign('x'))).toBe('x')
})

test('prepared keys sign as their secrets do', () => {
  const keys = ['secret', 'old'].map((each) => prepareKey('saltsigner', each))
  const prepared = new Signer({ salt: 'salt', preparedKeys: keys })
  const own = new Signer({ salt: 'salt', key: 'secret' })
  expect(prepared.sign('x')).toBe(own.sign('x'))
  expect(prepared.unsign(new Signer({ salt: 'salt', key: 'old' }).sign('x'))).toBe('x')
})

test('any text comes back', () => {
  const anything = fc.string({ unit: 'binary' })
  fc.assert(fc.property(anything, (value) => signer.unsign(signer.sign(value)) === value))
})

describe('unsign', () => {
  const signed = signer.sign('value')
  const [, signature = ''] = signed.split(':')

  test.each([
    ['', 'of nothing'],
    ['value', 'without a signature'],
    [':', 'of a separator'],
    [`value:`, 'with an empty signature'],
    [`Value:${signature}`, 'with another value'],
    [`:${signature}`, 'without a value'],
    [` ${signed}`, 'with a space before it'],
    [`${signed} `, 'with a space after it'],
    [`${signed}=`, 'with padding'],
    [signed.slice(0, -1), 'cut short'],
    [signed.toUpperCase(), 'in capitals'],
    [signed.replace(':', '/'), 'with another separator'],
    [`value:${signature}:${signature}`, 'with two signatures'],
    [`value:\ud800${signature}`, 'with half a character'],
    [`value:${'é'.repeat(43)}`, 'of other characters'],
  ])('refuses %j: %s', (text) => {
    expect(() => signer.unsign(text)).toThrow(BadSignatureError)
  })

  test('takes every bit of the signature', () => {
    for (let at = 0; at < signature.length; at++) {
      const other = signature[at] === 'A' ? 'Q' : 'A'
      const forged = `value:${signature.slice(0, at)}${other}${signature.slice(at + 1)}`
      expect(() => signer.unsign(forged)).toThrow(BadSignatureError)
    }
  })

  test('reads by former secrets, and by no others', () => {
    const rotated = new Signer({ key: 'new', fallbackKeys: ['older', 'secret'] })
    expect(rotated.unsign(signed)).toBe('value')
    expect(() => new Signer({ key: 'new', fallbackKeys: ['older'] }).unsign(signed)).toThrow(
      BadSignatureError,
    )
    expect(() => signer.unsign(rotated.sign('value'))).toThrow(BadSignatureError)
  })

  test('tells salts and algorithms apart', () => {
    expect(() => new Signer({ key: 'secret', salt: 'other' }).unsign(signed)).toThrow(
      BadSignatureError,
    )
    expect(() => new Signer({ key: 'secret', algorithm: 'sha1' }).unsign(signed)).toThrow(
      BadSignatureError,
    )
  })

  test('says nothing of the value or the signature', () => {
    const planted = `planted-value:planted-signature`
    expect(() => signer.unsign(planted)).toThrow(
      expect.not.objectContaining({
        message: expect.stringContaining('planted') as string,
      }) as Error,
    )
  })
})

test('half a character cannot be signed, as in Python', () => {
  expect(() => signer.sign('\ud800')).toThrow(RangeError)
  expect(() => new Signer({ key: '\ud800' })).toThrow(RangeError)
})

test('what was signed for a replacement character is no signature of half a one', () => {
  const signed = signer.sign('a\ufffdb')
  expect(() => signer.unsign(signed.replace('\ufffd', '\ud800'))).toThrow(BadSignatureError)
})

// What Django refuses: nothing, and whatever could be part of a signature. Python's A-z has six signs more.
test.each(['', '-', '_', '=', 'abc', 'A', '[', '\\', ']', '^', '`', 'a1', '\n', 'a\n'])(
  'the separator %j is refused',
  (sep) => {
    expect(() => new Signer({ key: 'secret', sep })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as Error,
    )
  },
)

test('an algorithm that there is not is refused', () => {
  const algorithm = 'whatever' as 'sha256'
  expect(() => new Signer({ key: 'secret', algorithm })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as Error,
  )
})

test.each([':', '.', '|', '::', '*sep*', '\n\n', 'é'])('the separator %j is taken', (sep) => {
  const made = new Signer({ key: 'secret', sep })
  expect(made.unsign(made.sign(`a${sep}b`))).toBe(`a${sep}b`)
})

test.each<SignerOptions>([
  { key: '' },
  { key: new Uint8Array() },
  { key: 'secret', fallbackKeys: [''] },
  { preparedKeys: [] },
])('%o is no key', (options) => {
  expect(() => new Signer(options)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as Error,
  )
})

describe('signObject', () => {
  test('gives back what is JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, compress) => {
        expect(signer.unsignObject(signer.signObject(value, { compress }))).toEqual(value)
      }),
    )
  })

  test('refuses what is not', () => {
    expect(() => signer.signObject({ a: new Date() })).toThrow(TypeError)
  })

  test('compresses where that is asked for, and shorter by two bytes', () => {
    const long = 'x'.repeat(200)
    expect(signer.signObject(long)).not.toMatch(/^\./)
    expect(signer.signObject(long, { compress: true })).toMatch(/^\./)
    expect(signer.signObject('short', { compress: true })).not.toMatch(/^\./)
    const border = Array.from({ length: 40 }, (_, count) => JSON.stringify('a'.repeat(count)))
    for (const json of border) {
      const shorter = deflateSync(json).length < json.length - 1
      expect(packJson(json, true).startsWith('.')).toBe(shorter)
    }
  })

  test.each([
    ['!!!', 'no JSON'],
    ['A', 'no base64'],
    ['.AAAA', 'no zlib stream'],
    ['.', 'an empty stream'],
    [`.${deflateSync('[1]').subarray(0, -2).toString('base64url')}`, 'a stream cut short'],
  ])('what was signed as %j is unreadable: %s', (packed) => {
    expect(() => signer.unsignObject(signer.sign(packed))).toThrow(PayloadError)
  })

  test('reads more values than a session may hold', () => {
    const many = Array.from({ length: 60_000 }, () => 'a')
    expect(signer.unsignObject(signer.signObject(many, { compress: true }))).toEqual(many)
  })

  test('does not inflate past 8 MiB', () => {
    const big = packJson(`"${'x'.repeat(8 * 1024 * 1024)}"`, true)
    expect(() => signer.unsignObject(signer.sign(big))).toThrow(
      expect.objectContaining({ reason: 'tooLarge' }) as Error,
    )
  })
})

test('unpackJson is bounded by what it is told', () => {
  const packed = packJson(`"${'x'.repeat(1000)}"`, true)
  expect(unpackJson(packed, 1002)).toHaveLength(1002)
  expect(() => unpackJson(packed, 1001)).toThrow(
    expect.objectContaining({ reason: 'tooLarge' }) as Error,
  )
})
