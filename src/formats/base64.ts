/**
 * Base64 as Python reads it: either alphabet, foreign characters and padding skipped wherever they
 * are, padding at the end required by the length that the text has with them. Mirrors
 * `django.core.signing.b64_decode` over Python's `binascii.a2b_base64`, as of 3.13; before, Python
 * stopped at padding that completes a group.
 *
 * @module
 */
import { PayloadError } from '../errors.ts'
import { platform } from '#platform'

const unpadded = /^[\w-]*$/
const padded = /^[A-Za-z0-9+/]*={0,2}$/
const equals = 0x3d
/** By code: whether a character is one of the standard alphabet. */
const alphabet = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9+/]/.test(String.fromCharCode(code)) ? 1 : 0,
)

/**
 * Reads URL-safe base64 whose padding was stripped.
 *
 * @throws PayloadError `malformed`, where Python raises `binascii.Error`.
 */
export function decodeBase64url(text: string): Uint8Array {
  if (unpadded.test(text) && text.length % 4 !== 1) return platform.decodeBase64(text)
  const padding = '='.repeat((4 - (text.length % 4)) % 4)
  return decodeBase64(text.replaceAll('-', '+').replaceAll('_', '/') + padding)
}

/**
 * Reads padded base64 of the standard alphabet.
 *
 * @throws PayloadError `malformed`, where Python raises `binascii.Error`.
 */
export function decodeBase64(text: string): Uint8Array {
  if (text.length % 4 === 0 && padded.test(text)) return platform.decodeBase64(text)
  const data = dataIn(text)
  const position = data.length % 4
  const isComplete = position === 0 || (position >= 2 && position + padsAtEnd(text) >= 4)
  if (!isComplete) throw new PayloadError('malformed', 'This is not base64.')
  return platform.decodeBase64(data)
}

function isData(code: number): boolean {
  return alphabet[code] === 1
}

/** The characters of the alphabet, by a loop: there may be a foreign one after each. */
function dataIn(text: string): string {
  const data = new Uint8Array(text.length)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isData(code)) data[length++] = code
  }
  return platform.decodeLatin1(data.subarray(0, length))
}

function padsAtEnd(text: string): number {
  let pads = 0
  for (let at = text.length - 1; at >= 0 && !isData(text.charCodeAt(at)); at--) {
    if (text.charCodeAt(at) === equals) pads++
  }
  return pads
}
