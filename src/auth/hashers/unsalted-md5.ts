/**
 * Django's `UnsaltedMD5PasswordHasher`, for the oldest rows; gone in Django 5.1: 32 hexadecimal
 * digits, bare or after `md5$$`.
 *
 * @module
 */
import { unsaltedDigestHasher, type UnsaltedVariety } from './_unsalted-digest.ts'
import type { HasherRules, PasswordHasher } from './hasher.ts'

const prefix = 'md5$$'
const digestLength = 32

const variety: UnsaltedVariety = {
  algorithm: 'unsalted_md5',
  digest: 'md5',
  encodedOf: (digest) => digest,
  canonical(encoded) {
    const isPrefixed = encoded.length === prefix.length + digestLength && encoded.startsWith(prefix)
    return isPrefixed ? encoded.slice(prefix.length) : encoded
  },
  hashIn: (encoded) => encoded,
}

/** MD5 of the password. */
export function unsaltedMd5(rules: HasherRules): PasswordHasher {
  return unsaltedDigestHasher(variety, rules)
}
