/**
 * Damages payloads, by choices that a seed repeats.
 *
 * @module
 */
import type { Random } from '../differential/random.ts'

/** Opcodes, and beginnings of them, that a pickle may hold anywhere. */
const pieces: readonly string[] = [
  'N',
  '.',
  '(',
  'a',
  'e',
  's',
  'u',
  'R',
  'b',
  'o',
  't',
  'd',
  'l',
  '2',
  '0',
  '}',
  ']',
  ')',
  '\u0081',
  '\u0085',
  '\u0086',
  '\u0087',
  '\u008f',
  '\u0090',
  '\u0091',
  '\u0092',
  '\u0093',
  '\u0094',
  'h\0',
  'h\u0001',
  'j\0\0\0\u0080',
  'r\u00ff\u00ff\u00ff\u007f',
  'K\u0001',
  'I01\n',
  'L-1L\n',
  'Fnan\n',
  'G\u007f\u00f8\0\0\0\0\0\0',
  'X\u00ff\u00ff\u00ff\u007f',
  '\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff',
  '\u008b\u00ff\u00ff\u00ff\u007f',
  '\u0095\u0008\0\0\0\0\0\0\0',
  '\u008c\u0009__proto__',
  '\u008c\u000bconstructor',
  '\u008c\u0006\0tuple',
  '\u008c\u0003\u00ed\u00a0\u0080',
  'V\\ud800\\U0001f600\n',
  'cposix\nsystem\n',
  'cbuiltins\neval\n',
  'cbuiltins\ngetattr\n',
  'c__builtin__\nset\n',
  'c_codecs\nencode\n',
  'cuuid\nUUID\n',
  'ccopy_reg\n_reconstructor\n',
  'cdatetime\ndatetime\n',
  'C\u000a\u0007\u00ef\u0001\u0002\u0003\u0004\u0005\u000a\u005b\u00f5',
]

/** What JSON may hold anywhere. */
const words: readonly string[] = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '"__proto__":',
  '"constructor":{"prototype":{"a":1}}',
  '"\\u0000tuple":[1]',
  '{"\\u0000set":[1,1]}',
  'NaN',
  '-Infinity',
  '-0',
  '1e400',
  '9'.repeat(40),
  '1.0',
  '\0',
  '\u00e9',
]

/** Which words a payload is damaged with. */
export type Language = 'pickle' | 'json'

const languages: Readonly<Record<Language, readonly string[]>> = { pickle: pieces, json: words }

/** A payload with one to four things done to it. */
export function mutate(payload: string, other: string, random: Random, language: Language): string {
  let mutated = payload
  for (let left = 1 + random.below(4); left > 0; left--) {
    mutated = mutateOnce(mutated, other, random, languages[language])
  }
  return mutated
}

function mutateOnce(
  payload: string,
  other: string,
  random: Random,
  inserts: readonly string[],
): string {
  const at = random.below(payload.length + 1)
  const end = Math.min(payload.length, at + random.below(random.chance(0.9) ? 8 : payload.length))
  const before = payload.slice(0, at)
  const after = payload.slice(end)
  switch (random.below(8)) {
    case 0:
      return before + String.fromCharCode(random.below(256)) + payload.slice(at + 1)
    case 1:
      return before + turned(payload, at, random) + payload.slice(at + 1)
    case 2:
      return before + random.pick(inserts) + payload.slice(at)
    case 3:
      return before + random.pick(inserts) + after
    case 4:
      return before + after
    case 5:
      return before + payload.slice(at, end).repeat(1 + random.below(40)) + after
    case 6:
      return before + other.slice(random.below(other.length + 1))
    default:
      return random.chance(0.8) ? before + payload.slice(at, end) + payload.slice(at) : before
  }
}

/** A character with a bit turned; none where there is none. */
function turned(payload: string, at: number, random: Random): string {
  const code = payload.charCodeAt(at)
  return Number.isNaN(code) ? '' : String.fromCharCode((code ^ (1 << random.below(8))) & 0xff)
}
