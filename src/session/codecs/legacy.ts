/**
 * The payload that Django wrote up to 3.0: base64 of a SHA-1 HMAC and JSON. Django reads it up to
 * 3.2; it is here for reading old rows, and for writing them back where a 2.2 site is beside.
 * Mirrors `django.contrib.sessions.backends.base.SessionBase._legacy_decode` of 3.2.
 *
 * @module
 */
import { BadSignatureError, invalidArgument, PayloadError } from '../../errors.ts'
import { decodeBase64 } from '../../formats/base64.ts'
import { checkBounds } from '../../formats/json-bounds.ts'
import { constantTimeCompare, type PreparedKey } from '../../signing/salted-hmac.ts'
import { type Codec, jsonFormat } from '../codec.ts'
import { checkSize, type Limits } from '../limits.ts'
import { platform } from '#platform'

/** What a legacy codec is made of. */
export interface LegacyCodecOptions {
  /** Keys for the salt `django.contrib.sessionsSessionStore`, with SHA-1. */
  readonly preparedKeys: readonly PreparedKey[]
  readonly limits: Limits
}

/**
 * The codec of every engine before 3.1.
 *
 * @throws TypeError without a key.
 */
export function legacyCodec({ preparedKeys, limits }: LegacyCodecOptions): Codec {
  const [signingKey] = preparedKeys
  if (!signingKey) throw invalidArgument('A codec needs a key.')
  const digest = (text: string, key: PreparedKey): string =>
    toHex(platform.hmac('sha1', key, platform.encodeLatin1(text)))
  return {
    name: 'legacy',
    format: jsonFormat(limits),
    decode(payload) {
      checkSize(payload, limits.payloadSize)
      const text = platform.decodeLatin1(decodeBase64(payload))
      const at = text.indexOf(':')
      if (at === -1) throw new PayloadError('malformed', 'A payload holds no signature.')
      const data = text.slice(at + 1)
      const isSigned = preparedKeys.some((key) =>
        constantTimeCompare(text.slice(0, at), digest(data, key)),
      )
      if (!isSigned) throw new BadSignatureError('The signature of a payload does not match.')
      return data
    },
    encode(text) {
      checkBounds(text, limits)
      const signed = `${digest(text, signingKey)}:${text}`
      return checkSize(platform.encodeBase64(platform.encodeLatin1(signed)), limits.payloadSize)
    },
    signedAt: () => null,
  }
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
