/**
 * Random text. Mirrors `django.utils.crypto.get_random_string`.
 *
 * @module
 */
import { platform } from '#platform'

/** Text of so many characters of an alphabet of at most 256, all equally likely. */
export function randomString(length: number, alphabet: string): string {
  // Bytes past the largest multiple of the alphabet's size would make some characters likelier.
  const fairBytes = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    for (const byte of platform.randomBytes(length * 2)) {
      if (byte < fairBytes && text.length < length) text += alphabet.charAt(byte % alphabet.length)
    }
  }
  return text
}
