/**
 * A look at JSON text before it is parsed: the time and the memory that parsing takes go by what is
 * in the text, not by its length.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'

/** How much is read before JSON is called unreadable. */
export interface JsonBounds {
  /** Deepest nesting. Default 500. */
  readonly depth: number
  /**
   * Most values, all levels together. Default 100,000. Strings take longest: each, and each key,
   * counts as five more; an integer past 2^53 once more for every 4 digits.
   */
  readonly values: number
}

/** The bounds where none are given. */
export const defaultBounds: JsonBounds = { depth: 500, values: 100_000 }

/** What a string, or a key, counts more than another value. */
export const stringWeight = 5

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const mark = /["[\]{},]/g

/**
 * Refuses text past the bounds, and some of the text that is no JSON at all. Steps over strings;
 * short text needs no look, as each level costs two characters and each value one.
 *
 * @throws PayloadError `tooDeep`, `tooLarge`, `malformed`.
 */
export function checkBounds(text: string, bounds: JsonBounds): void {
  if (text.length <= bounds.depth * 2 && text.length <= bounds.values) return
  let depth = 0
  let values = 1
  let strings = 0
  mark.lastIndex = 0
  while (mark.test(text)) {
    const at = mark.lastIndex - 1
    const code = text.charCodeAt(at)
    if (code === quote) {
      mark.lastIndex = endOfString(text, at)
      strings++
      // A member is two strings at most; without this, text of nothing but quotes would take long.
      if (strings > values * 2) throw malformed()
    } else if (code === comma) values++
    // The two openers are 0x5b and 0x7b, the two closers 0x5d and 0x7d.
    else if ((code & 0xdf) === 0x5b) {
      values++
      depth++
    } else if (--depth < 0) throw malformed()
    if (depth > bounds.depth) throw tooDeep(bounds)
    if (values + strings * stringWeight > bounds.values) throw tooMany(bounds)
  }
}

/** For JSON that is nested past the bounds. */
export function tooDeep({ depth }: JsonBounds): PayloadError {
  return new PayloadError('tooDeep', `This JSON is nested past ${depth} levels.`)
}

/** For JSON with more values than the bounds allow. */
export function tooMany({ values }: JsonBounds): PayloadError {
  return new PayloadError('tooLarge', `This JSON holds more than ${values} values.`)
}

function malformed(): PayloadError {
  return new PayloadError('malformed', 'This is not JSON.')
}

/** The position after a string that begins at `start`; that of the text's end where it never ends. */
export function endOfString(text: string, start: number): number {
  const first = text.indexOf('"', start + 1)
  if (first === -1) return text.length
  if (text.charCodeAt(first - 1) !== backslash) return first + 1
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at + 1
    if (code === backslash) at++
  }
  return text.length
}
