/**
 * Links by which a user sets a new password: the user's key, and a token that is used up once the
 * password changes or the user logs in. Mirrors `django.contrib.auth.tokens` and the
 * `urlsafe_base64_encode` of `django.utils.http`.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'
import { decodeBase64 } from '../formats/base64.ts'
import { toWall } from '../formats/datetime.ts'
import { constantTimeCompare, type PreparedKey, toBytes } from '../signing/salted-hmac.ts'
import type { PreparedKeys, SecretKeys } from '../signing/signer.ts'
import { prepareKeys } from './prepared-keys.ts'
import { platform } from '#platform'

/** What the keys of tokens are prepared for. */
export const passwordResetKeySalt: string = 'django.contrib.auth.tokens.PasswordResetTokenGenerator'

/** What a token says of a user. */
export interface TokenUser {
  /** The primary key; a UUID with its hyphens. */
  readonly pk: string | number | bigint
  /** The stored hash of the password. */
  readonly password: string
  /** When the user last logged in; null for never. */
  readonly lastLogin: Date | null
  readonly email: string | null
}

/** The keys of tokens, and what must be as in Django's settings. */
export type PasswordResetOptions = (SecretKeys | PreparedKeys) & {
  /** `PASSWORD_RESET_TIMEOUT`, in seconds. Default three days. */
  readonly passwordResetTimeout?: number
  /** `TIME_ZONE`: tokens count from the first second of 2001 there. Default `America/Chicago`. */
  readonly timeZone?: string
  /** `USE_TZ`: whether `lastLogin` is told in UTC, or in `timeZone`. Default true. */
  readonly useTz?: boolean
  /** The clock. Default: that of the machine. */
  readonly now?: () => Date
}

/** Makes and checks tokens. */
export interface PasswordResetTokenGenerator {
  /** A token that is good once. Mirrors `make_token`. */
  makeToken(user: TokenUser): string
  /** Whether a token was made for this user, is not used up, and not too old. Mirrors `check_token`. */
  checkToken(user: TokenUser | null, token: string | null): boolean
}

const threeDays = 60 * 60 * 24 * 3
const firstSecond = Date.UTC(2001, 0, 1)
// At most 13 digits, as `base36_to_int` reads them; any other spelling than this one fails.
const tokenForm = /^(0|[1-9a-z][0-9a-z]{0,12})-[^-]*$/

/**
 * Wires keys and settings.
 *
 * @throws TypeError without a key.
 * @example
 * ```ts
 * const tokens = passwordResetTokenGenerator({ key: secretKey, timeZone: 'Europe/Berlin' })
 * const link = `/reset/${encodeUid(user.pk)}/${tokens.makeToken(user)}/`
 * ```
 */
export function passwordResetTokenGenerator(
  options: PasswordResetOptions,
): PasswordResetTokenGenerator {
  const { passwordResetTimeout = threeDays, timeZone = 'America/Chicago', useTz = true } = options
  const now = options.now ?? (() => new Date())
  const { current, former } = prepareKeys(passwordResetKeySalt, options)

  /** Seconds on the wall clock of the server since 2001: an hour less, or more, where it was moved. */
  const seconds = (): bigint =>
    BigInt(Math.floor((toWall(now(), timeZone).getTime() - firstSecond) / 1000))
  const loginOf = ({ lastLogin }: TokenUser): string => {
    if (lastLogin === null) return ''
    const wall = toWall(lastLogin, useTz ? 'UTC' : timeZone)
    return wall.toISOString().slice(0, 19).replace('T', ' ')
  }
  const tokenAt = (user: TokenUser, timestamp: bigint, key: PreparedKey): string => {
    const email = user.email ?? ''
    const value = `${user.pk}${user.password}${loginOf(user)}${timestamp}${email}`
    const hash = platform.encodeHex(platform.hmac('sha256', key, toBytes(value)))
    return `${timestamp.toString(36)}-${hash.replaceAll(/(.)./g, '$1')}`
  }

  return {
    makeToken: (user) => tokenAt(user, seconds(), current),
    checkToken(user, token) {
      const digits = tokenForm.exec(token ?? '')?.[1]
      if (user === null || token === null || digits === undefined) return false
      const timestamp = parseBase36(digits)
      const isSigned = [current, ...former].some((key) =>
        constantTimeCompare(tokenAt(user, timestamp, key), token),
      )
      return isSigned && seconds() - timestamp <= passwordResetTimeout
    },
  }
}

/** 13 digits of base 36 are more than a number holds exactly. */
function parseBase36(digits: string): bigint {
  let value = 0n
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36))
  return value
}

/** A user's key for a link: its text as URL-safe base64 without padding. */
export function encodeUid(pk: string | number | bigint): string {
  return platform.encodeBase64url(toBytes(String(pk)))
}

/** The text of a user's key in a link; null for a link that is not one. */
export function decodeUid(uid: string): string | null {
  try {
    // Django adds as many signs of padding as there are letters too many, not too few.
    const padding = '='.repeat(toBytes(uid).length % 4)
    const text = uid.replaceAll('-', '+').replaceAll('_', '/') + padding
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(decodeBase64(text))
  } catch (error) {
    if (
      error instanceof PayloadError ||
      error instanceof TypeError ||
      error instanceof RangeError
    ) {
      return null
    }
    throw error
  }
}
