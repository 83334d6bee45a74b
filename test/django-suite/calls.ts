/**
 * What Django's tests call, and what of this package answers: one entry a call, of at most three
 * statements, and nothing of their own to remember. `tools/conformance.test.ts` counts.
 *
 * @module
 */
import type {
  DjangoVersion,
  Expiry,
  ExpiryOptions,
  LazySession,
  Session,
  Sessions,
} from 'async-django'
import {
  decodeUid,
  encodeUid,
  type PasswordResetOptions,
  passwordResetTokenGenerator,
  type TokenUser,
} from 'async-django/auth'
import {
  createPasswordHashing,
  isPasswordUsable,
  type Password,
  type PasswordHasher,
  type PasswordHasherName,
} from 'async-django/passwords'
import {
  decodeBase62,
  encodeBase62,
  Signer,
  type SignerOptions,
  TimestampSigner,
} from 'async-django/signing'
import { peek, poke } from 'async-django/testing'

import { camelCased, missing } from './wire.ts'

/** The session of a call, and where it is from. */
export interface Subject {
  readonly session: LazySession
  readonly sessions: Sessions
  /** Puts another session under the handle of this one. */
  hold(session: LazySession): void
}

/** The arguments of calls on sessions, by their names in Django. */
export interface SessionArguments {
  readonly key: string
  readonly value: unknown
  readonly default: unknown
  readonly values: Record<string, unknown>
  readonly flag: boolean
  readonly data: Record<string, unknown> | null
  readonly expiry: Expiry
  readonly options: ExpiryOptions
  readonly must_create: boolean
  readonly session_key: string | null
  readonly session_data: string
}

/** A call on a session. */
export type SessionCall = (subject: Subject, given: SessionArguments) => unknown

/** `django.contrib.sessions.backends.base.SessionBase`, which loads where it needs to. */
export const sessionCalls: Readonly<Record<string, SessionCall>> = {
  new: ({ sessions, hold }, { session_key }) => hold(sessions.get(session_key)),

  contains: async ({ session }, { key }) => (await session.load()).has(key),
  get: async ({ session }, given) => (await session.load()).get(given.key, given.default),
  set: async ({ session }, { key, value }) => (await session.load()).set(key, value),
  delete_item: async ({ session }, { key }) => (await session.load()).delete(key) || missing,
  pop: async ({ session }, given) => (await session.load()).pop(given.key, given.default),
  setdefault: async ({ session }, { key, value }) => (await session.load()).setdefault(key, value),
  update: async ({ session }, { values }) => (await session.load()).update(values),
  keys: async ({ session }) => (await session.load()).keys(),
  values: async ({ session }) => (await session.load()).values(),
  items: async ({ session }) => (await session.load()).items(),
  clear: ({ session }) => session.clear(),
  is_empty: ({ session }) => (session as Session).isEmpty(),

  set_test_cookie: async ({ session }) => (await session.load()).setTestCookie(),
  test_cookie_worked: async ({ session }) => (await session.load()).testCookieWorked(),
  delete_test_cookie: async ({ session }) => (await session.load()).deleteTestCookie(),

  encode: ({ sessions }, { values }) => sessions.encode(values),
  decode: ({ sessions }, { session_data }) => sessions.decode(session_data),

  get_session_cookie_age: ({ session }) => (session as Session).getSessionCookieAge(),
  get_expiry_age: async ({ session }, { options }) => (await session.load()).getExpiryAge(options),
  get_expiry_date: async ({ session }, { options }) =>
    (await session.load()).getExpiryDate(options),
  set_expiry: async ({ session }, { expiry }) => (await session.load()).setExpiry(expiry),
  get_expire_at_browser_close: async ({ session }) =>
    (await session.load()).getExpireAtBrowserClose(),

  exists: ({ sessions }, { session_key }) => sessions.exists(session_key ?? ''),
  create: ({ session }) => session.create(),
  save: ({ session }, given) =>
    given.must_create ? session.create() : session.save({ force: true }),
  delete: ({ session, sessions }, given) => sessions.delete(given.session_key ?? session.key ?? ''),
  flush: ({ session }) => session.flush(),
  cycle_key: ({ session }) => session.cycleKey(),
  async load({ session, sessions, hold }) {
    const stored = await sessions.get(session.key).load()
    hold(await poke(sessions, { ...peek(session), key: stored.key }))
    return stored.data
  },
  clear_expired: ({ sessions }) => sessions.clearExpired(),

  // What Django's tests reach into.
  set_accessed({ session }, { flag }) {
    session.accessed = flag
  },
  set_modified({ session }, { flag }) {
    session.modified = flag
  },
  set_key: async ({ session, sessions, hold }, { session_key: key }) =>
    hold(await poke(sessions, { ...peek(session), key })),
  get_cache: ({ session }) => peek(session).data,
  set_cache: async ({ session, sessions, hold }, { data }) =>
    hold(await poke(sessions, { ...peek(session), data })),
}

/** The arguments of calls on signers. */
export interface SigningArguments {
  readonly signer: SignerOptions
  readonly value: string
  readonly object: unknown
  readonly compress: boolean
  readonly max_age: number | null
  readonly number: number | bigint
  readonly text: string
}

type SigningCall = (given: SigningArguments, now: () => Date) => unknown

/** `django.core.signing`. */
export const signingCalls: Readonly<Record<string, SigningCall>> = {
  'Signer.signature': ({ signer, value }) => new Signer(signer).signature(value),
  'Signer.sign': ({ signer, value }) => new Signer(signer).sign(value),
  'Signer.unsign': ({ signer, value }) => new Signer(signer).unsign(value),
  'Signer.sign_object': ({ signer, object, compress }) =>
    new Signer(signer).signObject(object, { compress }),
  'Signer.unsign_object': ({ signer, value }) => new Signer(signer).unsignObject(value),

  'TimestampSigner.signature': ({ signer, value }) => new TimestampSigner(signer).signature(value),
  'TimestampSigner.sign': ({ signer, value }, now) =>
    new TimestampSigner({ ...signer, now }).sign(value),
  'TimestampSigner.unsign': ({ signer, value, max_age: maxAge }, now) =>
    new TimestampSigner({ ...signer, now }).unsign(value, { maxAge }),
  'TimestampSigner.sign_object': ({ signer, object, compress }, now) =>
    new TimestampSigner({ ...signer, now }).signObject(object, { compress }),
  'TimestampSigner.unsign_object': ({ signer, value, max_age: maxAge }, now) =>
    new TimestampSigner({ ...signer, now }).unsignObject(value, { maxAge }),

  b62_encode: ({ number }) => encodeBase62(number),
  b62_decode: ({ text }) => decodeBase62(text),
}

/** The arguments of calls on hashers. */
export interface HashingArguments {
  /** The class, the algorithm, and what the class was told of new hashes, by Django's names. */
  readonly hasher: PasswordHasherName
  readonly algorithm: string
  readonly parameters: object
  readonly password: Password
  readonly salt: string
  readonly encoded: string
}

type HashingCall = (given: HashingArguments, version: DjangoVersion) => unknown

/** `django.contrib.auth.hashers`. */
export const hashingCalls: Readonly<Record<string, HashingCall>> = {
  hash: (given, version) => hasherOf(given, version).encode(given.password, given.salt),
  verify: (given, version) => hasherOf(given, version).verify(given.password, given.encoded),
  must_update: (given, version) => hasherOf(given, version).mustUpdate(given.encoded),
  is_password_usable: ({ encoded }) => isPasswordUsable(encoded),
}

function hasherOf(given: HashingArguments, djangoVersion: DjangoVersion): PasswordHasher {
  const { hasher, algorithm, parameters } = given
  const isBare = Object.keys(parameters).length === 0
  const hasherParameters = isBare ? {} : { [hasher]: camelCased(parameters) }
  const options = { djangoVersion, passwordHashers: [hasher], hasherParameters }
  return createPasswordHashing(options).identifyHasher(`${algorithm}$`)
}

/** The arguments of calls on links that reset a password. */
export interface ResettingArguments {
  readonly options: PasswordResetOptions
  readonly user: TokenUser | null
  readonly token: string | null
  /** The text of a user's key, and what a link has of it. */
  readonly text: string
  readonly uid: string
}

type ResettingCall = (given: ResettingArguments, now: () => Date) => unknown

/** `django.contrib.auth.tokens`, and what `django.utils.http` has for links. */
export const resettingCalls: Readonly<Record<string, ResettingCall>> = {
  make_token: ({ options, user }, now) =>
    user && passwordResetTokenGenerator({ ...options, now }).makeToken(user),
  check_token: ({ options, user, token }, now) =>
    passwordResetTokenGenerator({ ...options, now }).checkToken(user, token),
  encode_uid: ({ text }) => encodeUid(text),
  decode_uid: ({ uid }) => decodeUid(uid),
}
