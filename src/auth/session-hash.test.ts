import { describe, expect, test } from 'vitest'

import { prepareKey } from '../signing/salted-hmac.ts'
import {
  getSessionAuthFallbackHashes,
  getSessionAuthHash,
  matchSessionAuthHash,
  sessionHashKeySalt,
} from './session-hash.ts'

const password = 'pbkdf2_sha256$1$a$b'
const keys = { key: 'new', fallbackKeys: ['old', 'older'] }

describe('session hashes', () => {
  test('tell the present secret from former ones, and from none', () => {
    expect(matchSessionAuthHash(getSessionAuthHash(password, keys), password, keys)).toBe('current')
    for (const key of ['old', 'older']) {
      const former = getSessionAuthHash(password, { key })
      expect(matchSessionAuthHash(former, password, keys)).toBe('fallback')
    }
    const foreign = getSessionAuthHash(password, { key: 'foreign' })
    expect(matchSessionAuthHash(foreign, password, keys)).toBeNull()
    expect(matchSessionAuthHash('', password, keys)).toBeNull()
  })

  test('change with the password, and are of 64 digits', () => {
    const hash = getSessionAuthHash(password, keys)
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(matchSessionAuthHash(hash, `${password}b`, keys)).toBeNull()
    expect(matchSessionAuthHash(hash.toUpperCase(), password, keys)).toBeNull()
  })

  test('need no secret where the keys are prepared', () => {
    const preparedKeys = ['new', 'old', 'older'].map((key) => prepareKey(sessionHashKeySalt, key))
    expect(getSessionAuthHash(password, { preparedKeys })).toBe(getSessionAuthHash(password, keys))
    expect(getSessionAuthFallbackHashes(password, { preparedKeys })).toEqual(
      getSessionAuthFallbackHashes(password, keys),
    )
    expect(getSessionAuthFallbackHashes(password, { key: 'new' })).toEqual([])
  })

  test('cannot be made without a key', () => {
    for (const none of [{ key: '' }, { preparedKeys: [] }]) {
      expect(() => getSessionAuthHash(password, none)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
      )
    }
  })
})
