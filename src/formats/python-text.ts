/**
 * What Python's `str` and `int` make of text, where JavaScript's own methods differ.
 *
 * @module
 */

const pythonSpace = String.raw`[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`
const outerSpace = new RegExp(`^${pythonSpace}+|${pythonSpace}+$`, 'gu')
const integer = /^[+-]?\d+(?:_\d+)*$/
const notInWords = /[^\p{L}\p{N}_]+/u
// `str.isdigit` is wider than decimal digits: superscripts, circled digits and their like.
const digits =
  /^[\p{Nd}\u00b2\u00b3\u00b9\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\u{10a40}-\u{10a43}\u{10e60}-\u{10e68}\u{11052}-\u{1105a}\u{1f100}-\u{1f10a}]+$/u

/** `str.strip`: JavaScript's `trim` takes other characters for space. */
export function strip(text: string): string {
  return text.replaceAll(outerSpace, '')
}

/** `str.isdigit`. */
export function isDigits(text: string): boolean {
  return digits.test(text)
}

/** `len`: code points, not UTF-16 units. */
export function codePointLength(text: string): number {
  return Array.from(text).length
}

/** `re.split(r"\W+", …)`. */
export function splitWords(text: string): string[] {
  return text.split(notInWords)
}

/** `str.split` with at most so many cuts: the last part keeps the rest. */
export function splitAtMost(text: string, separator: string, cuts: number): string[] {
  const parts = text.split(separator)
  return parts.length <= cuts ? parts : [...parts.slice(0, cuts), parts.slice(cuts).join(separator)]
}

/** `int`, for ASCII digits; null where Python raises `ValueError`. */
export function parseInteger(text: string): number | null {
  const stripped = strip(text)
  return integer.test(stripped) ? Number(stripped.replaceAll('_', '')) : null
}
