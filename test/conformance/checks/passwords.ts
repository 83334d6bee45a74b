/**
 * Checks of `django.contrib.auth.hashers`. It has no public door yet: it is taken from the source.
 *
 * @module
 */
import type { DjangoSeries, DjangoVersion } from 'async-django'

import type { Password } from '../../../src/auth/hashers/hasher.ts'
import {
  defaultHasherParameters,
  defaultPasswordHashers,
  type PasswordHasherPath,
} from '../../../src/auth/password-hashers.ts'
import {
  createPasswordHashing,
  isPasswordUsable,
  type PasswordHashing,
} from '../../../src/auth/password-hashing.ts'
import {
  bytes,
  type Check,
  answerOf,
  fieldsOf,
  isSince,
  type Fields,
  Mismatch,
  outcome,
  releasesOf,
  same,
  text,
  textOrNull,
  type Vector,
} from '../vector.ts'

/** Checkers by kind. */
export const passwordChecks: Readonly<Record<string, Check>> = {
  'password.encode': checkEncode,
  'password.encode_bytes': checkEncodeBytes,
  'password.check': checkCheck,
  'password.make': checkMake,
  'password.make_type': checkMakeType,
  'password.salt': checkSalt,
  'password.unusable': checkUnusable,
  'password.usable': checkUsable,
  'password.defaults': checkDefaults,
}

const alphanumeric = /^[A-Za-z0-9]+$/
/** What Python raises for a hash, a password or a salt that cannot be. */
const codes = {
  ValueError: 'ERR_PASSWORD_HASH',
  AssertionError: 'ERR_PASSWORD_HASH',
  AttributeError: 'ERR_INVALID_ARGUMENT',
  TypeError: 'ERR_INVALID_ARGUMENT',
}

/** `time_cost` is `timeCost`. */
function camelCased(fields: Fields): Fields {
  const entries = Object.entries(fields).map(([name, value]) => [
    name.replaceAll(/_(.)/g, (_all, letter: string) => letter.toUpperCase()),
    value,
  ])
  return Object.fromEntries(entries) as Fields
}

/** The releases to check; for what older ones left behind, the oldest. */
function releasesFor(vector: Vector): readonly string[] {
  const releases = releasesOf(vector)
  return releases.length > 0 ? releases : ['4.2']
}

/** Hashing with the one hasher and the parameters that the input names. */
function hashingOf({ input }: Vector, release: string): PasswordHashing {
  const hasher = text(input, 'hasher') as PasswordHasherPath
  const parameters = camelCased(fieldsOf(input, 'params'))
  const isNamed = Object.keys(parameters).length > 0
  return createPasswordHashing({
    djangoVersion: release as DjangoVersion,
    passwordHashers: [hasher],
    hasherParameters: isNamed ? { [hasher]: parameters } : {},
  })
}

/** Whether this hash is of a variety that the release beside could not read yet. */
export function isUnreadArgon2({ django, kind, input }: Vector): boolean {
  const isOld = django.every((release) => release.startsWith('2.'))
  return isOld && kind === 'password.check' && /^argon2\$argon2i?d\$/.test(text(input, 'encoded'))
}

/** Of equal parameters all releases make equal hashes: the newest stands for all. */
async function checkEncode(vector: Vector): Promise<void> {
  const { input, output } = vector
  const hashing = hashingOf(vector, releasesFor(vector).at(-1) ?? '')
  const password = text(input, 'password')
  if (releasesOf(vector).length === 0 && 'encoded' in output) {
    const isRead = await hashing.checkPassword(password, text(output, 'encoded'))
    return same('read', isRead, true)
  }
  const encoded = await outcome(() => hashing.makePassword(password, { salt: text(input, 'salt') }))
  if ('raises' in output) return same('encoded', encoded, answerOf(output, codes))
  const wanted = text(output, 'encoded')
  same('encoded', encoded, wanted)
  if (!('algorithm' in output)) return
  const hasher = hashing.identifyHasher(wanted)
  same('algorithm', hasher.algorithm, output['algorithm'])
  same('must_update', hasher.mustUpdate(wanted), output['must_update'])
  if (!('decoded' in output)) return
  const decoded = Object.entries(hasher.decode(wanted)).filter(([, value]) => value !== null)
  same('decoded', Object.fromEntries(decoded), camelCased(fieldsOf(output, 'decoded')))
}

async function checkEncodeBytes(vector: Vector): Promise<void> {
  const { input, output } = vector
  for (const release of releasesFor(vector)) {
    const hashing = hashingOf(vector, release)
    const password = bytes(input, 'password_b64')
    const salt = text(input, 'salt')
    const encoded = await outcome(async () => ({
      encoded: await hashing.makePassword(password, { salt }),
    }))
    same(`encoded in ${release}`, encoded, answerOf(output, codes))
  }
}

/** `make_vectors.py` has a hasher of its own with fewer iterations. */
function passwordHashers({ settings }: Vector): PasswordHasherPath[] {
  const paths = settings['PASSWORD_HASHERS'] as readonly string[]
  return paths.map((path) =>
    path === 'make_vectors_hashers.FastPBKDF2'
      ? 'PBKDF2PasswordHasher'
      : (path as PasswordHasherPath),
  )
}

async function checkCheck(vector: Vector): Promise<void> {
  const { input, output, settings } = vector
  const iterations = Number(settings['preferred_pbkdf2_iterations'])
  for (const release of releasesFor(vector)) {
    const { checkPassword } = createPasswordHashing({
      djangoVersion: release as DjangoVersion,
      passwordHashers: passwordHashers(vector),
      hasherParameters: { PBKDF2PasswordHasher: { iterations } },
    })
    const updated: Password[] = []
    const setter = (password: Password): void => void updated.push(password)
    const correct = await outcome(() =>
      checkPassword(textOrNull(input, 'password'), text(input, 'encoded'), { setter }),
    )
    const answer = 'raises' in output ? output : output['correct']
    same(`correct in ${release}`, correct, answerOf(answer, codes))
    if (isSince(vector, 4, 2) && 'setter_called' in output) {
      const password = textOrNull(input, 'password')
      same('setter', updated, output['setter_called'] === true ? [password] : [])
    }
  }
}

async function checkMake(vector: Vector): Promise<void> {
  const { input, output } = vector
  const password = text(input, 'password')
  const salt = textOrNull(input, 'salt')
  for (const release of releasesFor(vector)) {
    const { makePassword, checkPassword } = createPasswordHashing({
      djangoVersion: release as DjangoVersion,
      hasherParameters: { PBKDF2PasswordHasher: { iterations: Number(input['iterations']) } },
    })
    const made = await outcome(() => makePassword(password, { salt }))
    if ('raises' in output) {
      same('made', made, { raises: 'ERR_INVALID_ARGUMENT' })
      continue
    }
    const theirs = text(output, 'encoded')
    same('checked', await checkPassword(password, theirs), true)
    if (salt) same('made', made, theirs)
    else same('shape', shapeOf(String(made)), isSince(vector, 3, 2) ? shapeOf(theirs) : newShape)
  }
}

const newShape = [13, 4, 22, 44]

/** The lengths of a hash's parts. */
function shapeOf(encoded: string): number[] {
  return encoded.split('$').map((part) => part.length)
}

async function checkMakeType({ input, output }: Vector): Promise<void> {
  const { makePassword } = createPasswordHashing()
  const value = JSON.parse(text(input, 'value_json')) as string
  const made = await outcome(() => makePassword(value))
  same('made', made, answerOf({ raises: output['raises'] }, codes))
}

function checkSalt(vector: Vector): void {
  const { input, output } = vector
  for (const release of releasesFor(vector)) {
    const { identifyHasher } = createPasswordHashing({
      djangoVersion: release as DjangoVersion,
      passwordHashers: [text(input, 'hasher') as PasswordHasherPath],
    })
    const [hasher] = ['pbkdf2_sha256', 'pbkdf2_sha1', 'argon2', 'scrypt', 'md5', 'sha1'].flatMap(
      (algorithm) => {
        try {
          return [identifyHasher(`${algorithm}$`)]
        } catch {
          return []
        }
      },
    )
    const salt = hasher?.salt() ?? ''
    same('length', salt.length, output['length'])
    if (!alphanumeric.test(salt)) throw new Mismatch('a salt is of other letters')
  }
}

async function checkUnusable({ output }: Vector): Promise<void> {
  const made = await createPasswordHashing().makePassword(null)
  same('length', made.length, output['length'])
  same('usable', isPasswordUsable(made), false)
  if (!alphanumeric.test(made.slice(1))) throw new Mismatch('it is of other letters')
}

function checkUsable({ input, output }: Vector): void {
  same('usable', isPasswordUsable(textOrNull(input, 'encoded')), output['usable'])
}

function checkDefaults(vector: Vector): void {
  const { PASSWORD_HASHERS, ...classes } = vector.output
  for (const release of releasesOf(vector)) {
    const series = release.split('.', 2).join('.') as DjangoSeries
    const ours = Object.entries(defaultHasherParameters(series))
    for (const [name, { maxmem: _maxmem, ...parameters }] of ours) {
      same(name, parameters, camelCased(fieldsOf(classes, name)))
    }
    same('PASSWORD_HASHERS', defaultPasswordHashers, PASSWORD_HASHERS)
  }
}
