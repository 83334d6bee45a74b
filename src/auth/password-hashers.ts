/**
 * Django's hashers by the names of their classes, and what new hashes are like in each release.
 * Mirrors `PASSWORD_HASHERS` of `django.conf.global_settings`.
 *
 * @module
 */
import { ImproperlyConfiguredError } from '../errors.ts'
import type { DjangoSeries } from '../settings.ts'
import { argon2, type Argon2Parameters } from './hashers/argon2.ts'
import { bcrypt } from './hashers/bcrypt.ts'
import { bcryptSha256 } from './hashers/bcrypt-sha256.ts'
import type { BcryptParameters } from './hashers/_bcrypt.ts'
import type { HasherRules, PasswordHasher } from './hashers/hasher.ts'
import { md5 } from './hashers/md5.ts'
import type { Pbkdf2Parameters } from './hashers/_pbkdf2.ts'
import { pbkdf2Sha1 } from './hashers/pbkdf2-sha1.ts'
import { pbkdf2Sha256 } from './hashers/pbkdf2-sha256.ts'
import { scrypt, type ScryptParameters } from './hashers/scrypt.ts'
import { sha1 } from './hashers/sha1.ts'
import { unsaltedMd5 } from './hashers/unsalted-md5.ts'
import { unsaltedSha1 } from './hashers/unsalted-sha1.ts'

/** What new hashes are made with, by the name of Django's class. */
export interface HasherParameters {
  readonly PBKDF2PasswordHasher: Pbkdf2Parameters
  readonly PBKDF2SHA1PasswordHasher: Pbkdf2Parameters
  readonly Argon2PasswordHasher: Argon2Parameters
  readonly BCryptSHA256PasswordHasher: BcryptParameters
  readonly BCryptPasswordHasher: BcryptParameters
  readonly ScryptPasswordHasher: ScryptParameters
}

/** Some of the parameters; Django's defaults are taken for the others. */
export type GivenHasherParameters = {
  readonly [Name in keyof HasherParameters]?: Partial<HasherParameters[Name]>
}

/** The classes of `django.contrib.auth.hashers` that have their like here. */
export type PasswordHasherName =
  | keyof HasherParameters
  | 'MD5PasswordHasher'
  | 'SHA1PasswordHasher'
  | 'UnsaltedMD5PasswordHasher'
  | 'UnsaltedSHA1PasswordHasher'

type Make = (parameters: HasherParameters, rules: HasherRules) => PasswordHasher

const makers: Readonly<Record<PasswordHasherName, Make>> = {
  PBKDF2PasswordHasher: (all) => pbkdf2Sha256(all.PBKDF2PasswordHasher),
  PBKDF2SHA1PasswordHasher: (all) => pbkdf2Sha1(all.PBKDF2SHA1PasswordHasher),
  Argon2PasswordHasher: (all, rules) => argon2(all.Argon2PasswordHasher, rules),
  BCryptSHA256PasswordHasher: (all, rules) => bcryptSha256(all.BCryptSHA256PasswordHasher, rules),
  BCryptPasswordHasher: (all, rules) => bcrypt(all.BCryptPasswordHasher, rules),
  ScryptPasswordHasher: (all, rules) => scrypt(all.ScryptPasswordHasher, rules),
  MD5PasswordHasher: (_all, rules) => md5(rules),
  SHA1PasswordHasher: (_all, rules) => sha1(rules),
  UnsaltedMD5PasswordHasher: (_all, rules) => unsaltedMd5(rules),
  UnsaltedSHA1PasswordHasher: (_all, rules) => unsaltedSha1(rules),
}

const modulePath = 'django.contrib.auth.hashers.'

/** An entry of `PASSWORD_HASHERS`: the whole path of a class as Django has it, or its name. */
export type PasswordHasherPath = PasswordHasherName | `${typeof modulePath}${PasswordHasherName}`

const iterations: Readonly<Record<DjangoSeries, number>> = {
  '4.2': 600_000,
  '5.0': 720_000,
  '5.1': 870_000,
  '5.2': 1_000_000,
  '6.0': 1_200_000,
  '6.1': 1_500_000,
}

/** What a release makes new hashes with. */
export function defaultHasherParameters(series: DjangoSeries): HasherParameters {
  const pbkdf2 = { iterations: iterations[series] }
  const bcryptRounds = { rounds: 12 }
  return {
    PBKDF2PasswordHasher: pbkdf2,
    PBKDF2SHA1PasswordHasher: pbkdf2,
    Argon2PasswordHasher: { timeCost: 2, memoryCost: 102_400, parallelism: 8 },
    BCryptSHA256PasswordHasher: bcryptRounds,
    BCryptPasswordHasher: bcryptRounds,
    ScryptPasswordHasher: {
      workFactor: 2 ** 14,
      blockSize: 8,
      parallelism: series === '4.2' || series === '5.0' ? 1 : 5,
      maxmem: 0,
    },
  }
}

/** The hashers of a release that sets none; the first makes new hashes. */
export const defaultPasswordHashers: readonly PasswordHasherName[] = [
  'PBKDF2PasswordHasher',
  'PBKDF2SHA1PasswordHasher',
  'Argon2PasswordHasher',
  'BCryptSHA256PasswordHasher',
  'ScryptPasswordHasher',
]

/**
 * The hashers that a site has.
 *
 * @throws ImproperlyConfiguredError
 */
export function makePasswordHashers(
  series: DjangoSeries,
  entries: readonly (PasswordHasherPath | PasswordHasher)[] = defaultPasswordHashers,
  given: GivenHasherParameters = {},
): readonly PasswordHasher[] {
  if (entries.length === 0) {
    throw new ImproperlyConfiguredError('passwordHashers', 'must not be empty.')
  }
  const parameters = mergeParameters(defaultHasherParameters(series), given)
  const rules: HasherRules = {
    takesBytes: series === '6.0' || series === '6.1',
    isBase64Strict: series === '6.1',
  }
  return entries.map((entry) =>
    typeof entry === 'string' ? makers[nameOf(entry)](parameters, rules) : entry,
  )
}

function nameOf(path: string): PasswordHasherName {
  const name = path.startsWith(modulePath) ? path.slice(modulePath.length) : path
  if (Object.hasOwn(makers, name)) return name as PasswordHasherName
  throw new ImproperlyConfiguredError('passwordHashers', `there is no hasher "${path}".`)
}

function mergeParameters(
  defaults: HasherParameters,
  given: GivenHasherParameters,
): HasherParameters {
  for (const [name, values] of Object.entries(given)) checkParameters(name, values, defaults)
  const names = Object.keys(defaults) as (keyof HasherParameters)[]
  const merged = names.map((name) => [name, { ...defaults[name], ...given[name] }])
  const parameters = Object.fromEntries(merged) as HasherParameters
  checkTogether(parameters)
  return parameters
}

function checkTogether({ Argon2PasswordHasher, ScryptPasswordHasher }: HasherParameters): void {
  const { memoryCost, parallelism } = Argon2PasswordHasher
  if (memoryCost < 8 * parallelism) {
    throw new ImproperlyConfiguredError(
      'hasherParameters.Argon2PasswordHasher.memoryCost',
      'must be at least 8 times the parallelism.',
    )
  }
  if (!Number.isInteger(Math.log2(ScryptPasswordHasher.workFactor))) {
    throw new ImproperlyConfiguredError(
      'hasherParameters.ScryptPasswordHasher.workFactor',
      'must be a power of two.',
    )
  }
}

/** The least and the most that a parameter may be. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  iterations: [1, 2 ** 31 - 1],
  timeCost: [1, 2 ** 32 - 1],
  memoryCost: [8, 2 ** 22],
  parallelism: [1, 2 ** 24 - 1],
  rounds: [4, 31],
  workFactor: [2, 2 ** 30],
  blockSize: [1, 2 ** 24],
  maxmem: [0, Number.MAX_SAFE_INTEGER],
}

const noRange = [1, 0] as const

function checkParameters(name: string, values: object, defaults: HasherParameters): void {
  const setting = `hasherParameters.${name}`
  const known: unknown = Object.hasOwn(defaults, name) ? Reflect.get(defaults, name) : null
  if (typeof known !== 'object' || known === null) {
    throw new ImproperlyConfiguredError(setting, 'there is no such hasher with parameters.')
  }
  for (const [parameter, value] of Object.entries(values)) {
    const range = Object.hasOwn(known, parameter) ? ranges[parameter] : undefined
    const [least, most] = range ?? noRange
    if (Number.isSafeInteger(value) && value >= least && value <= most) continue
    throw new ImproperlyConfiguredError(
      `${setting}.${parameter}`,
      range === undefined
        ? 'there is no such parameter.'
        : `must be a whole number from ${least} to ${most}.`,
    )
  }
}
