import { inspect } from 'node:util'

import { describe, expect, test } from 'vitest'

import { HasherBusyError, isAsyncDjangoError } from '../errors.ts'
import type { PasswordHasher } from './hashers/hasher.ts'
import { createPasswordHashing, isPasswordUsable } from './password-hashing.ts'

const fast = { hasherParameters: { PBKDF2PasswordHasher: { iterations: 1000 } } }

/** A hasher that notes what it is asked, and makes hashes that show what is in them. */
function notingHasher(algorithm: string): PasswordHasher & { readonly notes: string[] } {
  const notes: string[] = []
  return {
    notes,
    algorithm,
    salt: () => 'salt',
    async encode(password, salt) {
      notes.push(`encode ${String(password).length}`)
      return `${algorithm}$new$${salt}$${String(password)}`
    },
    async verify(password, encoded) {
      notes.push('verify')
      return encoded.endsWith(`$${String(password)}`)
    },
    decode: () => ({ algorithm }),
    mustUpdate: (encoded) => encoded.startsWith(`${algorithm}$old$`),
    async hardenRuntime() {
      notes.push('harden')
    },
  }
}

describe('checkPassword', () => {
  const hasher = notingHasher('noting')
  const other = notingHasher('other')
  const { checkPassword, checkUnknownUser } = createPasswordHashing({
    passwordHashers: [hasher, other],
  })
  const notesOf = async (run: () => Promise<unknown>): Promise<string[]> => {
    hasher.notes.length = 0
    other.notes.length = 0
    await run()
    return [...hasher.notes, ...other.notes.map((note) => `other ${note}`)]
  }

  test.each([
    ['right', 'noting$new$salt$pw', 'pw', ['verify']],
    ['wrong', 'noting$new$salt$pw', 'no', ['verify']],
    ['right, outdated', 'noting$old$salt$pw', 'pw', ['verify']],
    ['wrong, outdated', 'noting$old$salt$pw', 'no', ['verify', 'harden']],
    ['wrong, of another algorithm', 'other$old$salt$pw', 'no', ['other verify']],
    ['unusable', '!noting', '!noting', ['encode 40']],
    ['of an unknown algorithm', 'crypt$$ab', 'ab', ['encode 40']],
    ['empty', '', '', ['encode 40']],
    ['no password', 'noting$new$salt$pw', null, ['encode 40']],
  ])('does the work of Django: %s', async (_name, encoded, password, notes) => {
    expect(await notesOf(() => checkPassword(password, encoded))).toEqual(notes)
  })

  test('an unusable password is none, though it looks like an old hash', async () => {
    const old = notingHasher('unsalted_md5')
    const { checkPassword: check, identifyHasher } = createPasswordHashing({
      passwordHashers: [notingHasher('noting'), old],
    })
    const encoded = `!${'0'.repeat(31)}`
    expect(identifyHasher(encoded)).toBe(old)
    expect(await check('pw', encoded)).toBe(false)
    expect(old.notes).toEqual([])
  })

  test('an unknown user costs one hash of the password, and is never right', async () => {
    expect(await notesOf(() => checkUnknownUser('four'))).toEqual(['encode 4'])
    expect(await notesOf(() => checkUnknownUser(null))).toEqual(['encode 40'])
    expect(await checkUnknownUser('four')).toBe(false)
  })

  test('calls the setter where the password is right and its hash outdated', async () => {
    const calls: unknown[] = []
    const setter = (password: unknown): void => void calls.push(password)
    expect(await checkPassword('pw', 'noting$new$salt$pw', { setter })).toBe(true)
    expect(await checkPassword('no', 'noting$old$salt$pw', { setter })).toBe(false)
    expect(calls).toEqual([])
    expect(await checkPassword('pw', 'noting$old$salt$pw', { setter })).toBe(true)
    expect(await checkPassword('pw', 'other$new$salt$pw', { setter })).toBe(true)
    expect(calls).toEqual(['pw', 'pw'])
    expect(await checkPassword('pw', 'other$new$salt$pw', { setter, preferred: 'other' })).toBe(
      true,
    )
    expect(calls).toHaveLength(2)
  })

  test('waits for the setter, which may hash itself where one hash at a time is allowed', async () => {
    const { checkPassword: check, makePassword } = createPasswordHashing({
      passwordHashers: [hasher],
      maxConcurrent: 1,
      maxWaiting: 0,
      maxPerUser: 1,
    })
    let stored = 'noting$old$salt$pw'
    const setter = async (password: string | Uint8Array): Promise<void> => {
      stored = await makePassword(password, { userName: 'ada' })
    }
    expect(await check('pw', stored, { setter, userName: 'ada' })).toBe(true)
    expect(stored).toBe('noting$new$salt$pw')
  })

  test('what the setter throws is thrown', async () => {
    const setter = (): Promise<void> => Promise.reject(new Error('not stored'))
    await expect(checkPassword('pw', 'noting$old$salt$pw', { setter })).rejects.toThrow(
      'not stored',
    )
  })

  test.each([[5], [{ $ne: '' }], [['pw']], [undefined]])('refuses the password %o', async (odd) => {
    const refused = { code: 'ERR_INVALID_ARGUMENT' }
    await expect(checkPassword(odd as never, 'noting$new$salt$pw')).rejects.toMatchObject(refused)
    await expect(checkUnknownUser(odd as never)).rejects.toMatchObject(refused)
    const { makePassword } = createPasswordHashing({ passwordHashers: [hasher] })
    await expect(makePassword(odd as never)).rejects.toMatchObject(refused)
  })
})

describe('the queue', () => {
  test('refuses a fourth check of one user name, known or not', async () => {
    const { checkPassword, checkUnknownUser } = createPasswordHashing({ ...fast, maxConcurrent: 1 })
    const encoded = `pbkdf2_sha256$1$${'a'.repeat(22)}$x`
    const userName = 'eve'
    const three = [
      checkPassword('a', encoded, { userName }),
      checkUnknownUser('a', { userName }),
      checkPassword('b', encoded, { userName }),
    ]
    await expect(checkPassword('c', encoded, { userName })).rejects.toThrow(HasherBusyError)
    await expect(checkUnknownUser('c', { userName })).rejects.toThrow(HasherBusyError)
    const other = checkPassword('c', encoded, { userName: 'ada' })
    expect(await Promise.all([...three, other])).toEqual([false, false, false, false])
  })

  test('has the limits that are set', async () => {
    const limited = createPasswordHashing({ ...fast, maxPerUser: 1 })
    const first = limited.makePassword('pw', { userName: 'ada' })
    await expect(limited.makePassword('pw', { userName: 'ada' })).rejects.toMatchObject({
      limit: 'maxPerUser',
    })
    await first
  })

  test('is that of the process where none is set', async () => {
    const sites = [createPasswordHashing(fast), createPasswordHashing(fast)] as const
    const make = (site: 0 | 1): Promise<string> =>
      sites[site].makePassword('pw', { userName: 'ada' })
    const three = [make(0), make(1), make(0)]
    await expect(make(1)).rejects.toMatchObject({ limit: 'maxPerUser' })
    await Promise.all(three)
  })

  test.each([
    ['maxConcurrent', 0],
    ['maxConcurrent', Number.NaN],
    ['maxWaiting', -1],
    ['maxPerUser', 0],
  ] as const)('cannot have %s %d', (name, value) => {
    expect(() => createPasswordHashing({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'ERR_IMPROPERLY_CONFIGURED', setting: name }),
    )
  })
})

describe('makePassword', () => {
  const { makePassword, checkPassword, identifyHasher, mustUpdate } = createPasswordHashing(fast)

  test('makes what checkPassword takes', async () => {
    const encoded = await makePassword('lètmein')
    expect(encoded).toMatch(/^pbkdf2_sha256\$1000\$[A-Za-z0-9]{22}\$[A-Za-z0-9+/]{43}=$/)
    expect(await checkPassword('lètmein', encoded)).toBe(true)
    expect(await checkPassword('letmein', encoded)).toBe(false)
    expect(await checkPassword('lètmein'.normalize('NFD'), encoded)).toBe(false)
    expect(mustUpdate(encoded)).toBe(false)
    expect(mustUpdate(encoded, 'argon2')).toBe(true)
    expect(identifyHasher(encoded).algorithm).toBe('pbkdf2_sha256')
  })

  test('never makes the same hash twice, nor an unusable password', async () => {
    expect(await makePassword('pw')).not.toBe(await makePassword('pw'))
    const unusable = await makePassword(null)
    expect(unusable).toMatch(/^![A-Za-z0-9]{40}$/)
    expect(unusable).not.toBe(await makePassword(null))
    expect(isPasswordUsable(unusable)).toBe(false)
  })

  test('knows hashers by their algorithm only', async () => {
    await expect(makePassword('pw', { hasher: 'crypt' })).rejects.toMatchObject({
      code: 'ERR_UNKNOWN_HASHER',
      algorithm: 'crypt',
    })
    // In no list of hashers unless it is asked for.
    await expect(makePassword('pw', { hasher: 'md5' })).rejects.toMatchObject({ algorithm: 'md5' })
  })

  test('an odd argument is told without the password', async () => {
    const password = 'hunter2-\uD800'
    const error = await makePassword(password).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2')
  })
})

describe('identifyHasher', () => {
  const hex = '5f4dcc3b5aa765d61d8327deb882cf99'
  const { identifyHasher } = createPasswordHashing({
    passwordHashers: [
      'MD5PasswordHasher',
      'SHA1PasswordHasher',
      'UnsaltedMD5PasswordHasher',
      'UnsaltedSHA1PasswordHasher',
    ],
  })

  test.each([
    [hex, 'unsalted_md5'],
    [`md5$$${hex}`, 'unsalted_md5'],
    [`md5$$${hex}0`, 'md5'],
    [`md5$a$${hex}`, 'md5'],
    [`sha1$$${hex}01234567`, 'unsalted_sha1'],
    [`sha1$$${hex}0123456`, 'sha1'],
  ])('%s is of %s', (encoded, algorithm) => {
    expect(identifyHasher(encoded).algorithm).toBe(algorithm)
  })

  test.each([
    ['pbkdf2_sha256$1$a$b', 'pbkdf2_sha256'],
    ['hunter2', null],
    ['hunter2$and$more', null],
    ['', null],
  ])(
    'of what nobody made it tells a name of Django, and nothing else: %s',
    (encoded, algorithm) => {
      let thrown: unknown
      try {
        identifyHasher(encoded)
      } catch (error) {
        thrown = error
      }
      expect(isAsyncDjangoError(thrown)).toBe(true)
      expect(thrown).toMatchObject({ code: 'ERR_UNKNOWN_HASHER', algorithm })
      expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain('hunter2')
    },
  )
})

describe('releases', () => {
  test.each([
    ['4.2', 600_000, 1],
    ['5.0', 720_000, 1],
    ['5.1', 870_000, 5],
    ['5.2', 1_000_000, 5],
    ['6.0', 1_200_000, 5],
    ['6.1', 1_500_000, 5],
    ['5.2.19', 1_000_000, 5],
  ] as const)(
    '%s wants %d iterations and %d lanes of scrypt',
    (djangoVersion, iterations, lanes) => {
      const { mustUpdate } = createPasswordHashing({ djangoVersion })
      const pbkdf2 = (count: number): string => `pbkdf2_sha256$${count}$${'a'.repeat(22)}$x`
      expect(mustUpdate(pbkdf2(iterations))).toBe(false)
      expect(mustUpdate(pbkdf2(iterations + 1))).toBe(true)
      expect(mustUpdate(pbkdf2(iterations - 1))).toBe(true)
      const scrypt = (p: number): string => `scrypt$16384$a$8$${p}$x`
      expect(mustUpdate(scrypt(lanes), 'scrypt')).toBe(false)
      expect(mustUpdate(scrypt(6 - lanes), 'scrypt')).toBe(true)
    },
  )

  test.each([
    ['4.2', true],
    ['6.0', true],
    ['6.1', 'ERR_PASSWORD_HASH'],
  ] as const)('%s, of a salt of Argon2 with foreign letters, says %s', (djangoVersion, wanted) => {
    const { mustUpdate } = createPasswordHashing({ djangoVersion })
    const encoded = 'argon2$argon2id$v=19$m=16,t=1,p=2$c2Fs!!!!HNhbHQ$x'
    let answer: unknown
    try {
      answer = mustUpdate(encoded, 'argon2')
    } catch (error) {
      answer = Reflect.get(error as object, 'code')
    }
    expect(answer).toBe(wanted)
  })

  test('bytes are a password for PBKDF2 in all, and for the others from 6.0 on', async () => {
    const bytes = new TextEncoder().encode('pw')
    const old = createPasswordHashing({ ...fast, djangoVersion: '5.2' })
    expect(await old.checkPassword('pw', await old.makePassword(bytes))).toBe(true)
    await expect(old.makePassword(bytes, { hasher: 'scrypt' })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
    })
    const hasherParameters = {
      ScryptPasswordHasher: { workFactor: 16, blockSize: 1, parallelism: 1 },
    }
    const recent = createPasswordHashing({ hasherParameters, djangoVersion: '6.0' })
    const encoded = await recent.makePassword(bytes, { hasher: 'scrypt' })
    expect(await recent.checkPassword('pw', encoded)).toBe(true)
  })
})

describe('options', () => {
  test('hashers go by the paths of their classes, too', async () => {
    const { makePassword } = createPasswordHashing({
      passwordHashers: ['django.contrib.auth.hashers.MD5PasswordHasher'],
    })
    expect(await makePassword('pw', { salt: 'a' })).toBe('md5$a$0beee8164a92f9fe12c408468b4c9330')
  })

  test.each([
    [{ passwordHashers: [] }, 'passwordHashers'],
    [{ passwordHashers: ['CryptPasswordHasher'] }, 'passwordHashers'],
    [{ djangoVersion: '3.2' }, 'djangoVersion'],
    [
      { hasherParameters: { PBKDF2PasswordHasher: { iterations: 0 } } },
      'hasherParameters.PBKDF2PasswordHasher.iterations',
    ],
    [
      { hasherParameters: { PBKDF2PasswordHasher: { rounds: 12 } } },
      'hasherParameters.PBKDF2PasswordHasher.rounds',
    ],
    [{ hasherParameters: { MD5PasswordHasher: {} } }, 'hasherParameters.MD5PasswordHasher'],
    [{ hasherParameters: { toString: {} } }, 'hasherParameters.toString'],
    [
      { hasherParameters: { BCryptPasswordHasher: { rounds: 32 } } },
      'hasherParameters.BCryptPasswordHasher.rounds',
    ],
    [
      { hasherParameters: { ScryptPasswordHasher: { workFactor: 15 } } },
      'hasherParameters.ScryptPasswordHasher.workFactor',
    ],
    [
      { hasherParameters: { Argon2PasswordHasher: { memoryCost: 63 } } },
      'hasherParameters.Argon2PasswordHasher.memoryCost',
    ],
  ])('%o is refused', (options, setting) => {
    expect(() => createPasswordHashing(options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_IMPROPERLY_CONFIGURED', setting }),
    )
  })
})
