import { inspect } from 'node:util'

import { describe, expect, test } from 'vitest'

import { PasswordValidationError } from '../errors.ts'
import {
  createPasswordValidation,
  type PasswordValidation,
  type PasswordValidationOptions,
} from './password-validation.ts'
import { quickRatio } from './similarity.ts'

type Entries = NonNullable<PasswordValidationOptions['authPasswordValidators']>

/** The messages that a password gets, by its validators. */
async function messagesOf(
  { validatePassword }: PasswordValidation,
  password: string,
  user: object | null = null,
): Promise<readonly string[]> {
  try {
    await validatePassword(password, user)
    return []
  } catch (error) {
    if (!(error instanceof PasswordValidationError)) throw error
    return error.problems.map(({ code, message }) => `${code}: ${message}`)
  }
}

function validationOf(...authPasswordValidators: Entries): PasswordValidation {
  return createPasswordValidation({ authPasswordValidators })
}

describe('MinimumLengthValidator', () => {
  const tooShort = (what: string): string[] => [
    `password_too_short: This password is too short. It must contain at least ${what}.`,
  ]

  test.each([
    [undefined, '1234567', tooShort('8 characters')],
    [undefined, '12345678', []],
    [1, '', tooShort('1 character')],
    [0, '', []],
    [3, '🔑🔑', tooShort('3 characters')],
    [3, '🔑🔑🔑', []],
  ])('of %s says of %o: %o', async (minLength, password, messages) => {
    const options = minLength === undefined ? {} : { minLength }
    const validation = validationOf({ name: 'MinimumLengthValidator', options })
    expect(await messagesOf(validation, password)).toEqual(messages)
  })
})

describe('NumericPasswordValidator', () => {
  const validation = validationOf({ name: 'NumericPasswordValidator' })
  const numeric = ['password_entirely_numeric: This password is entirely numeric.']

  test.each([
    ['42424242', numeric],
    ['٤٢²', numeric],
    ['4242424a', []],
    ['-42', []],
    ['', []],
  ])('says of %o: %o', async (password, messages) => {
    expect(await messagesOf(validation, password)).toEqual(messages)
  })
})

describe('UserAttributeSimilarityValidator', () => {
  const validation = validationOf({ name: 'UserAttributeSimilarityValidator' })
  const similar = (name: string): string[] => [
    `password_too_similar: The password is too similar to the ${name}.`,
  ]

  /** What Django says. */
  test.each([
    ['ada', { username: 'ada' }, similar('username')],
    ['adalovelace1', { username: 'lovelace' }, similar('username')],
    ['example.com', { email: 'ada@example.com' }, similar('email address')],
    ['joe', { firstName: 'Joe' }, similar('first name')],
    ['sullivan1', { lastName: 'Sullivan' }, similar('last name')],
    ['', { username: '-x' }, similar('username')],
    ['', { username: 'x' }, []],
    ['aaaaaaaaaa', { username: 'a' }, []],
    ['ΑΔΑΣ', { username: 'αδας' }, similar('username')],
    ['İstanbul', { username: 'i̇stanbul' }, similar('username')],
    ['sullivan', { username: 'ada sullivan-x' }, similar('username')],
    ['x y z', { username: 'xyz' }, similar('username')],
    ['ada-lov', { username: 'ada-lov' }, similar('username')],
    ['xyz', { username: '', firstName: null, lastName: 5, email: undefined }, []],
    ['sullivan', { lastName: 'Sullivan', email: 'sullivan@example.com' }, similar('last name')],
    ['sullivan', {}, []],
    ['sullivan', null, []],
  ])('says of %o for %o: %o', async (password, user, messages) => {
    expect(await messagesOf(validation, password, user)).toEqual(messages)
  })

  test('looks at other attributes, and from another similarity on', async () => {
    const name = 'UserAttributeSimilarityValidator'
    const user = { username: 'client-x', phoneNumber: '0123', first_name: 'joe' }
    const phone = validationOf({ name, options: { userAttributes: ['phoneNumber', 'first_name'] } })
    expect(await messagesOf(phone, '01234', user)).toEqual(similar('phone number'))
    expect(await messagesOf(phone, 'joe', user)).toEqual(similar('first name'))
    expect(await messagesOf(phone, 'client', user)).toEqual([])
    const strict = validationOf({ name, options: { maxSimilarity: 0.3 } })
    expect(await messagesOf(strict, 'testclient', user)).toEqual(similar('username'))
    expect(await messagesOf(validation, 'testclient', { username: 'client-x' })).toEqual(
      similar('username'),
    )
    const equal = validationOf({ name, options: { maxSimilarity: 0.75 } })
    expect(await messagesOf(equal, 'abcd', { username: 'bcde' })).toEqual(similar('username'))
    const never = validationOf({ name, options: { maxSimilarity: 1.1 } })
    expect(await messagesOf(never, 'client', { username: 'client' })).toEqual([])
  })

  test.each([0.09, 0, Number.NaN])('refuses a similarity of %d', (maxSimilarity) => {
    const name = 'UserAttributeSimilarityValidator'
    expect(() => validationOf({ name, options: { maxSimilarity } })).toThrow(
      expect.objectContaining({ code: 'ERR_IMPROPERLY_CONFIGURED', setting: 'maxSimilarity' }),
    )
  })
})

describe('quickRatio', () => {
  /** What Python's difflib answers. */
  test.each([
    ['abcd', 'bcde', 0.75],
    ['', '', 1],
    ['', 'a', 0],
    ['aab', 'abb', 0.6666666666666666],
    ['aaab', 'ab', 0.6666666666666666],
    ['test', 'tester', 0.8],
    ['🔑a', '🔑b', 0.5],
    ['password', 'drowssap', 1],
    ['abc', 'xyz', 0],
  ])('of %o and %o', (a, b, ratio) => {
    expect(quickRatio(Array.from(a), Array.from(b))).toBe(ratio)
  })
})

describe('CommonPasswordValidator', () => {
  const common = ['password_too_common: This password is too common.']
  const name = 'CommonPasswordValidator'

  test.each([
    ['password', common],
    ['PassWord', common],
    [' password\u001f', common],
    ['пароль', common],
    ['password\uFEFF', []],
    ['correct horse battery staple', []],
    ['', []],
    ['\uD800', []],
  ])('says of %o: %o', async (password, messages) => {
    expect(await messagesOf(validationOf({ name }), password)).toEqual(messages)
  })

  test.each([
    ['4.2', '$hex[2623323333363a]', common],
    ['5.1', '$hex[2623323333363a]', common],
    ['5.2', '$hex[2623323333363a]', []],
    ['6.1', '$hex[2623323333363a]', []],
    ['4.2', 'asdf:lkj', []],
    ['5.1', 'asdf:lkj', []],
    ['5.2', 'asdf:lkj', common],
    ['6.1', 'asdf:lkj', common],
    ['4.2', 'iloveyou', common],
    ['6.1', 'iloveyou', common],
  ] as const)('has the list of %s: %s', async (djangoVersion, password, messages) => {
    const validation = createPasswordValidation({
      djangoVersion,
      authPasswordValidators: [{ name }],
    })
    expect(await messagesOf(validation, password)).toEqual(messages)
  })

  test('takes a list instead', async () => {
    const passwordList = new Set(['from my list\n', 'UPPER'])
    const validation = validationOf({ name, options: { passwordList } })
    expect(await messagesOf(validation, 'From My List')).toEqual(common)
    expect(await messagesOf(validation, 'password')).toEqual([])
    // As in Django, the list is to be in lower case.
    expect(await messagesOf(validation, 'upper')).toEqual([])
  })
})

describe('createPasswordValidation', () => {
  test('tells all problems, in the order of the validators', async () => {
    const validation = validationOf(
      { name: 'NumericPasswordValidator' },
      { name: 'MinimumLengthValidator' },
      { name: 'CommonPasswordValidator' },
    )
    const error = await validation.validatePassword('12345').catch((it: unknown) => it)
    expect(error).toMatchObject({
      code: 'ERR_PASSWORD_VALIDATION',
      status: 400,
      problems: [
        { code: 'password_entirely_numeric' },
        { code: 'password_too_short' },
        { code: 'password_too_common' },
      ],
    })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('12345')
  })

  test('has no validators where none are given', async () => {
    await expect(createPasswordValidation().validatePassword('')).resolves.toBeUndefined()
  })

  test('knows validators by their paths', async () => {
    const validation = validationOf({
      name: 'django.contrib.auth.password_validation.MinimumLengthValidator',
      options: { minLength: 3 },
    })
    expect(await messagesOf(validation, 'ab')).toHaveLength(1)
  })

  test('refuses a validator that it does not know', () => {
    expect(() => validationOf({ name: 'PwnedValidator' } as never)).toThrow(
      expect.objectContaining({
        code: 'ERR_IMPROPERLY_CONFIGURED',
        setting: 'authPasswordValidators',
      }),
    )
  })

  test('takes validators of an application', async () => {
    const changed: unknown[] = []
    const own = {
      validate: (password: string) =>
        Promise.resolve(password === 'swordfish' ? { code: 'film', message: 'Seen it.' } : null),
      getHelpText: () => 'No films.',
      passwordChanged: (password: string, user: object | null) => void changed.push(password, user),
    }
    const validation = validationOf(own, { name: 'MinimumLengthValidator' })
    expect(await messagesOf(validation, 'swordfish')).toEqual(['film: Seen it.'])
    const user = {}
    await validation.passwordChanged('new password', user)
    expect(changed).toEqual(['new password', user])
    expect(validation.passwordValidatorsHelpTexts()).toEqual([
      'No films.',
      'Your password must contain at least 8 characters.',
    ])
  })

  test('helps as Django does', () => {
    const validation = validationOf(
      { name: 'UserAttributeSimilarityValidator' },
      { name: 'MinimumLengthValidator', options: { minLength: 1 } },
      { name: 'CommonPasswordValidator' },
      { name: 'NumericPasswordValidator' },
    )
    expect(validation.passwordValidatorsHelpTexts()).toEqual([
      'Your password can’t be too similar to your other personal information.',
      'Your password must contain at least 1 character.',
      'Your password can’t be a commonly used password.',
      'Your password can’t be entirely numeric.',
    ])
  })

  test('refuses what is no text', async () => {
    await expect(validationOf().validatePassword(12 as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
    })
  })
})
