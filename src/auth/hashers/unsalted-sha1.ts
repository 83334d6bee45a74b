/**
 * Django's `UnsaltedSHA1PasswordHasher`, for the oldest rows; gone in Django 5.1: `sha1$$<hex>`.
 *
 * @module
 */
import { malformed } from './_shared.ts'
import { unsaltedDigestHasher, type UnsaltedVariety } from './_unsalted-digest.ts'
import type { HasherRules, PasswordHasher } from './hasher.ts'

const algorithm = 'unsalted_sha1'
const prefix = 'sha1$$'

const variety: UnsaltedVariety = {
  algorithm,
  digest: 'sha1',
  encodedOf: (digest) => prefix + digest,
  canonical: (encoded) => encoded,
  hashIn(encoded) {
    if (encoded.startsWith(prefix)) return encoded.slice(prefix.length)
    throw malformed(algorithm, `does not begin with "${prefix}"`)
  },
}

/** SHA-1 of the password. */
export function unsaltedSha1(rules: HasherRules): PasswordHasher {
  return unsaltedDigestHasher(variety, rules)
}
