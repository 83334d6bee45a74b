import { describe, expect, test } from 'vitest'

import {
  decodeUid,
  encodeUid,
  type PasswordResetOptions,
  passwordResetTokenGenerator,
  passwordResetKeySalt,
  type TokenUser,
} from './tokens.ts'
import { prepareKey, saltedHmac } from '../signing/salted-hmac.ts'

const ada: TokenUser = {
  pk: 7,
  password: 'pbkdf2_sha256$1$a$b',
  lastLogin: new Date('2026-07-01T12:00:00.005Z'),
  email: 'ada@example.com',
}

function generatorAt(seconds: number, options: Partial<PasswordResetOptions> = {}) {
  const base = { key: 'key', timeZone: 'Europe/Berlin', now: () => new Date(seconds * 1000) }
  return passwordResetTokenGenerator({ ...base, ...options })
}

describe('passwordResetTokenGenerator', () => {
  /** Made by Django with TIME_ZONE = 'Europe/Berlin'. */
  test.each([
    [1_781_123_818, 'd9zatm-3030cfe407e3c109af52c1323a1a1118'],
    [1_792_889_999, 'dgzhnz-d6cb2abf09adac20b4063cdf14be1735'],
    [1_792_890_000, 'dgzew0-2c2a469cafbafae786546fbcc5ae9374'],
    [1_774_745_999, 'd66ivz-1f1d2e34c84b0d1279a895c671c727a5'],
    [1_774_746_000, 'd66lo0-93a1567f5b4c42a42d71beb050e9ea6f'],
  ])('counts on the wall clock of the server: %d', (seconds, token) => {
    expect(generatorAt(seconds).makeToken(ada)).toBe(token)
    expect(generatorAt(seconds).checkToken(ada, token)).toBe(true)
  })

  test('takes a user without address and login', () => {
    const user = { ...ada, lastLogin: null, email: null }
    const token = 'd9zatm-1d9797299a58925a58d3f052a1df3829'
    expect(generatorAt(1_781_123_818).makeToken(user)).toBe(token)
  })

  test('tells the login in the zone of the server where USE_TZ is off', () => {
    const local = generatorAt(1_781_123_818, { useTz: false })
    const asIfUtc = { ...ada, lastLogin: new Date('2026-07-01T14:00:00Z') }
    expect(local.makeToken(ada)).toBe(generatorAt(1_781_123_818).makeToken(asIfUtc))
  })

  test('is good once: not after a login, a new password or another address', () => {
    const generator = generatorAt(1_781_123_818)
    const token = generator.makeToken(ada)
    expect(generator.checkToken(ada, token)).toBe(true)
    expect(generator.checkToken({ ...ada, lastLogin: new Date() }, token)).toBe(false)
    expect(generator.checkToken({ ...ada, password: '!' }, token)).toBe(false)
    expect(generator.checkToken({ ...ada, email: 'eve@example.com' }, token)).toBe(false)
    expect(generator.checkToken({ ...ada, pk: 8 }, token)).toBe(false)
    expect(generator.checkToken(null, token)).toBe(false)
    expect(generator.checkToken(ada, null)).toBe(false)
    expect(generator.checkToken(ada, '')).toBe(false)
  })

  test('is good for three days, or for as long as is set', () => {
    const made = 1_781_123_818
    const token = generatorAt(made).makeToken(ada)
    expect(generatorAt(made + 259_200).checkToken(ada, token)).toBe(true)
    expect(generatorAt(made + 259_200.9).checkToken(ada, token)).toBe(true)
    expect(generatorAt(made + 259_201).checkToken(ada, token)).toBe(false)
    const short = { passwordResetTimeout: 60 }
    expect(generatorAt(made + 60, short).checkToken(ada, token)).toBe(true)
    expect(generatorAt(made + 61, short).checkToken(ada, token)).toBe(false)
    // As in Django, one from the future is taken.
    expect(generatorAt(made - 1000).checkToken(ada, token)).toBe(true)
  })

  test('takes tokens of former secrets, and prepared keys', () => {
    const token = generatorAt(1_781_123_818).makeToken(ada)
    const renewed = generatorAt(1_781_123_818, { key: 'new', fallbackKeys: ['other', 'key'] })
    expect(renewed.checkToken(ada, token)).toBe(true)
    expect(renewed.makeToken(ada)).not.toBe(token)
    expect(generatorAt(1_781_123_818, { key: 'new' }).checkToken(ada, token)).toBe(false)
    const preparedKeys = [prepareKey(passwordResetKeySalt, 'key')]
    const prepared = passwordResetTokenGenerator({
      preparedKeys,
      timeZone: 'Europe/Berlin',
      now: () => new Date(1_781_123_818_000),
    })
    expect(prepared.makeToken(ada)).toBe(token)
  })

  test('reads its own spelling of the time only, exactly', () => {
    const generator = generatorAt(1_781_123_818)
    const [time = '', hash = ''] = generator.makeToken(ada).split('-')
    for (const other of [time.toUpperCase(), `0${time}`, ` ${time}`, `+${time}`, '', `${time}0`]) {
      expect(generator.checkToken(ada, `${other}-${hash}`)).toBe(false)
    }
    expect(generator.checkToken(ada, `${time}-${hash}-`)).toBe(false)
    expect(generator.checkToken(ada, `${time}-${hash.toUpperCase()}`)).toBe(false)
    expect(generator.checkToken(ada, `zzzzzzzzzzzzz-${hash}`)).toBe(false)
  })

  test('rounds no time past 2^53', () => {
    const time = 36n ** 13n - 1n
    const value = `7pbkdf2_sha256$1$a$b2026-07-01 12:00:00${time}ada@example.com`
    const digits = Array.from(saltedHmac(passwordResetKeySalt, value, 'key'), (byte) =>
      (byte >> 4).toString(16),
    )
    const token = `zzzzzzzzzzzzz-${digits.join('')}`
    expect(generatorAt(1_781_123_818).checkToken(ada, token)).toBe(true)
  })

  test.each([[{ key: '' }], [{ key: 'key', fallbackKeys: [''] }], [{ preparedKeys: [] }]])(
    'refuses the keys %o',
    (keys) => {
      expect(() => passwordResetTokenGenerator(keys)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
      )
    },
  )
})

describe('uids', () => {
  test.each([
    [7, 'Nw'],
    [12_345n, 'MTIzNDU'],
    ['6fa459ea-ee8a-3ca4-894e-db77e160355e', 'NmZhNDU5ZWEtZWU4YS0zY2E0LTg5NGUtZGI3N2UxNjAzNTVl'],
    ['é', 'w6k'],
  ])('writes %s', (pk, uid) => {
    expect(encodeUid(pk)).toBe(uid)
    expect(decodeUid(uid)).toBe(String(pk))
  })

  /** What `urlsafe_base64_decode(…).decode()` answers; null where it raises. */
  test.each([
    ['MQ', '1'],
    ['MQ=', '1'],
    ['MQ==', '1'],
    ['M', null],
    ['', ''],
    ['MQ!', '1'],
    ['M!Q', '1'],
    ['!!!!', ''],
    ['_-8', null],
    ['_w', null],
    ['4oKs', '€'],
    ['77u_MQ', '\uFEFF1'],
    ['MQ\n', '1'],
    [' MQ', '1'],
    ['MQé', null],
    ['M=Q=', null],
    ['MTI=', '12'],
    ['M-_T', null],
    ['====', ''],
    ['MQ===MQ', '1\u0003\u0010'],
    ['MQ\uD800', null],
  ])('reads %o', (uid, pk) => {
    expect(decodeUid(uid)).toBe(pk)
  })
})
