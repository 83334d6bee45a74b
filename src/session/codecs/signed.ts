/**
 * The payload that Django writes since 3.1: signed JSON, compressed where that makes it shorter.
 * Mirrors `django.contrib.sessions.backends.base.SessionBase.encode` and `decode`.
 *
 * @module
 */
import { decodeBase62 } from '../../formats/base62.ts'
import { checkBounds } from '../../formats/json-bounds.ts'
import { packJson, unpackJson } from '../../signing/signer.ts'
import { TimestampSigner } from '../../signing/timestamp-signer.ts'
import type { PreparedKey } from '../../signing/salted-hmac.ts'
import { type Codec, jsonFormat } from '../codec.ts'
import { checkSize, type Limits } from '../limits.ts'

/** What a signed codec is made of. */
export interface SignedCodecOptions {
  readonly salt: string
  /** Keys for the salt, the one to sign with first. */
  readonly preparedKeys: readonly PreparedKey[]
  readonly limits: Limits
  readonly now: () => Date
}

/** Of SHA-256, in base64. */
const signatureLength = 43

/** The codec of the database, cached database and file engines. */
export function signedCodec({ salt, preparedKeys, limits, now }: SignedCodecOptions): Codec {
  const signer = new TimestampSigner({ salt, preparedKeys, now })
  return {
    name: 'signed',
    format: jsonFormat(limits),
    handleOf: (payload) => payload.slice(-signatureLength),
    decode(payload) {
      checkSize(payload, limits.payloadSize)
      return unpackJson(signer.unsign(payload), limits.inflatedSize)
    },
    encode(text) {
      checkBounds(text, limits)
      checkSize(text, limits.inflatedSize)
      return checkSize(signer.sign(packJson(text, true)), limits.payloadSize)
    },
    signedAt(payload) {
      const timestamp = payload.split(':').at(-2) ?? ''
      return new Date(Number(decodeBase62(timestamp)) * 1000)
    },
  }
}
