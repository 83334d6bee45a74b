import { inspect } from 'node:util'

import { describe, expect, test } from 'vitest'

import { BadSignatureError, ImproperlyConfiguredError } from '../errors.ts'
import { getCookieSigner } from './cookie-signer.ts'
import { preparedKeyring, secretKeyring } from './keyring.ts'
import { constantTimeCompare, prepareKey, saltedHmac, toBytes } from './salted-hmac.ts'
import { TimestampSigner } from './timestamp-signer.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const now = (): Date => new Date(1_781_123_818_000)

// What django.utils.crypto.salted_hmac answers.
test.each([
  ['md5', '904fa7ad8e9abb2668e2173bc08970ad'],
  ['sha1', '7907e9dad5aa5f98f2118059006ffed0c2edef1a'],
  ['sha256', 'f31c77b05dc8fe410de974dd05475de72eaa5a31f0f7a60aa4099ab52c7d16bb'],
  [
    'sha512',
    '7156cf82f718c7c637e8a6e9b002085d042031e6aff124e0a6a72f74d36d712da20a3cf8b1c2b0b2c2e0dbbe8d132fe9411bc4cd9a9b000895b20c5c9b7110a5',
  ],
] as const)('saltedHmac with %s', (algorithm, digest) => {
  expect(hex(saltedHmac('salt', 'välue', 'sécret', algorithm))).toBe(digest)
  expect(hex(saltedHmac('salt', toBytes('välue'), toBytes('sécret'), algorithm))).toBe(digest)
})

test('saltedHmac is by sha256 where no algorithm is named', () => {
  expect(hex(saltedHmac('salt', 'välue', 'sécret'))).toMatch(/^f31c77b0/)
})

test.each([
  ['', '', true],
  ['a', 'a', true],
  ['é😀', 'é😀', true],
  ['a', 'b', false],
  ['a', 'ab', false],
  ['', 'a', false],
  ['é', 'e\u0301', false],
  ['\ud800', 'a', false],
])('constantTimeCompare(%j, %j) is %s', (a, b, isSame) => {
  expect(constantTimeCompare(a, b)).toBe(isSame)
})

describe('the cookie signer', () => {
  // What Django's get_cookie_signer signs.
  test.each([
    [undefined, 'hello', 'hello:1wXPfW:fDU7Uc5SmQ-LAf4sKRMljfATky77dxw1O4IWjsKCumQ'],
    ['x', 'café', 'café:1wXPfW:-dSyVNCuNvt5ZF0UA3iqXTL1DfO6rL3-oryPqNWp3V8'],
  ])('with the salt %s signs %s', (salt, value, signed) => {
    const signer = getCookieSigner({ key: 'secret', now, ...(salt === undefined ? {} : { salt }) })
    expect(signer.sign(value)).toBe(signed)
    expect(signer.unsign(signed)).toBe(value)
  })

  test('has keys that no other signer has, of former secrets too', () => {
    const own = getCookieSigner({ key: 'secret', salt: 'x' })
    const other = new TimestampSigner({ key: 'secret', salt: 'x' })
    expect(() => own.unsign(other.sign('a'))).toThrow(BadSignatureError)
    const rotated = getCookieSigner({ key: 'new', fallbackKeys: ['secret'], salt: 'x' })
    expect(rotated.unsign(own.sign('a'))).toBe('a')
    expect(() => rotated.unsign(other.sign('a'))).toThrow(BadSignatureError)
  })
})

describe('a keyring', () => {
  test('derives the key of each secret, the current one first', () => {
    const keys = secretKeyring('new', ['old', toBytes('older')]).keys('saltsigner')
    const wanted = ['new', 'old', 'older'].map((secret) => hex(prepareKey('saltsigner', secret)))
    expect(keys.map(hex)).toEqual(wanted)
    const [sha1] = secretKeyring('new').keys('salt', 'sha1')
    expect(sha1).toEqual(prepareKey('salt', 'new', 'sha1'))
  })

  test('of prepared keys knows those, and names what is missing', () => {
    const ring = preparedKeyring(
      new Map([
        ['a', [prepareKey('a', 'secret')]],
        ['b', []],
      ]),
    )
    expect(ring.keys('a').map(hex)).toEqual([hex(prepareKey('a', 'secret'))])
    for (const salt of ['b', 'c']) {
      expect(() => ring.keys(salt)).toThrow(ImproperlyConfiguredError)
      expect(() => ring.keys(salt)).toThrow(`"${salt}"`)
    }
  })

  test('shows its secrets to nobody who looks', () => {
    const planted = 'planted-secret'
    const ring = secretKeyring(planted, [planted])
    const signer = new TimestampSigner({ key: planted, fallbackKeys: [planted] })
    for (const each of [ring, signer, getCookieSigner({ key: planted })]) {
      expect(inspect(each, { depth: 9, showHidden: true })).not.toContain(planted)
      expect(JSON.stringify(each)).not.toContain(planted)
    }
  })
})
