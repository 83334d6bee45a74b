/**
 * Makes and checks passwords as Django stores them, off the event loop and a few at once.
 * Mirrors `make_password`, `check_password` and `identify_hasher` of `django.contrib.auth.hashers`.
 *
 * @module
 */
import { ImproperlyConfiguredError, invalidArgument } from '../errors.ts'
import { defaultDjangoVersion, type DjangoVersion, readRelease } from '../settings.ts'
import { type HashLimits, HashQueue, sharedHashQueue } from './hash-queue.ts'
import { HasherRegistry } from './hasher-registry.ts'
import { randomLetters } from './hashers/_shared.ts'
import type { Password, PasswordHasher } from './hashers/hasher.ts'
import {
  type GivenHasherParameters,
  makePasswordHashers,
  type PasswordHasherPath,
} from './password-hashers.ts'

/** Which hashes are made and read, and how many at once. */
export interface PasswordHashingOptions extends Partial<HashLimits> {
  /** The release whose defaults are taken: as beside, or every login changes hashes. Default: newest. */
  readonly djangoVersion?: DjangoVersion
  /** `PASSWORD_HASHERS`; the first makes new hashes. Default: those of Django. */
  readonly passwordHashers?: readonly (PasswordHasherPath | PasswordHasher)[]
  /** What a subclass of a hasher sets in Django: `{ PBKDF2PasswordHasher: { iterations } }`. */
  readonly hasherParameters?: GivenHasherParameters
}

/** Whose password it is. */
export interface HashingCall {
  /** Few hashes of one name are in work or waiting at once. Default: nobody's in particular. */
  readonly userName?: string | null
}

/** How a hash is made. */
export interface MakePasswordOptions extends HashingCall {
  /** Default, also for an empty one: a random salt. */
  readonly salt?: string | null
  /** By its algorithm, such as `argon2`. Default: the first of `passwordHashers`. */
  readonly hasher?: string | PasswordHasher
}

/** How a password is checked. */
export interface CheckPasswordOptions extends HashingCall {
  /**
   * Called with the right password where its hash is not as new ones are: makes a new one, and
   * stores it. What it throws, `checkPassword` throws; catch a `HasherBusyError` of `makePassword`
   * in it where a login is not to fail for that: the next one comes here again.
   */
  readonly setter?: (password: Password) => Promise<void> | void
  /** The hasher that hashes should be of, by its algorithm. Default: the first of `passwordHashers`. */
  readonly preferred?: string | PasswordHasher
}

/** Makes and checks passwords. */
export interface PasswordHashing {
  /**
   * A hash to be stored; of null, a text that no password matches. Mirrors `make_password`.
   *
   * @throws HasherBusyError; UnknownHasherError; MissingPackageError; PasswordHashError
   *   `passwordTooLong`; TypeError for anything but text and bytes.
   */
  makePassword(password: Password | null, options?: MakePasswordOptions): Promise<string>
  /**
   * Whether a password is the one behind a hash. Mirrors `check_password`: a hash that no hasher
   * knows, or none that can be used, takes as long as one that does not match.
   *
   * @throws HasherBusyError; MissingPackageError; PasswordHashError; TypeError for anything but text
   *   and bytes.
   */
  checkPassword(
    password: Password | null,
    encoded: string,
    options?: CheckPasswordOptions,
  ): Promise<boolean>
  /**
   * Takes as long as `checkPassword` does for a wrong password: for a user name that does not exist.
   * Mirrors what `ModelBackend.authenticate` does then. Throws as `makePassword` does.
   */
  checkUnknownUser(password: Password | null, options?: HashingCall): Promise<false>
  /**
   * The hasher that made a hash. Mirrors `identify_hasher`.
   *
   * @throws UnknownHasherError
   */
  identifyHasher(encoded: string): PasswordHasher
  /**
   * Whether a hash is not as new ones are: another algorithm, or weaker or stronger.
   *
   * @throws UnknownHasherError; PasswordHashError `malformed`.
   */
  mustUpdate(encoded: string, preferred?: string | PasswordHasher): boolean
}

const unusablePrefix = '!'
const unusableLength = 40

/** Whether a stored password can match at all: none that begins with `!` can. */
export function isPasswordUsable(encoded: string | null): boolean {
  return encoded === null || !encoded.startsWith(unusablePrefix)
}

/**
 * Wires hashers and a queue. Where none of the three limits is given, all share one queue.
 *
 * @throws ImproperlyConfiguredError
 * @example
 * ```ts
 * const { makePassword, checkPassword } = createPasswordHashing({ djangoVersion: '5.2' })
 * const encoded = await makePassword('correct horse')
 * await checkPassword('correct horse', encoded, { userName: 'ada' })
 * ```
 */
export function createPasswordHashing(options: PasswordHashingOptions = {}): PasswordHashing {
  const { series } = readRelease(options.djangoVersion ?? defaultDjangoVersion)
  const { passwordHashers, hasherParameters } = options
  const hashers = new HasherRegistry(makePasswordHashers(series, passwordHashers, hasherParameters))
  const queue = queueOf(options)
  return {
    async makePassword(password, { salt, hasher, userName = null } = {}) {
      if (password === null) return unusablePrefix + randomLetters(unusableLength)
      checkType(password)
      const chosen = hashers.get(hasher)
      return queue.run(userName, () => chosen.encode(password, salt || chosen.salt()))
    },
    async checkPassword(password, encoded, { setter, preferred, userName = null } = {}) {
      if (password !== null) checkType(password)
      const verdict = await queue.run(userName, () =>
        verifyPassword(hashers, password, encoded, hashers.get(preferred)),
      )
      if (!verdict.isCorrect || password === null) return false
      if (verdict.mustUpdate) await setter?.(password)
      return true
    },
    async checkUnknownUser(password, { userName = null } = {}) {
      if (password !== null) checkType(password)
      await queue.run(userName, () => burnHash(hashers, password))
      return false
    },
    identifyHasher: (encoded) => hashers.identify(encoded),
    mustUpdate: (encoded, preferred) =>
      isOutdated(encoded, hashers.identify(encoded), hashers.get(preferred)),
  }
}

const limitNames = ['maxConcurrent', 'maxWaiting', 'maxPerUser'] as const

function queueOf(options: PasswordHashingOptions): HashQueue {
  const given = limitNames.filter((name) => options[name] !== undefined)
  for (const name of given) {
    const least = name === 'maxWaiting' ? 0 : 1
    if (!((options[name] ?? least) >= least)) {
      throw new ImproperlyConfiguredError(name, `must be a number from ${least} on.`)
    }
  }
  return given.length === 0 ? sharedHashQueue() : new HashQueue(options)
}

function checkType(password: unknown): void {
  if (typeof password === 'string' || password instanceof Uint8Array) return
  throw invalidArgument(`A password must be a string or bytes, not ${typeof password}.`)
}

function isOutdated(encoded: string, hasher: PasswordHasher, preferred: PasswordHasher): boolean {
  return hasher.algorithm !== preferred.algorithm || preferred.mustUpdate(encoded)
}

/** What came of a check. */
interface Verdict {
  readonly isCorrect: boolean
  readonly mustUpdate: boolean
}

/** Mirrors `verify_password`, which is in `check_password` up to Django 4.2. */
async function verifyPassword(
  hashers: HasherRegistry,
  password: Password | null,
  encoded: string,
  preferred: PasswordHasher,
): Promise<Verdict> {
  const hasher = isPasswordUsable(encoded) ? hashers.find(encoded) : null
  if (password === null || hasher === null) {
    await burnHash(hashers, null)
    return { isCorrect: false, mustUpdate: false }
  }
  const mustUpdate = isOutdated(encoded, hasher, preferred)
  const isCorrect = await hasher.verify(password, encoded)
  if (!isCorrect && mustUpdate && hasher.algorithm === preferred.algorithm) {
    await hasher.hardenRuntime(password, encoded)
  }
  return { isCorrect, mustUpdate }
}

/** Makes one new hash, for the time that it takes. */
async function burnHash({ preferred }: HasherRegistry, password: Password | null): Promise<void> {
  await preferred.encode(password ?? randomLetters(unusableLength), preferred.salt())
}
