import { expect, test } from 'vitest'

import { joinUrl, splitUrl } from './python-url.ts'

// What urllib.parse.urlsplit answers: scheme, netloc, path, query, fragment; null for a ValueError.
test.each<[string, readonly [string, string, string, string, string] | null]>([
  ['', ['', '', '', '', '']],
  ['http://a.example/b?c#d', ['http', 'a.example', '/b', 'c', 'd']],
  ['HTTP://A.Example', ['http', 'A.Example', '', '', '']],
  ['//a.example/b', ['', 'a.example', '/b', '', '']],
  ['///a.example', ['', '', '/a.example', '', '']],
  ['http:///b', ['http', '', '/b', '', '']],
  ['http:b', ['http', '', 'b', '', '']],
  ['http:\\\\a.example', ['http', '', '\\\\a.example', '', '']],
  ['/a:b', ['', '', '/a:b', '', '']],
  ['a.b:80', ['a.b', '', '80', '', '']],
  ['1http://a', ['', '', '1http://a', '', '']],
  ['h\u00e9://a', ['', '', 'h\u00e9://a', '', '']],
  [':a', ['', '', ':a', '', '']],
  ['https://u:p@a.example:443?b', ['https', 'u:p@a.example:443', '', 'b', '']],
  ['https://a#b?c', ['https', 'a', '', '', 'b?c']],
  ['\u0000 \u001fhttp://a', ['http', 'a', '', '', '']],
  ['\u00a0http://a', ['', '', '\u00a0http://a', '', '']],
  ['ht\ntp:/\t/a\r.b', ['http', 'a.b', '', '', '']],
  ['http://a b', ['http', 'a b', '', '', '']],
  ['http://a\\b', ['http', 'a\\b', '', '', '']],
  ['http://[::1]:80/', ['http', '[::1]:80', '/', '', '']],
  ['http://[1:2:3:4:5:6:1.2.3.4]', ['http', '[1:2:3:4:5:6:1.2.3.4]', '', '', '']],
  ['http://[fe80::1%eth0]', ['http', '[fe80::1%eth0]', '', '', '']],
  ['http://[v1.a]', ['http', '[v1.a]', '', '', '']],
  ['http://[', null],
  ['http://]', null],
  ['http://[::1', null],
  ['http://[]', null],
  ['http://[1.2.3.4]', null],
  ['http://[1:2]', null],
  ['http://[1::2::3]', null],
  ['http://[1:2:3:4:5:6:7:8:9]', null],
  ['http://[12345::]', null],
  ['http://[::1.2.3.256]', null],
  ['http://[::1%]', null],
  ['http://[v1]', null],
  ['http://a\u2100b.example', null],
  ['http://a\uff03b', null],
  ['http://\u00e9.example', ['http', '\u00e9.example', '', '', '']],
])('takes %j apart', (url, parts) => {
  const split = splitUrl(url)
  const { scheme, netloc, path, query, fragment } = split ?? {}
  expect(split && [scheme, netloc, path, query, fragment]).toEqual(parts)
})

// What geturl answers of the same.
test.each([
  ['http://a.example/b?c#d', 'http://a.example/b?c#d'],
  ['HTTPS://A/?#', 'https://A/'],
  ['//a', '//a'],
  ['https://a?b', 'https://a?b'],
  ['\thttps://a\n/b;c', 'https://a/b;c'],
])('joins %j again', (url, joined) => {
  const split = splitUrl(url)
  expect(split && joinUrl(split)).toBe(joined)
})
