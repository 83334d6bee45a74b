/**
 * Where keys come from: the secrets of the settings, or keys that were prepared elsewhere so that
 * this process never holds a secret.
 *
 * @module
 */
import { ImproperlyConfiguredError } from '../errors.ts'
import type { HashAlgorithm } from '../platform/platform.ts'
import { type PreparedKey, prepareKey, type Secret } from './salted-hmac.ts'

/** Gives the keys for a purpose, the current one first. Shows none of them to an inspector. */
export interface Keyring {
  /** @throws ImproperlyConfiguredError where keys for this purpose were not prepared. */
  keys(keySalt: string, algorithm?: HashAlgorithm): readonly PreparedKey[]
}

/** Derives keys from the secrets of the settings. */
export function secretKeyring(secret: Secret, fallbacks: readonly Secret[] = []): Keyring {
  const secrets = [secret, ...fallbacks]
  return {
    keys: (keySalt, algorithm = 'sha256') =>
      secrets.map((each) => prepareKey(keySalt, each, algorithm)),
  }
}

/** Hands on keys that were prepared elsewhere, by the salt that they were prepared with. */
export function preparedKeyring(prepared: ReadonlyMap<string, readonly PreparedKey[]>): Keyring {
  return {
    keys: (keySalt) => {
      const found = prepared.get(keySalt)
      if (found && found.length > 0) return found
      throw new ImproperlyConfiguredError(
        'secretKey',
        `is needed, or prepared keys for the salt "${keySalt}".`,
      )
    },
  }
}
