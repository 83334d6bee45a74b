/**
 * Django's four validators: same verdicts, codes and English messages.
 * Mirrors `django.contrib.auth.password_validation`.
 *
 * @module
 */
import { ImproperlyConfiguredError, type PasswordProblem } from '../errors.ts'
import { codePointLength, isDigits, strip } from '../formats/python-text.ts'
import type { DjangoSeries } from '../settings.ts'
import { loadCommonPasswords } from './common-passwords.ts'
import { isTooSimilar } from './similarity.ts'

/** Says what is wrong with a password. */
export interface PasswordValidator {
  /** What is wrong; null where nothing is. The user may be a new one, and may be unknown. */
  validate(
    password: string,
    user: object | null,
  ): PasswordProblem | null | Promise<PasswordProblem | null>
  /** What to tell users beforehand. */
  getHelpText(): string
  /** Told of every password that was stored. */
  passwordChanged?(password: string, user: object | null): void | Promise<void>
}

/** The least number of characters. */
export interface MinimumLengthOptions {
  /** Default 8. */
  readonly minLength?: number
}

/** What a password must not look like. */
export interface UserAttributeSimilarityOptions {
  /** Names of properties of the user. Default: `username`, `firstName`, `lastName`, `email`. */
  readonly userAttributes?: readonly string[]
  /** From how similar on a password is refused, 0.1 to 1. Default 0.7. */
  readonly maxSimilarity?: number
}

/** What a password must not be. */
export interface CommonPasswordOptions {
  /** Passwords in lower case, instead of Django's list: the lines of a file, say. */
  readonly passwordList?: Iterable<string>
}

/** `MinimumLengthValidator`. */
export function minimumLengthValidator({ minLength = 8 }: MinimumLengthOptions): PasswordValidator {
  const characters = `${minLength} character${minLength === 1 ? '' : 's'}`
  const message = `This password is too short. It must contain at least ${characters}.`
  return {
    validate: (password) =>
      codePointLength(password) < minLength ? { code: 'password_too_short', message } : null,
    getHelpText: () => `Your password must contain at least ${characters}.`,
  }
}

const defaultAttributes: readonly string[] = ['username', 'firstName', 'lastName', 'email']
/** What Django's own user model calls its fields, where their names do not say it. */
const verboseNames: ReadonlyMap<string, string> = new Map([['email', 'email address']])

/**
 * `UserAttributeSimilarityValidator`.
 *
 * @throws ImproperlyConfiguredError for a similarity that nearly everything has.
 */
export function userAttributeSimilarityValidator({
  userAttributes = defaultAttributes,
  maxSimilarity = 0.7,
}: UserAttributeSimilarityOptions): PasswordValidator {
  if (!(maxSimilarity >= 0.1)) {
    throw new ImproperlyConfiguredError('maxSimilarity', 'must be at least 0.1.')
  }
  const isLike = (password: string, value: unknown): boolean =>
    typeof value === 'string' && value !== '' && isTooSimilar(password, value, maxSimilarity)
  return {
    validate(password, user) {
      if (user === null) return null
      const name = userAttributes.find((each) => isLike(password, Reflect.get(user, each)))
      if (name === undefined) return null
      const message = `The password is too similar to the ${verboseName(name)}.`
      return { code: 'password_too_similar', message }
    },
    getHelpText: () => 'Your password can’t be too similar to your other personal information.',
  }
}

/** As Django makes it of a field's name: `first name` of `firstName`. */
function verboseName(attribute: string): string {
  const words = attribute.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return verboseNames.get(attribute) ?? words.replaceAll('_', ' ')
}

/** `CommonPasswordValidator`. */
export function commonPasswordValidator(
  { passwordList }: CommonPasswordOptions,
  series: DjangoSeries,
): PasswordValidator {
  const given = passwordList ? new Set(Array.from(passwordList, strip)) : null
  const message = 'This password is too common.'
  return {
    async validate(password) {
      const list = given ?? (await loadCommonPasswords(series))
      const isCommon = list.has(strip(password.toLowerCase()))
      return isCommon ? { code: 'password_too_common', message } : null
    },
    getHelpText: () => 'Your password can’t be a commonly used password.',
  }
}

/** `NumericPasswordValidator`. */
export function numericPasswordValidator(): PasswordValidator {
  const message = 'This password is entirely numeric.'
  return {
    validate: (password) =>
      isDigits(password) ? { code: 'password_entirely_numeric', message } : null,
    getHelpText: () => 'Your password can’t be entirely numeric.',
  }
}
