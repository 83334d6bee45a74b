/**
 * Which hasher made a hash. Mirrors `get_hasher` and `identify_hasher` of
 * `django.contrib.auth.hashers`.
 *
 * @module
 */
import { ImproperlyConfiguredError, UnknownHasherError } from '../errors.ts'
import type { PasswordHasher } from './hashers/hasher.ts'

const djangoAlgorithms: readonly string[] = [
  'argon2',
  'bcrypt',
  'bcrypt_sha256',
  'crypt',
  'md5',
  'pbkdf2_sha1',
  'pbkdf2_sha256',
  'scrypt',
  'sha1',
  'unsalted_md5',
  'unsalted_sha1',
]

/** The hashers of a site, by their algorithms. */
export class HasherRegistry {
  /** The one that makes new hashes. */
  readonly preferred: PasswordHasher
  readonly #byAlgorithm: ReadonlyMap<string, PasswordHasher>

  constructor(hashers: readonly PasswordHasher[]) {
    const [first] = hashers
    if (!first) throw new ImproperlyConfiguredError('passwordHashers', 'must not be empty.')
    this.preferred = first
    this.#byAlgorithm = new Map(hashers.map((hasher) => [hasher.algorithm, hasher]))
  }

  /** @throws UnknownHasherError */
  get(hasher: string | PasswordHasher = 'default'): PasswordHasher {
    if (typeof hasher === 'object') return hasher
    if (hasher === 'default') return this.preferred
    const found = this.#byAlgorithm.get(hasher)
    if (found) return found
    throw new UnknownHasherError(hasher)
  }

  /** Null where no hasher of the site made this. */
  find(encoded: string): PasswordHasher | null {
    return this.#byAlgorithm.get(algorithmOf(encoded)) ?? null
  }

  /** @throws UnknownHasherError */
  identify(encoded: string): PasswordHasher {
    const found = this.find(encoded)
    if (found) return found
    // What stands there may be a password that was never hashed: only a name of Django's is told.
    const algorithm = algorithmOf(encoded)
    throw new UnknownHasherError(djangoAlgorithms.includes(algorithm) ? algorithm : null)
  }
}

/** Mirrors `identify_hasher`, which knows the oldest hashes by their length. */
function algorithmOf(encoded: string): string {
  const isBareMd5 = encoded.length === 32 && !encoded.includes('$')
  if (isBareMd5 || (encoded.length === 37 && encoded.startsWith('md5$$'))) return 'unsalted_md5'
  if (encoded.length === 46 && encoded.startsWith('sha1$$')) return 'unsalted_sha1'
  return encoded.split('$', 1)[0] ?? ''
}
