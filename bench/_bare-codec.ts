/**
 * Django's session payload, written as straight as it can be, to measure beside: no limits, no
 * fallback keys, no Python.
 *
 * @module
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'

/** The secret of every server here. */
export const secretKey = 'a secret of this benchmark, and of nothing else'

const key = createHash('sha256')
  .update(`django.contrib.sessions.SessionStoresigner${secretKey}`)
  .digest()
const chunkSize = 1024
const timestamp = '1wXPfW'

function signature(signed: string): string {
  return createHmac('sha256', key).update(signed).digest('base64url')
}

/** The data in a payload. @throws Error for a signature that is wrong. */
export function decode(payload: string): Record<string, unknown> {
  const at = payload.lastIndexOf(':')
  const signed = payload.slice(0, at)
  const given = Buffer.from(payload.slice(at + 1))
  if (!timingSafeEqual(given, Buffer.from(signature(signed)))) throw new Error('Bad signature.')
  const body = signed.slice(0, signed.lastIndexOf(':'))
  const bytes = body.startsWith('.')
    ? inflateSync(Buffer.from(body.slice(1), 'base64url'), { chunkSize })
    : Buffer.from(body, 'base64url')
  return JSON.parse(bytes.toString('latin1')) as Record<string, unknown>
}

/** The payload of JSON text, compressed where that makes it shorter. */
export function encode(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  const compressed = deflateSync(bytes, { chunkSize })
  const body =
    compressed.length < bytes.length - 1
      ? `.${compressed.toString('base64url')}`
      : bytes.toString('base64url')
  const signed = `${body}:${timestamp}`
  return `${signed}:${signature(signed)}`
}
