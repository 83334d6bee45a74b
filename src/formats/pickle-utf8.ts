/**
 * UTF-8 that has surrogates in it: Python pickles strings as `str.encode('utf-8', 'surrogatepass')`.
 * Bytes are characters here, one each.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'

/** The smallest code point that takes one, two, three or four bytes. */
const smallest = [0, 0x80, 0x800, 0x10000] as const

/**
 * Reads bytes.
 *
 * @throws PayloadError `malformed`, where Python raises `UnicodeDecodeError`.
 */
export function decodeUtf8Pass(bytes: string): string {
  let text = ''
  let done = 0
  for (let at = 0; at < bytes.length;) {
    const lead = bytes.charCodeAt(at)
    if (lead < 0x80) {
      at++
      continue
    }
    text += bytes.slice(done, at)
    const more = followers(lead)
    text += String.fromCodePoint(codePoint(bytes, at, lead, more))
    at += more + 1
    done = at
  }
  return text + bytes.slice(done)
}

/** How many bytes follow the first one. */
function followers(lead: number): number {
  if (lead >= 0xc2 && lead < 0xe0) return 1
  if (lead >= 0xe0 && lead < 0xf0) return 2
  if (lead >= 0xf0 && lead < 0xf5) return 3
  throw malformed()
}

function codePoint(bytes: string, at: number, lead: number, more: number): number {
  let code = lead & (0x3f >> more)
  for (let index = 1; index <= more; index++) {
    const byte = bytes.charCodeAt(at + index)
    // Past the end it is NaN.
    if ((byte & 0xc0) !== 0x80) throw malformed()
    code = (code << 6) | (byte & 0x3f)
  }
  if (code < (smallest[more] ?? 0) || code > 0x10ffff) throw malformed()
  return code
}

function malformed(): PayloadError {
  return new PayloadError('malformed', 'A string in a pickle is not UTF-8.')
}

const ascii = /^[\0-\u007f]*$/

/** Writes bytes; a lone surrogate takes three. */
export function encodeUtf8Pass(text: string): string {
  if (ascii.test(text)) return text
  let bytes = ''
  for (const character of text) bytes += encodeCodePoint(character.codePointAt(0) ?? 0)
  return bytes
}

function encodeCodePoint(code: number): string {
  if (code < 0x80) return String.fromCharCode(code)
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), follower(code))
  if (code < 0x10000) {
    return String.fromCharCode(0xe0 | (code >> 12), follower(code >> 6), follower(code))
  }
  return String.fromCharCode(
    0xf0 | (code >> 18),
    follower(code >> 12),
    follower(code >> 6),
    follower(code),
  )
}

function follower(code: number): number {
  return 0x80 | (code & 0x3f)
}
