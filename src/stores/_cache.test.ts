import { describe, expect, test } from 'vitest'

import { cacheKeys } from './_cache-key.ts'
import { millisecondsUntil, secondsUntil } from './_cache-timeout.ts'

describe('cacheKeys', () => {
  test('makes the keys of each engine, as Django does', () => {
    expect(cacheKeys('cache')('abc')).toBe(':1:django.contrib.sessions.cacheabc')
    expect(cacheKeys('cached_db')('abc')).toBe(':1:django.contrib.sessions.cached_dbabc')
  })

  test('takes what Django is set to', () => {
    const options = { keyPrefix: 'shop:é', version: 'v7' }
    expect(cacheKeys('cache', options)('abc')).toBe('shop:é:v7:django.contrib.sessions.cacheabc')
    const keyFunction = (key: string, prefix: string, version: number | string): string =>
      `${version}/${prefix}/${key}`
    expect(cacheKeys('cache', { ...options, keyFunction })('abc')).toBe(
      'v7/shop:é/django.contrib.sessions.cacheabc',
    )
  })

  test.each([{ keyPrefix: 1 }, { version: 1.5 }, { version: null }, { keyFunction: 'path.to' }])(
    'refuses %j',
    (options) => {
      expect(() => cacheKeys('cache', options as object)).toThrow(
        expect.objectContaining({ setting: Object.keys(options)[0] }),
      )
    },
  )
})

describe('what is left', () => {
  const now = new Date(1_000_000)

  test.each([
    [1_000_000 + 1_209_600_000, 1_209_600_000, 1_209_600],
    [1_000_000 + 1_209_599_997, 1_209_599_997, 1_209_600],
    [1_000_001, 1, 1],
    [1_000_000, 0, 0],
    [999_000, 0, 0],
  ])('until %i is %i ms, %i s', (date, ms, seconds) => {
    expect(millisecondsUntil(new Date(date), now)).toBe(ms)
    expect(secondsUntil(new Date(date), now)).toBe(seconds)
  })
})
