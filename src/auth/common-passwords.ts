/**
 * The passwords that Django calls common, by their fingerprints: loaded when they are first asked
 * for.
 *
 * @module
 */
import type { DjangoSeries } from '../settings.ts'
import { platform } from '#platform'

/** A list that can be asked, and not read. */
export interface PasswordSet {
  has(password: string): boolean
}

/** Bytes of a SHA-256 that are kept: of 55 million other passwords, one is taken for a common one. */
const fingerprintSize = 5

/**
 * The list of a release.
 *
 * @returns Passwords in lower case, without space around them.
 */
export async function loadCommonPasswords(series: DjangoSeries): Promise<PasswordSet> {
  const { inAll, since52, before52 } = await import('./_common-passwords.ts')
  const isBefore52 = series === '4.2' || series === '5.0' || series === '5.1'
  const lists = [inAll, isBefore52 ? before52 : since52].map((text) => platform.decodeBase64(text))
  return {
    has(password) {
      const fingerprint = fingerprintOf(password)
      return lists.some((list) => includes(list, fingerprint))
    },
  }
}

/** The beginning of a SHA-256, as a number. */
function fingerprintOf(password: string): number {
  const bytes = new TextEncoder().encode(password)
  return numberAt(platform.hash('sha256', bytes), 0)
}

function numberAt(bytes: Uint8Array, start: number): number {
  let value = 0
  for (let at = start; at < start + fingerprintSize; at++) value = value * 256 + (bytes[at] ?? 0)
  return value
}

/** Halves the sorted list until the place is found. */
function includes(list: Uint8Array, fingerprint: number): boolean {
  let low = 0
  let high = list.length / fingerprintSize
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const found = numberAt(list, middle * fingerprintSize)
    if (found === fingerprint) return true
    if (found < fingerprint) low = middle + 1
    else high = middle
  }
  return false
}
