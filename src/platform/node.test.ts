import * as crypto from 'node:crypto'
import { availableParallelism } from 'node:os'

import { afterEach, describe, expect, test, vi } from 'vitest'

import { derivations, platform } from './node.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('mostAtOnce', () => {
  const cores = availableParallelism()

  test.each([
    [undefined, 2],
    ['4', 2],
    ['1', 1],
    ['3', 1],
    ['16', 14],
    ['128', 126],
    ['5000', 1022],
    ['none', 1],
    ['-1', 1],
  ])('with UV_THREADPOOL_SIZE %s leaves two threads to others: at most %d', (size, most) => {
    vi.stubEnv('UV_THREADPOOL_SIZE', size)
    expect(derivations.mostAtOnce()).toBe(Math.min(cores, most))
  })
})

/** Values of RFC 6070 and RFC 7914, and of Django's own Argon2. */
describe('derivations', () => {
  test('PBKDF2', async () => {
    const derivation = { password: bytes('password'), salt: bytes('salt'), size: 20 } as const
    const key = await derivations.pbkdf2({ ...derivation, algorithm: 'sha1', iterations: 2 })
    expect(platform.encodeHex(key)).toBe('ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957')
    const impossible = derivations.pbkdf2({ ...derivation, algorithm: 'sha1', iterations: -1 })
    await expect(impossible).rejects.toThrow(/iterations/)
  })

  test('scrypt', async () => {
    const costs = { workFactor: 16, blockSize: 1, parallelism: 1, maxMemory: 0, size: 64 }
    const key = await derivations.scrypt({ password: bytes(''), salt: bytes(''), ...costs })
    expect(platform.encodeHex(key).slice(0, 32)).toBe('77d6576238657b203b19ca42c18a0497')
    const large = { ...costs, workFactor: 2 ** 15, blockSize: 8 }
    const input = { password: bytes(''), salt: bytes(''), ...large }
    await expect(derivations.scrypt(input)).rejects.toThrow(/memory limit/)
    await expect(derivations.scrypt({ ...input, maxMemory: 2 ** 26 })).resolves.toHaveLength(64)
  })

  test('Argon2, from Node 24.7 on', async () => {
    const has = Reflect.has(crypto, 'argon2')
    expect(derivations.argon2 !== null).toBe(has)
    const key = await derivations.argon2?.({
      variety: 'argon2id',
      password: bytes('pw'),
      salt: bytes('saltsalt'),
      memory: 16,
      passes: 1,
      parallelism: 2,
      size: 32,
    })
    const text = key ? platform.encodeBase64(key) : null
    expect(text).toBe(has ? 'iYRPZwYt2IJnDcXvkPO2oCG58ZIodY5wsjqhOCqqRHk=' : null)
  })
})
