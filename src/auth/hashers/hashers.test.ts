import { inspect } from 'node:util'

import type * as bcryptPackage from '@node-rs/bcrypt'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { derivations, platform } from '../../platform/node.ts'
import { argon2 } from './argon2.ts'
import { bcrypt } from './bcrypt.ts'
import { bcryptSha256 } from './bcrypt-sha256.ts'
import type { HasherRules, PasswordHasher } from './hasher.ts'
import { md5 } from './md5.ts'
import { pbkdf2Sha1 } from './pbkdf2-sha1.ts'
import { pbkdf2Sha256 } from './pbkdf2-sha256.ts'
import { scrypt } from './scrypt.ts'
import { sha1 } from './sha1.ts'
import { unsaltedMd5 } from './unsalted-md5.ts'
import { unsaltedSha1 } from './unsalted-sha1.ts'

const rules: HasherRules = { takesBytes: true, isBase64Strict: true }
const oldRules: HasherRules = { takesBytes: false, isBase64Strict: false }
const scryptParameters = { workFactor: 16, blockSize: 1, parallelism: 1, maxmem: 0 }
const argon2Parameters = { timeCost: 1, memoryCost: 16, parallelism: 2 }
const salt22 = 'abcdefghijklmnopqrstuv'

const hashers: readonly PasswordHasher[] = [
  pbkdf2Sha256({ iterations: 10 }),
  pbkdf2Sha1({ iterations: 10 }),
  argon2(argon2Parameters, rules),
  bcryptSha256({ rounds: 4 }, rules),
  bcrypt({ rounds: 4 }, rules),
  scrypt(scryptParameters, rules),
  md5(rules),
  sha1(rules),
  unsaltedMd5(rules),
  unsaltedSha1(rules),
]

const calls = vi.hoisted(() => ({ bcrypt: 0 }))

vi.mock('@node-rs/bcrypt', async (importActual) => {
  const actual = await importActual<typeof bcryptPackage>()
  const hash: typeof actual.hash = (...input) => {
    calls.bcrypt += 1
    return actual.hash(...input)
  }
  return { ...actual, hash }
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.doUnmock('@node-rs/argon2')
  vi.resetModules()
})

/** What became of a call: its answer, or the code and the reason of its error. */
async function outcome(run: () => unknown): Promise<unknown> {
  try {
    return await run()
  } catch (error) {
    return `${String(Reflect.get(error as object, 'code'))} ${String(Reflect.get(error as object, 'reason'))}`
  }
}

const malformed = 'ERR_PASSWORD_HASH malformed'
const refused = 'ERR_INVALID_ARGUMENT undefined'

describe.each(hashers.map((hasher) => [hasher.algorithm, hasher] as const))(
  '%s',
  (_name, hasher) => {
    test('verifies what it encodes, and nothing else', async () => {
      const encoded = await hasher.encode('lètmein', hasher.salt())
      expect(await hasher.verify('lètmein', encoded)).toBe(true)
      expect(await hasher.verify('lètmeim', encoded)).toBe(false)
      expect(await hasher.verify('', encoded)).toBe(false)
      expect(await hasher.verify(new TextEncoder().encode('lètmein'), encoded)).toBe(true)
      expect(hasher.mustUpdate(encoded)).toBe(false)
      expect(hasher.decode(encoded).algorithm).toBe(hasher.algorithm)
    })

    test('makes a new salt each time, of letters that a hash may hold', () => {
      const isUnsalted = hasher.algorithm.startsWith('unsalted')
      const salts = new Set(Array.from({ length: 20 }, () => hasher.salt()))
      expect(salts.size).toBe(isUnsalted ? 1 : 20)
      const form = hasher.algorithm.startsWith('bcrypt')
        ? /^\$2b\$04\$[./A-Za-z0-9]{22}$/
        : /^[A-Za-z0-9]{22}$/
      for (const salt of salts) expect(salt).toMatch(isUnsalted ? /^$/ : form)
    })

    test('takes no password that is none', async () => {
      const nothing = null as unknown as string
      await expect(hasher.encode(nothing, hasher.salt())).rejects.toMatchObject({
        code: 'ERR_INVALID_ARGUMENT',
      })
    })

    test('tells nothing of a password that it cannot take', async () => {
      const error = await hasher.encode('hunter2\uDC00', hasher.salt()).catch((it: unknown) => it)
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2')
    })
  },
)

describe('salts', () => {
  test.each(['', 'a$b', '$'])('%o is none for hashers that write it down', async (salt) => {
    const writers = hashers.filter((it) => /^(?:pbkdf2|scrypt|md5|sha1)/.test(it.algorithm))
    expect(writers).toHaveLength(5)
    for (const hasher of writers) {
      expect(await outcome(() => hasher.encode('pw', salt))).toBe(refused)
    }
  })

  test('are of letters that are all equally likely', () => {
    // 255 is no letter: 62 letters go into 248 bytes.
    const random = vi.spyOn(platform, 'randomBytes')
    random.mockImplementationOnce((size) => new Uint8Array(size).fill(255))
    random.mockImplementationOnce((size) => new Uint8Array(size).fill(247))
    expect(md5(rules).salt()).toBe('9'.repeat(22))
  })

  test('the unsalted take none', async () => {
    for (const hasher of [unsaltedMd5(rules), unsaltedSha1(rules)]) {
      expect(await outcome(() => hasher.encode('pw', 'salt'))).toBe(refused)
    }
  })

  test('those shorter than 22 characters are of former days', () => {
    const hash = (salt: string): string => `pbkdf2_sha256$10$${salt}$x`
    const hasher = pbkdf2Sha256({ iterations: 10 })
    expect(hasher.mustUpdate(hash(salt22))).toBe(false)
    expect(hasher.mustUpdate(hash(salt22.slice(1)))).toBe(true)
    // Characters are what counts, not UTF-16 units.
    expect(hasher.mustUpdate(hash('🔑'.repeat(21)))).toBe(true)
    expect(hasher.mustUpdate(hash('🔑'.repeat(22)))).toBe(false)
    expect(md5(rules).mustUpdate(`md5$${salt22.slice(1)}$x`)).toBe(true)
    // As in Django, scrypt does not look at it.
    expect(scrypt(scryptParameters, rules).mustUpdate('scrypt$16$a$1$1$x')).toBe(false)
  })
})

describe('stored hashes that cannot be', () => {
  const [pbkdf2, , , , , scrypt1, md5Hasher, sha1Hasher] = hashers as [
    PasswordHasher,
    ...PasswordHasher[],
  ]

  test.each([
    ['pbkdf2_sha256$10$salt', malformed],
    ['pbkdf2_sha256$ten$salt$x', malformed],
    ['pbkdf2_sha256$1e1$salt$x', malformed],
    ['pbkdf2_sha256$1__0$salt$x', malformed],
    ['pbkdf2_sha256$-10$salt$x', malformed],
    ['pbkdf2_sha256$2147483648$salt$x', malformed],
    ['pbkdf2_sha256$10$$x', malformed],
    ['pbkdf2_sha1$10$salt$x', malformed],
    ['pbkdf2_sha256$0$salt$x', false],
    ['pbkdf2_sha256$ 1_0 $salt$x', false],
    ['pbkdf2_sha256$+10$salt$x', false],
  ])('%s', async (encoded, wanted) => {
    expect(await outcome(() => pbkdf2.verify('pw', encoded))).toBe(wanted)
  })

  test.each([
    ['scrypt$15$salt$1$1$x', malformed],
    ['scrypt$1$salt$1$1$x', malformed],
    ['scrypt$16$salt$1$x', malformed],
    ['scrypt$16$salt$1$1$x$y', malformed],
    ['scrypt$16$$1$1$x', malformed],
    ['scrypt$16$salt$-1$1$x', malformed],
    ['scrypt$32768$salt$8$1$x', malformed],
    ['scrypt$0$salt$0$0$x', false],
  ])('%s', async (encoded, wanted) => {
    expect(await outcome(() => scrypt1?.verify('pw', encoded))).toBe(wanted)
  })

  test('costs of 0 are those of new hashes', async () => {
    const derivation = vi.spyOn(derivations, 'scrypt')
    await scrypt1?.verify('pw', 'scrypt$0$salt$0$0$x')
    const costs = { workFactor: 16, blockSize: 1, parallelism: 1 }
    expect(derivation).toHaveBeenCalledWith(expect.objectContaining(costs))
  })

  test('a hash over the memory of scrypt is read where more is allowed', async () => {
    const large = scrypt(
      { ...scryptParameters, workFactor: 2 ** 15, blockSize: 8, maxmem: 2 ** 26 },
      rules,
    )
    const encoded = await large.encode('pw', 'salt')
    expect(await large.verify('pw', encoded)).toBe(true)
    expect(await outcome(() => scrypt1?.verify('pw', encoded))).toBe(malformed)
  })

  test('digests', async () => {
    expect(await outcome(() => md5Hasher?.verify('pw', 'md5$salt'))).toBe(malformed)
    expect(await outcome(() => md5Hasher?.verify('pw', 'md5$$x'))).toBe(malformed)
    expect(await outcome(() => sha1Hasher?.verify('pw', 'sha1$salt$a$b'))).toBe(false)
    expect(await unsaltedSha1(rules).verify('pw', 'md5$$x')).toBe(false)
    expect(await outcome(() => unsaltedSha1(rules).decode('md5$$x'))).toBe(malformed)
  })

  test('are not told', async () => {
    const error = await pbkdf2.verify('pw', 'pbkdf2_sha256$hunter2').catch((it: unknown) => it)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2')
  })
})

describe('scrypt', () => {
  test.each([
    ['scrypt$16$a$1$1$x', false],
    ['scrypt$32$a$1$1$x', true],
    ['scrypt$8$a$1$1$x', true],
    ['scrypt$16$a$2$1$x', true],
    ['scrypt$16$a$1$2$x', true],
  ])('%s is to be updated: %s', (encoded, mustUpdate) => {
    expect(scrypt(scryptParameters, rules).mustUpdate(encoded)).toBe(mustUpdate)
  })
})

describe('digests', () => {
  const hex = '8fe4c11451281c094a6578e6ddbf5eed'

  test('are of the salt first, then of the password', async () => {
    expect(await md5(rules).encode('w', 'p')).toBe(`md5$p$${hex}`)
    expect(await md5(rules).verify('w', `md5$p$${hex}`)).toBe(true)
    expect(await sha1(rules).encode('w', 'p')).toBe(
      'sha1$p$1a91d62f7ca67399625a4368a6ab5d4a3baa6073',
    )
  })

  test('without a salt are bare, or after two signs', async () => {
    expect(await unsaltedMd5(rules).encode('pw', '')).toBe(hex)
    for (const encoded of [hex, `md5$$${hex}`]) {
      expect(await unsaltedMd5(rules).verify('pw', encoded)).toBe(true)
      expect(await unsaltedMd5(rules).verify('wp', encoded)).toBe(false)
    }
    expect(unsaltedMd5(rules).decode(`md5$$${hex}`)['hash']).toBe(`md5$$${hex}`)
    expect(await unsaltedMd5(rules).verify('pw', hex.toUpperCase())).toBe(false)
  })
})

describe('argon2', () => {
  const hasher = argon2(argon2Parameters, rules)
  const good =
    'argon2$argon2id$v=19$m=16,t=1,p=2$c2FsdHNhbHQ$iYRPZwYt2IJnDcXvkPO2oCG58ZIodY5wsjqhOCqqRHk'

  test.each([
    'argon2$argon2d$v=16$m=16,t=1,p=2$c2FsdHNhbHQ$6PJGgrJBLjtA1VG654Vy7g',
    'argon2$argon2d$m=16,t=1,p=2$c2FsdHNhbHQ$6PJGgrJBLjtA1VG654Vy7g',
    'argon2$argon2d$v=19$m=16,t=1,p=2$c2FsdHNhbHQ$0bM9JO71C2m7Mj68HGVAjIpshfditWzpuVrs0Y9TuUY',
    'argon2$argon2i$v=16$m=16,t=1,p=2$c2FsdHNhbHQ$eiaQ9+whVbyDoPgNnqdhsg',
    'argon2$argon2i$v=19$m=16,t=1,p=2$c2FsdHNhbHQ$+4ZMZ29mr1gHf1uNNUF9ePq+jFCtYr9aQJdh0Q7qM6I',
    'argon2$argon2id$v=16$m=16,t=1,p=2$c2FsdHNhbHQ$8ky//6GBheMYapw6eDMm/Q',
    good,
  ])('reads %s', async (encoded) => {
    expect(await hasher.verify('pw', encoded)).toBe(true)
    expect(await hasher.verify('pv', encoded)).toBe(false)
  })

  /** What `verify`, `must_update` and `decode` of Django answer. */
  test.each([
    ['v=19', 'v=019', false, true, 19],
    ['v=19', 'v=17', false, true, 17],
    ['v=19', 'v=20', false, true, 20],
    ['m=16', 'm=016', false, true, 19],
    ['m=16', 'm=15', false, true, 19],
    ['m=16', 'm= 16', false, true, 19],
    ['m=16,t=1,p=2', 't=1,m=16,p=2', false, true, 19],
    ['t=1', 't=0', false, true, 19],
    ['c2FsdHNhbHQ', 'c2FsdHNhbHR', false, true, 19],
    ['c2FsdHNhbHQ', 'c2FsdA', false, true, 19],
    ['id$', 'id$$', false, malformed, malformed],
    ['argon2id', 'argon2x', malformed, malformed, malformed],
    ['argon2id', 'argon2idx', false, malformed, malformed],
    ['argon2id', 'ARGON2ID', malformed, malformed, malformed],
    ['$v=19', '', false, true, 18],
    ['m=16', 'm=16,x=1', false, malformed, malformed],
    ['m=16,', 'm=16,m=16,', false, true, 19],
    ['m=16', 'm=16=1', false, malformed, malformed],
    ['m=16,', '', false, malformed, malformed],
    ['$c2FsdHNhbHQ', '', false, malformed, malformed],
    ['c2FsdHNhbHQ', 'c2Fs!HNhbHQ', false, malformed, malformed],
    ['RHk', 'RHk$', false, malformed, malformed],
    ['RHk', 'RHk ', false, true, 19],
    ['RHk', 'RH', false, true, 19],
    ['RHk', 'RHké', malformed, true, 19],
  ])('with %s as %o it verifies as Django: %s', async (from, to, verdict, update, version) => {
    const encoded = good.replace(from, () => to)
    expect(await outcome(() => hasher.verify('pw', encoded))).toBe(verdict)
    expect(await outcome(() => hasher.mustUpdate(encoded))).toBe(update)
    expect(await outcome(() => hasher.decode(encoded)['version'])).toBe(version)
  })

  test.each(['argon2', 'argon2$'])('%s is none', async (encoded) => {
    expect(await outcome(() => hasher.verify('pw', encoded))).toBe(malformed)
    expect(await outcome(() => hasher.mustUpdate(encoded))).toBe(malformed)
  })

  test('a salt with foreign letters is read up to 6.0', async () => {
    const encoded = good.replace('c2FsdHNhbHQ', 'c2Fs!!!!HNhbHQ')
    expect(await outcome(() => hasher.mustUpdate(encoded))).toBe(malformed)
    expect(argon2(argon2Parameters, oldRules).mustUpdate(encoded)).toBe(true)
  })

  test.each([
    ['timeCost', { timeCost: 2 }],
    ['memoryCost', { memoryCost: 17 }],
    ['parallelism', { parallelism: 1 }],
  ])('another %s is to be updated', async (_name, change) => {
    const encoded = await hasher.encode('pw', salt22)
    expect(hasher.mustUpdate(encoded)).toBe(false)
    expect(argon2({ ...argon2Parameters, ...change }, rules).mustUpdate(encoded)).toBe(true)
  })

  test('another variety, version, length or salt is to be updated', async () => {
    const encoded = await hasher.encode('pw', salt22)
    for (const [from, to] of [
      ['argon2id', 'argon2i'],
      ['v=19', 'v=16'],
      ['$v=19', ''],
      [/.$/, ''],
    ] as const) {
      expect(hasher.mustUpdate(encoded.replace(from, to))).toBe(true)
    }
    expect(hasher.mustUpdate(await hasher.encode('pw', salt22.slice(1)))).toBe(true)
  })

  test('takes no other version for one that it knows', async () => {
    const old = 'argon2$argon2i$v=16$m=16,t=1,p=2$c2FsdHNhbHQ$eiaQ9+whVbyDoPgNnqdhsg'
    expect(await hasher.verify('pw', old)).toBe(true)
    expect(await hasher.verify('pw', old.replace('v=16', 'v=17'))).toBe(false)
  })

  test('more memory than there is is an error, not a wrong password', async () => {
    const encoded = good.replace('m=16', 'm=4194305')
    expect(await outcome(() => hasher.verify('pw', encoded))).toBe('ERR_PASSWORD_HASH unsupported')
  })

  test('a salt has 8 bytes', async () => {
    expect(await outcome(() => hasher.encode('pw', 'sevens7'))).toBe(refused)
    expect(await hasher.encode('pw', 'éééé')).toContain('$w6nDqcOpw6k$')
  })

  test('uses what the runtime has, but not for version 16, which that does not know', async () => {
    const derive = vi.fn<NonNullable<typeof derivations.argon2>>()
    derive.mockResolvedValue(new Uint8Array(32))
    vi.spyOn(derivations, 'argon2', 'get').mockReturnValue(derive)
    expect(await hasher.verify('pw', good)).toBe(false)
    expect(derive).toHaveBeenCalledTimes(1)
    expect(derive).toHaveBeenCalledWith(
      expect.objectContaining({
        variety: 'argon2id',
        memory: 16,
        passes: 1,
        parallelism: 2,
        size: 32,
      }),
    )
    const old = 'argon2$argon2i$v=16$m=16,t=1,p=2$c2FsdHNhbHQ$eiaQ9+whVbyDoPgNnqdhsg'
    expect(await hasher.verify('pw', old)).toBe(true)
    expect(derive).toHaveBeenCalledTimes(1)
  })

  test('names the package that it misses', async () => {
    vi.doMock('@node-rs/argon2', () => {
      throw new Error('not installed')
    })
    vi.resetModules()
    const fresh = await import('./argon2.ts')
    // Version 16, which needs it in every runtime.
    const old = good.replace('v=19', 'v=16')
    await expect(fresh.argon2(argon2Parameters, rules).verify('pw', old)).rejects.toMatchObject({
      code: 'ERR_MISSING_PACKAGE',
      packageName: '@node-rs/argon2',
    })
  })
})

describe('bcrypt', () => {
  const hasher = bcrypt({ rounds: 4 }, rules)
  const setting = 'abcdefghijklmnopqrstuu'
  const hash = 'yvPXIbu7xe6/CED2DzX8z6Si09MlzlW'

  test.each(['2a', '2b', '2x', '2y'])('keeps the prefix %s', async (prefix) => {
    const encoded = await hasher.encode('pw', `$${prefix}$04$${setting}`)
    expect(encoded).toBe(`bcrypt$$${prefix}$04$${setting}${hash}`)
    expect(await hasher.verify('pw', encoded)).toBe(true)
  })

  /** What Python's `bcrypt.hashpw` 5.0 makes of a salt. */
  test.each([
    `$2b$4$${setting}`,
    `$2b$+4$${setting}`,
    `$2b$004$${setting}`,
    `$2b$04$${setting}more`,
    `$$2b$04$${setting}`,
    `2b$04$${setting}`,
    `$2b$$04$${setting}`,
    `$2b$04$${setting}$`,
    `$2b$04$${setting}é`,
  ])('reads the salt %s', async (salt) => {
    expect(await hasher.encode('pw', salt)).toBe(`bcrypt$$2b$04$${setting}${hash}`)
  })

  test.each([
    '',
    '$',
    `$2$04$${setting}`,
    `$2c$04$${setting}`,
    `$2B$04$${setting}`,
    `$2b$ 4$${setting}`,
    `$2b$03$${setting}`,
    `$2b$32$${setting}`,
    `$2b$-4$${setting}`,
    `$2b$0x4$${setting}`,
    `$2b$04$${setting.slice(0, 21)}`,
    `$2b$04$${setting.slice(0, 21)}v`,
    `$2b$04$${setting.slice(0, 21)}=`,
    `$2b$04$ab!${setting.slice(3)}`,
    `$2b$04$${setting}$x`,
  ])('refuses the salt %o', async (salt) => {
    expect(await outcome(() => hasher.encode('pw', salt))).toBe(refused)
    expect(await outcome(() => hasher.verify('pw', `bcrypt$${salt}`))).toBe(malformed)
  })

  test('a stored hash is of ASCII', async () => {
    const encoded = `bcrypt$$2b$04$${setting}${hash}`
    expect(await outcome(() => hasher.verify('pw', `${encoded}é`))).toBe(malformed)
    expect(await outcome(() => hasher.verify('pw', `${encoded}e`))).toBe(false)
    expect(await outcome(() => hasher.verify('pw', 'bcrypt'))).toBe(malformed)
    expect(await outcome(() => hasher.mustUpdate('bcrypt$$2b$04'))).toBe(malformed)
    expect(await outcome(() => hasher.mustUpdate('bcrypt$$2b$four$x'))).toBe(malformed)
  })

  test('never cuts a password off', async () => {
    const long = 'é'.repeat(36)
    const encoded = await hasher.encode(long, `$2b$04$${setting}`)
    expect(await hasher.verify(long, encoded)).toBe(true)
    const tooLong = 'ERR_PASSWORD_HASH passwordTooLong'
    expect(await outcome(() => hasher.verify(`${long}a`, encoded))).toBe(tooLong)
    expect(await outcome(() => hasher.encode(`${long}a`, hasher.salt()))).toBe(tooLong)
    const error = await hasher.verify(`${long}a`, encoded).catch((it: unknown) => it)
    expect(error).toMatchObject({ status: 400, algorithm: 'bcrypt' })
  })

  test('bcrypt_sha256 takes long ones, and tells them apart', async () => {
    const sha256 = bcryptSha256({ rounds: 4 }, rules)
    const long = 'x'.repeat(300)
    const encoded = await sha256.encode(long, sha256.salt())
    expect(await sha256.verify(long, encoded)).toBe(true)
    expect(await sha256.verify(`${long}x`, encoded)).toBe(false)
  })

  test('other rounds are to be updated', () => {
    const encoded = `bcrypt$$2b$04$${setting}${hash}`
    expect(hasher.mustUpdate(encoded)).toBe(false)
    expect(bcrypt({ rounds: 5 }, rules).mustUpdate(encoded)).toBe(true)
    expect(bcrypt({ rounds: 5 }, rules).mustUpdate(encoded.replace('$04', '$06'))).toBe(true)
  })
})

describe('hardenRuntime', () => {
  test('of PBKDF2 runs the iterations that are missing', async () => {
    const derive = vi.spyOn(derivations, 'pbkdf2')
    for (const hasher of [pbkdf2Sha256({ iterations: 100 }), pbkdf2Sha1({ iterations: 100 })]) {
      derive.mockClear()
      await hasher.hardenRuntime('pw', `${hasher.algorithm}$30$salt$x`)
      expect(derive.mock.calls.map(([{ iterations }]) => iterations)).toEqual([70])
      await hasher.hardenRuntime('pw', `${hasher.algorithm}$100$salt$x`)
      await hasher.hardenRuntime('pw', `${hasher.algorithm}$101$salt$x`)
      expect(derive).toHaveBeenCalledTimes(1)
    }
  })

  test.each([
    [4, 3],
    [5, 1],
    [6, 0],
    [7, 0],
  ])('of bcrypt with 6 rounds, where %d are stored, hashes %d times', async (stored, times) => {
    const hasher = bcryptSha256({ rounds: 6 }, rules)
    calls.bcrypt = 0
    await hasher.hardenRuntime('pw', `bcrypt_sha256$$2b$0${stored}$abcdefghijklmnopqrstuuhash`)
    expect(calls.bcrypt).toBe(times)
  })

  test('of the others does nothing', async () => {
    const derive = vi.spyOn(derivations, 'scrypt')
    await scrypt({ ...scryptParameters, workFactor: 64 }, rules).hardenRuntime('pw', 'scrypt$')
    expect(derive).not.toHaveBeenCalled()
  })
})

describe('bytes', () => {
  test('before 6.0 are a password for PBKDF2, and to be verified for Argon2', async () => {
    const bytes = new TextEncoder().encode('pw')
    const old = [
      scrypt(scryptParameters, oldRules),
      md5(oldRules),
      sha1(oldRules),
      unsaltedMd5(oldRules),
      unsaltedSha1(oldRules),
      bcrypt({ rounds: 4 }, oldRules),
      bcryptSha256({ rounds: 4 }, oldRules),
      argon2(argon2Parameters, oldRules),
    ]
    for (const hasher of old) {
      const encoded = await hasher.encode('pw', hasher.salt())
      expect(await outcome(() => hasher.encode(bytes, hasher.salt()))).toBe(refused)
      const wanted = hasher.algorithm === 'argon2' ? true : refused
      expect(await outcome(() => hasher.verify(bytes, encoded))).toBe(wanted)
    }
    const pbkdf2 = pbkdf2Sha256({ iterations: 10 })
    expect(await pbkdf2.verify(bytes, await pbkdf2.encode(bytes, 'salt'))).toBe(true)
  })
})
