import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { decodeBase64, decodeBase64url } from './base64.ts'

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const malformed = expect.objectContaining({ reason: 'malformed' }) as Error

// What base64.b64decode of Python 3.13 answers.
test.each([
  ['', ''],
  ['QUJD', 'ABC'],
  ['QUI=', 'AB'],
  ['QQ==', 'A'],
  ['QR==', 'A'],
  ['+/+/', '\u00fb\u00ff\u00bf'],
  ['QUJD=', 'ABC'],
  ['QUJD==', 'ABC'],
  ['QQ===', 'A'],
  ['====', ''],
  ['=QUJD', 'ABC'],
  ['QU=JD', 'ABC'],
  ['QUJ=D=', 'ABC'],
  ['QQ==QQ==', 'A\u0004\u0010'],
  ['QU JD\n', 'ABC'],
  ['QU-JD_', 'ABC'],
  ['QUéJD', 'ABC'],
  ['QUI=\n', 'AB'],
  ['QU\n==', 'A'],
  ['%%%%', ''],
])('decodeBase64 reads %j', (text, read) => {
  expect(latin1(decodeBase64(text))).toBe(read)
})

test.each(['A', 'QQ', 'QUI', 'QUJDQ', 'QUJDQQ', 'QQ=', 'Q===', 'QQ=Q', 'QQ==QUJD', 'A%%%'])(
  'decodeBase64 refuses %j, as Python does',
  (text) => {
    expect(() => decodeBase64(text)).toThrow(malformed)
  },
)

// What Django's b64_decode answers: padding is added by the length of the whole text.
test.each([
  ['', ''],
  ['QUJD', 'ABC'],
  ['QUI', 'AB'],
  ['QQ', 'A'],
  ['-_-_', '\u00fb\u00ff\u00bf'],
  ['+/-_', '\u00fb\u00ff\u00bf'],
  ['QU JD', 'ABC'],
  ['QU=JD', 'ABC'],
  ['QUI=', 'AB'],
  ['QQ=', 'A'],
])('decodeBase64url reads %j', (text, read) => {
  expect(latin1(decodeBase64url(text))).toBe(read)
})

test.each(['Q', 'QUJDR', 'Q!UI', 'A==='])('decodeBase64url refuses %j', (text) => {
  expect(() => decodeBase64url(text)).toThrow(malformed)
})

test('bytes come back from either form', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const buffer = Buffer.from(bytes)
      expect(Buffer.from(decodeBase64(buffer.toString('base64')))).toEqual(buffer)
      expect(Buffer.from(decodeBase64url(buffer.toString('base64url')))).toEqual(buffer)
    }),
  )
})

test('foreign characters in padded text change nothing', () => {
  const foreign = fc.string({ unit: fc.constantFrom(' ', '\n', '%', '\u00e9', '€') })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), foreign, fc.nat(), (bytes, noise, place) => {
      const text = Buffer.from(bytes).toString('base64')
      const at = place % (text.length + 1)
      const noisy = text.slice(0, at) + noise + text.slice(at)
      expect(Buffer.from(decodeBase64(noisy))).toEqual(Buffer.from(bytes))
    }),
  )
})
