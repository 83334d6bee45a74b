/**
 * Good payloads, to be damaged: pickles by real Pythons, and session data of real Djangos.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

import { projectRoot } from '../../tools/_root.ts'

interface Vector {
  readonly kind: string
  readonly output: {
    readonly protocols?: Readonly<Record<string, string>>
    readonly payload_json?: string
  }
}

const longest = 3000

function vectors(subject: string): Vector[] {
  const path = join(projectRoot, 'test/conformance/vectors', `${subject}.jsonl.gz`)
  const lines = gunzipSync(readFileSync(path)).toString().trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Vector)
}

const prototype = '\u008c\u0009__proto__'

/** Keys that would change a prototype where they are assigned, beside what JSON has no form for. */
const traps: readonly string[] = [
  `\u0080\u0004}(${prototype}}\u008c\u0001aK\u0001\u0085s\u008c\u0001t)u.`,
  `\u0080\u0004}(\u008c\u0001n}${prototype}]K\u0001\u0085asK\u0001N${prototype}\u008f(K\u0001\u0090u.`,
]

/** Pickles in every protocol, a character per byte. */
export function pickles(): string[] {
  const made = vectors('pickle').flatMap(({ output }) => Object.values(output.protocols ?? {}))
  return [...new Set([...made.map(atob), ...traps])].filter(({ length }) => length <= longest)
}

/** The JSON of session data. */
export function texts(): string[] {
  const made = vectors('session').flatMap(({ output }) => output.payload_json ?? [])
  return [...new Set(made)].filter(({ length }) => length <= longest)
}
