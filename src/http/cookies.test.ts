import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { parseCookies, readCookie } from './cookies.ts'
import {
  type CookieAttributes,
  formatCookie,
  formatCookieDeletion,
  patchVary,
  quoteCookieValue,
} from './response-headers.ts'

// What parse_cookie answers.
test.each<[string, Record<string, string>]>([
  ['', {}],
  ['a=b', { a: 'b' }],
  ['a=b; c=d', { a: 'b', c: 'd' }],
  ['a=b;c=d', { a: 'b', c: 'd' }],
  [' a = b ', { a: 'b' }],
  ['a', { '': 'a' }],
  ['=b', { '': 'b' }],
  ['a=', { a: '' }],
  ['a=b=c', { a: 'b=c' }],
  ['a=b; a=c', { a: 'c' }],
  ['A=1; a=2', { A: '1', a: '2' }],
  [';;a=b;;', { a: 'b' }],
  ['a=b,c=d', { a: 'b,c=d' }],
  ['a=%20b+c', { a: '%20b+c' }],
  ['__proto__=x', JSON.parse('{"__proto__":"x"}') as Record<string, string>],
  ['\ta=\u00a0b\u2003', { a: 'b' }],
  ['a=\u001cb\u0085', { a: 'b' }],
  ['a=\ufeffb', { a: '\ufeffb' }],
  ['a="b c"', { a: 'b c' }],
  ['a=""', { a: '' }],
  ['a="', { a: '"' }],
  ['a="unterminated', { a: '"unterminated' }],
  ['a="b\\"c"', { a: 'b"c' }],
  ['a="b\\\\c"', { a: 'b\\c' }],
  ['a="b\\054c"', { a: 'b,c' }],
  ['a="\\303\\251"', { a: '\u00c3\u00a9' }],
  ['a="\\400\\08"', { a: '40008' }],
  ['a="\\\\054"', { a: '\\054' }],
  ['a="\\\r\\\n"', { a: '\r\\\n' }],
  ['a="\\😀"', { a: '😀' }],
  ['a=b\\054c', { a: 'b\\054c' }],
  ['"a"=b', { '"a"': 'b' }],
])('reads %j', (header, cookies) => {
  expect(Object.fromEntries(parseCookies(header))).toEqual(cookies)
  for (const [name, value] of Object.entries(cookies)) {
    expect(readCookie(header, name)?.value).toBe(value)
  }
})

describe('readCookie', () => {
  test('takes the last of several, and counts them', () => {
    expect(readCookie('a=1; b=2; a="3"', 'a')).toEqual({ value: '3', count: 2 })
    expect(readCookie('a=1', 'a')).toEqual({ value: '1', count: 1 })
  })

  test('finds no cookie by a part of its name', () => {
    expect(readCookie(null, 'a')).toBeNull()
    expect(readCookie('', 'a')).toBeNull()
    expect(readCookie('sessionid2=x; xsessionid=y; other=sessionid', 'sessionid')).toBeNull()
  })

  test('agrees with parseCookies on any header', () => {
    const piece = fc.constantFrom('a', 'b', '=', ';', ' ', '"', '\\', '\\054', '\t', 'é', '\u2028')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const header = pieces.join('')
        const cookies = parseCookies(header)
        for (const name of ['a', 'b', 'ab', 'é']) {
          expect(readCookie(header, name)?.value).toBe(cookies.get(name))
        }
      }),
    )
  })

  test('agrees with parseCookies on headers as browsers send them, or nearly so', () => {
    const value = fc.constantFrom('', 'x', 'abc-123', '"q"', '"', ' x', 'x ', 'é', '\u2028', 'a=b')
    const cookie = fc.tuple(fc.constantFrom('a', 'aa', 'b', ''), value)
    const separator = fc.constantFrom('; ', ';', '  ;  ')
    fc.assert(
      fc.property(fc.array(cookie, { maxLength: 4 }), separator, (list, between) => {
        const header = list.map(([name, text]) => `${name}=${text}`).join(between)
        const reading = readCookie(header, 'a')
        expect(reading?.value).toBe(parseCookies(header).get('a'))
        expect(reading?.count ?? 0).toBe(list.filter(([name]) => name === 'a').length)
      }),
      { numRuns: 1000 },
    )
  })

  test('takes no time over spaces inside a value', () => {
    const header = `a=x${' '.repeat(200_000)}y; b=1`
    expect(readCookie(header, 'b')?.value).toBe('1')
    expect(readCookie(header, 'a')?.value).toHaveLength(200_002)
  })
})

// What SimpleCookie().value_encode answers.
test.each([
  ['plain', 'plain'],
  ['a:b.c-d_e', 'a:b.c-d_e'],
  ["!#$%&'*+-.^_`|~:", "!#$%&'*+-.^_`|~:"],
  ['', '""'],
  ['with space', '"with space"'],
  ['a=b', '"a=b"'],
  ['(par)[br]{br}<>@/?', '"(par)[br]{br}<>@/?"'],
  ['q"uote', '"q\\"uote"'],
  ['back\\slash', '"back\\\\slash"'],
  ['semi;colon,comma', '"semi\\073colon\\054comma"'],
  ['\u0000\u0001\n\u007f', '"\\000\\001\\012\\177"'],
  ['é', '"\\351"'],
  ['\u00ff\u0100', '"\\377\u0100"'],
  ['中😀', '"中😀"'],
])('writes %j as %s', (value, quoted) => {
  expect(quoteCookieValue(value)).toBe(quoted)
})

test('values come back', () => {
  const anything = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(anything, (value) => {
      const header = `a=1; name=${quoteCookieValue(value)}; b=2`
      expect(readCookie(header, 'name')?.value).toBe(value)
    }),
  )
})

const attributes: CookieAttributes = {
  maxAge: 1_209_600,
  domain: null,
  path: '/',
  secure: false,
  httpOnly: true,
  sameSite: 'Lax',
}
const now = new Date('2026-06-10T20:36:58.999Z')

// What HttpResponse.set_cookie makes of the same.
test.each<[Partial<CookieAttributes>, string]>([
  [{}, 'expires=Wed, 24 Jun 2026 20:36:58 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax'],
  [{ maxAge: null }, 'HttpOnly; Path=/; SameSite=Lax'],
  [
    { maxAge: 2.9 },
    'expires=Wed, 10 Jun 2026 20:37:01 GMT; HttpOnly; Max-Age=2; Path=/; SameSite=Lax',
  ],
  [
    { maxAge: -5 },
    'expires=Wed, 10 Jun 2026 20:36:53 GMT; HttpOnly; Max-Age=-5; Path=/; SameSite=Lax',
  ],
  [
    { maxAge: 0, domain: '.example.com', path: '/app/', secure: true },
    'Domain=.example.com; expires=Wed, 10 Jun 2026 20:36:58 GMT; HttpOnly; Max-Age=0; Path=/app/; SameSite=Lax; Secure',
  ],
  [{ maxAge: null, httpOnly: false, sameSite: null }, 'Path=/'],
  [{ maxAge: null, httpOnly: false, sameSite: false, path: '' }, ''],
  [{ maxAge: null, httpOnly: false, sameSite: 'none' }, 'Path=/; SameSite=none'],
])('formats a cookie with %o', (some, text) => {
  const header = formatCookie('sessionid', 'a b', { ...attributes, ...some }, now)
  expect(header).toBe(['sessionid="a b"', text].filter(Boolean).join('; '))
})

// What HttpResponse.delete_cookie makes of the same.
test.each([
  ['sessionid', {}, '; SameSite=Lax'],
  ['sessionid', { sameSite: 'None' as const }, '; SameSite=None; Secure'],
  ['sessionid', { sameSite: 'none' as const }, '; SameSite=none; Secure'],
  ['sessionid', { sameSite: null }, ''],
  ['__Secure-sid', {}, '; SameSite=Lax; Secure'],
  ['__Host-sid', {}, '; SameSite=Lax; Secure'],
  ['__host-sid', {}, '; SameSite=Lax'],
])('formats the deletion of %s with %o', (name, some, end) => {
  const { domain, path, sameSite } = { ...attributes, ...some }
  expect(formatCookieDeletion(name, { domain, path, sameSite })).toBe(
    `${name}=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/${end}`,
  )
})

test('deletes a cookie where it is: with its domain and path', () => {
  const place = { domain: '.example.com', path: '/app/', sameSite: null }
  expect(formatCookieDeletion('a', place)).toBe(
    'a=""; Domain=.example.com; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/app/',
  )
})

// What patch_vary_headers makes of the same.
test.each([
  [null, 'Cookie'],
  ['', 'Cookie'],
  ['Accept-Language', 'Accept-Language, Cookie'],
  ['Cookie', 'Cookie'],
  ['cookie', 'cookie'],
  ['Cookie, Accept', 'Cookie, Accept'],
  ['Accept,Cookie', 'Accept, Cookie'],
  ['Accept-Encoding,  X-Foo', 'Accept-Encoding, X-Foo, Cookie'],
  ['*', '*'],
  ['Accept, *', '*'],
])('adds Cookie to a Vary of %j', (present, patched) => {
  expect(patchVary(present, 'Cookie')).toBe(patched)
})
