/**
 * What the session service and its client say to each other, beside plain HTTP.
 *
 * @module
 */
import { isAsyncDjangoError } from '../errors.ts'
import { isoUtc, type PreciseDate } from '../formats/datetime.ts'
import { parseDatetime } from '../formats/iso-datetime.ts'
import type { StoredSession } from '../session/store.ts'
import { platform } from '#platform'

/** The header that says when a session expires: ISO 8601, to the microsecond, with an offset. */
export const expiresHeader = 'session-expires'

/** The header that names a session where the path is that of `keyInHeader`: percent-encoded. */
export const keyHeader = 'session-key'

/** In the place of a session's key in the path: its key is in `keyHeader`, as paths are logged. */
export const keyInHeader = '-'

/** Every answer of the service has it, with the version of what is said here: others answer, too. */
export const serviceHeader = 'session-service'

/** The version. */
export const serviceVersion = '1'

/** What payloads are sent as. */
export const payloadType = 'text/plain; charset=utf-8'

/** Sessions that one request may ask for. */
export const mostKeys = 200

/** One session among others. */
export interface WireSession {
  readonly key: string
  readonly payload: string
  /** As in `expiresHeader`; null where the engine does not tell. */
  readonly expires: string | null
  readonly etag: string
}

/** The strong ETag of a payload; of its version too, where the store has one. */
export function etagOf({ payload, version }: StoredSession): string {
  const parts = version === undefined ? [payload] : [version, '\n', payload]
  const digest = platform.hash('sha256', ...parts.map((part) => platform.encodeUtf8(part)))
  return `"${platform.encodeBase64url(digest)}"`
}

/** Writes a date for `expiresHeader`. */
export function writeExpires(date: Date): string {
  return isoUtc(date)
}

/** Reads `expiresHeader`; null for what is no moment. */
export function readExpires(text: string | null): PreciseDate | null {
  if (text === null) return null
  try {
    const { wall, offset } = parseDatetime(text)
    return offset === null ? null : wall.plusMicroseconds(-offset)
  } catch (error) {
    if (isAsyncDjangoError(error)) return null
    throw error
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of a body, a byte order mark too. @throws TypeError for what is no UTF-8. */
export function decodeBody(bytes: ArrayBuffer | Uint8Array): string {
  return utf8.decode(bytes)
}
