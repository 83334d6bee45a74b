import { describe, expect, test } from 'vitest'

import { murmur3, serverOf } from './_memcached-servers.ts'

// What pymemcache 4.0.0 answers.
const hashes: ReadonlyArray<readonly [text: string, hash: number]> = [
  ['', 0],
  ['a', 1009084850],
  ['ab', 2613040991],
  ['abc', 3017643002],
  ['abcd', 1139631978],
  ['127.0.0.1:11211-:1:django.contrib.sessions.cacheabcdefgh', 3237940567],
  ['\u043a\u043b\u044e\u0447-\u9375-\ud83d\udd11-\u00e9', 3029837076],
  [
    '\u0000\u00ff\u0000\u00ff\u0000\u00ff\u0000\u00ff\u0000\u00ff\u0000\u00ff\u0000\u00ff\u0000\u00ff\u0000\u00ff',
    484648599,
  ],
]

const places: ReadonlyArray<readonly [key: string, server: string]> = [
  [':1:key0', 'c:3'],
  [':1:key1', 'a:1'],
  [':1:key2', 'c:3'],
  [':1:key3', 'a:1'],
  [':1:key4', 'b:2'],
  [':1:key5', 'b:2'],
  [':1:key6', 'a:1'],
  [':1:key7', 'b:2'],
  [':1:key8', 'c:3'],
  [':1:key9', 'b:2'],
  [':1:key10', 'a:1'],
  [':1:key11', 'a:1'],
]

describe('servers of memcached', () => {
  test.each(hashes)('the hash of %j', (text, hash) => {
    expect(murmur3(text)).toBe(hash)
  })

  test('keys are on the servers where pymemcache looks, in whatever order those are named', () => {
    for (const servers of [
      ['a:1', 'b:2', 'c:3'],
      ['c:3', 'a:1', 'b:2'],
    ]) {
      expect(places.map(([key]) => serverOf(key, servers))).toEqual(places.map(([, it]) => it))
    }
  })

  test('of one server, that is the one', () => {
    expect(serverOf('key', ['only:1'])).toBe('only:1')
  })
})
