/**
 * Keys for one purpose: derived from secrets, or prepared elsewhere.
 *
 * @module
 */
import { invalidArgument } from '../errors.ts'
import { type PreparedKey, prepareKey } from '../signing/salted-hmac.ts'
import type { PreparedKeys, SecretKeys } from '../signing/signer.ts'

/** The key that signs, and those that did before it. */
export interface KeysInUse {
  readonly current: PreparedKey
  readonly former: readonly PreparedKey[]
}

/**
 * Derives the keys, unless they are prepared.
 *
 * @throws TypeError without a key, and for an empty one.
 */
export function prepareKeys(keySalt: string, keys: SecretKeys | PreparedKeys): KeysInUse {
  const [current, ...former] = 'preparedKeys' in keys ? keys.preparedKeys : derive(keySalt, keys)
  if (!current) throw invalidArgument('There is no key.')
  return { current, former }
}

function derive(keySalt: string, { key, fallbackKeys = [] }: SecretKeys): readonly PreparedKey[] {
  const secrets = [key, ...fallbackKeys]
  if (secrets.some((secret) => secret.length === 0)) throw invalidArgument('A key is empty.')
  return secrets.map((secret) => prepareKey(keySalt, secret))
}
