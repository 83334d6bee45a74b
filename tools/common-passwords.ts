/**
 * Writes `src/auth/_common-passwords.ts` from the lists in two Djangos, one before 5.2 and one of
 * 5.2 or later: `node build/tools/common-passwords.js <django 5.1> <django 5.2>`, each the folder of
 * the package. Only fingerprints are kept, see `decisions/`.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const fingerprintSize = 5
const target = 'src/auth/_common-passwords.ts'

function readList(django: string): ReadonlySet<string> {
  const path = join(django, 'contrib', 'auth', 'common-passwords.txt.gz')
  const lines = gunzipSync(readFileSync(path)).toString('utf8').split('\n')
  return new Set(lines.map((line) => line.trim()).filter((line) => line !== ''))
}

function fingerprints(passwords: Iterable<string>): string {
  const sorted = Array.from(passwords, (password) =>
    createHash('sha256').update(password).digest().subarray(0, fingerprintSize),
  ).toSorted((a, b) => a.compare(b))
  return Buffer.concat(sorted).toString('base64')
}

function write(old: ReadonlySet<string>, recent: ReadonlySet<string>): void {
  const inAll = [...old].filter((password) => recent.has(password))
  const before52 = [...old].filter((password) => !recent.has(password))
  const since52 = [...recent].filter((password) => !old.has(password))
  writeFileSync(
    target,
    `/**
 * Fingerprints of the passwords that Django calls common: the first ${fingerprintSize} bytes of their SHA-256,
 * sorted, in base64. Written by \`tools/common-passwords.ts\`.
 *
 * @module
 */

/** ${inAll.length} passwords of all releases. */
export const inAll =
  '${fingerprints(inAll)}'

/** ${before52.length} that 5.1 and earlier have too. */
export const before52 =
  '${fingerprints(before52)}'

/** ${since52.length} that 5.2 and later have too. */
export const since52 =
  '${fingerprints(since52)}'
`,
  )
}

const [oldDjango, recentDjango] = process.argv.slice(2)
if (!oldDjango || !recentDjango) {
  throw new TypeError('Give the folders of two Djangos, one before 5.2 and one of 5.2 or later.')
}
write(readList(oldDjango), readList(recentDjango))
