/**
 * Checks of what Django derives from users: session hashes, tokens, names. It has no public door
 * yet: it is taken from the source.
 *
 * @module
 */
import { normalizeEmail, normalizeUsername } from '../../../src/auth/normalize.ts'
import {
  getSessionAuthFallbackHashes,
  getSessionAuthHash,
  matchSessionAuthHash,
} from '../../../src/auth/session-hash.ts'
import {
  decodeUid,
  encodeUid,
  passwordResetTokenGenerator,
  type PasswordResetTokenGenerator,
  type TokenUser,
} from '../../../src/auth/tokens.ts'
import { parseDatetime } from '../../../src/formats/iso-datetime.ts'
import { type Check, same, text, textOrNull, type Vector } from '../vector.ts'

/** Checkers by kind. */
export const accountChecks: Readonly<Record<string, Check>> = {
  'auth.session_hash': checkSessionHash,
  'auth.reset_token': checkResetToken,
  'auth.reset_token_check': checkResetTokenCheck,
  'auth.uid': checkUid,
  'auth.normalize_email': checkEmail,
  'auth.normalize_username': checkUsername,
}

function fallbacksOf({ settings }: Vector): readonly string[] {
  return (settings['SECRET_KEY_FALLBACKS'] ?? []) as readonly string[]
}

function checkSessionHash(vector: Vector): void {
  const { input, output, settings } = vector
  const password = text(input, 'password_field')
  const keys = { key: text(settings, 'SECRET_KEY'), fallbackKeys: fallbacksOf(vector) }
  const hash = getSessionAuthHash(password, keys)
  same('hash', hash, output['hash'])
  same('match', matchSessionAuthHash(hash, password, keys), 'current')
  same('match in upper case', matchSessionAuthHash(hash.toUpperCase(), password, keys), null)
  if (!('fallback_hashes' in output)) return
  const fallbacks = getSessionAuthFallbackHashes(password, keys)
  same('fallbacks', fallbacks, output['fallback_hashes'])
  for (const fallback of fallbacks) {
    const match = fallback === hash ? 'current' : 'fallback'
    same('match of a fallback', matchSessionAuthHash(fallback, password, keys), match)
  }
}

/** The clock of a server in Greenwich, which shows what the vector's server clock shows. */
function generatorOf(vector: Vector): PasswordResetTokenGenerator {
  const { input, settings } = vector
  const now = parseDatetime(text(input, 'local_now')).wall
  const timeout = settings['PASSWORD_RESET_TIMEOUT']
  return passwordResetTokenGenerator({
    key: text(settings, 'SECRET_KEY'),
    fallbackKeys: fallbacksOf(vector),
    timeZone: 'UTC',
    now: () => now,
    ...(typeof timeout === 'number' ? { passwordResetTimeout: timeout } : {}),
  })
}

/** Django hashes the wall clock of `last_login`, whatever its offset. */
function userOf({ input }: Vector): TokenUser {
  const lastLogin = textOrNull(input, 'last_login')
  return {
    pk: text(input, 'pk'),
    password: text(input, 'password_field'),
    lastLogin: lastLogin === null ? null : parseDatetime(lastLogin).wall,
    email: text(input, 'email'),
  }
}

function checkResetToken(vector: Vector): void {
  const { input, output } = vector
  const generator = generatorOf(vector)
  same('token', generator.makeToken(userOf(vector)), output['token'])
  same('checked', generator.checkToken(userOf(vector), text(output, 'token')), true)
  same('uid', encodeUid(text(input, 'pk')), output['uidb64'])
}

function checkResetTokenCheck(vector: Vector): void {
  const { input, output } = vector
  const valid = generatorOf(vector).checkToken(userOf(vector), text(input, 'token'))
  same('valid', valid, output['valid'])
}

function checkUid({ input, output }: Vector): void {
  same('encoded', encodeUid(text(input, 'pk')), output['uidb64'])
  same('decoded', decodeUid(text(output, 'uidb64')), input['pk'])
}

function checkEmail({ input, output }: Vector): void {
  same('normalized', normalizeEmail(textOrNull(input, 'email')), output['normalized'])
}

function checkUsername({ input, output }: Vector): void {
  same('normalized', normalizeUsername(text(input, 'username')), output['normalized'])
}
