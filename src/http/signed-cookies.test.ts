import { describe, expect, test } from 'vitest'

import { BadSignatureError, SignatureExpiredError } from '../errors.ts'
import { getCookieSigner } from '../signing/cookie-signer.ts'
import { signCookie, type SignedCookieOptions, unsignCookie } from './signed-cookies.ts'

const now = (): Date => new Date(1_781_123_818_000)
const key = 'secret'

/** Options for a release. */
const of = (djangoVersion: string, more: Partial<SignedCookieOptions> = {}): SignedCookieOptions =>
  ({ key, now, djangoVersion, ...more }) as SignedCookieOptions

const legacy = getCookieSigner({ key, now, salt: 'prefone' }).sign('hello')
const prefixed = getCookieSigner({ key, now, salt: 'django.http.cookies.v2:3:onepref' }).sign(
  'hello',
)

// Releases up to 5.2.14 and 6.0.5 wrote the one form, later ones the other.
test.each([
  ['4.2', legacy],
  ['5.1', legacy],
  ['5.2.14', legacy],
  ['5.2.15', prefixed],
  ['5.2', prefixed],
  ['6.0.5', legacy],
  ['6.0.6', prefixed],
  ['6.1', prefixed],
])('%s writes %s', (release, signed) => {
  expect(signCookie('pref', 'hello', of(release, { salt: 'one' }))).toBe(signed)
  expect(unsignCookie('pref', signed, of(release, { salt: 'one' }))).toBe('hello')
})

test('without a release, the newest counts', () => {
  expect(signCookie('pref', 'hello', { key, now, salt: 'one' })).toBe(prefixed)
})

describe('the salt of older releases', () => {
  test.each(['5.2', '6.0'])('is read by %s', (release) => {
    expect(unsignCookie('pref', legacy, of(release, { salt: 'one' }))).toBe('hello')
  })

  test('is not read by 6.1', () => {
    const read = (): string => unsignCookie('pref', legacy, of('6.1', { salt: 'one' }))
    expect(read).toThrow(BadSignatureError)
  })

  test('is read, or not, as the setting says', () => {
    const read = (signedCookieLegacySaltFallback: boolean) => (): string =>
      unsignCookie('pref', legacy, of('6.1', { salt: 'one', signedCookieLegacySaltFallback }))
    expect(read(true)()).toBe('hello')
    expect(read(false)).toThrow(BadSignatureError)
  })

  test('makes no expired cookie good', () => {
    const later = (): Date => new Date(now().getTime() + 11_000)
    const options = { ...of('5.2', { salt: 'one' }), now: later, maxAge: 10 }
    expect(() => unsignCookie('pref', prefixed, options)).toThrow(SignatureExpiredError)
    expect(() => unsignCookie('pref', legacy, options)).toThrow(SignatureExpiredError)
  })
})

test('name and salt cannot be moved into each other', () => {
  const signed = signCookie('ab', 'x', of('6.1', { salt: 'c' }))
  expect(() => unsignCookie('a', signed, of('6.1', { salt: 'bc' }))).toThrow(BadSignatureError)
  expect(unsignCookie('ab', signed, of('6.1', { salt: 'c' }))).toBe('x')
})

test('the salt is measured in code points', () => {
  const signed = signCookie('x', 'v', of('6.1', { salt: 'sä😀lt' }))
  const signer = getCookieSigner({ key, now, salt: 'django.http.cookies.v2:5:sä😀ltx' })
  expect(signed).toBe(signer.sign('v'))
})

test('former secrets are read', () => {
  const signed = signCookie('a', 'x', of('6.1', { key: 'old' }))
  expect(unsignCookie('a', signed, of('6.1', { fallbackKeys: ['old'] }))).toBe('x')
  expect(() => unsignCookie('a', signed, of('6.1'))).toThrow(BadSignatureError)
})

test('a signer of another purpose with the same secret cannot make one', () => {
  const signed = signCookie('a', 'x', of('6.1'))
  expect(() => unsignCookie('b', signed, of('6.1'))).toThrow(BadSignatureError)
})
