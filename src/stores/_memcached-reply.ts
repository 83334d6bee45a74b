/**
 * What memcached answers by its text protocol.
 *
 * @module
 */
import { Buffer } from 'node:buffer'

/** A value as it stands in memcached. */
export interface MemcachedValue {
  readonly key: string
  readonly flags: number
  /** The id by which a write is refused where somebody else wrote meanwhile. */
  readonly cas: string
  /** Its bytes, one character each. */
  readonly bytes: string
}

/** The answer to one command: a word, and what was found before it. */
export interface MemcachedReply {
  readonly word: string
  readonly values: readonly MemcachedValue[]
}

/** A reply, and where the next one begins. */
export interface ReadReply {
  readonly reply: MemcachedReply
  readonly end: number
}

const lineEnd = Buffer.from('\r\n')
const valueLine = /^VALUE (\S+) (\d+) (\d+)(?: (\d+))?$/

/** The reply that begins there; null where it has not arrived as a whole. */
export function readReply(bytes: Buffer, start: number): ReadReply | null {
  const values: MemcachedValue[] = []
  let at = start
  for (;;) {
    const lineStop = bytes.indexOf(lineEnd, at)
    if (lineStop === -1) return null
    const line = bytes.toString('utf8', at, lineStop)
    at = lineStop + 2
    const value = valueLine.exec(line)
    if (!value) return { reply: { word: wordOf(line), values }, end: at }
    const [, key = '', flags, size, cas = ''] = value
    const stop = at + Number(size)
    if (bytes.length < stop + 2) return null
    values.push({ key, flags: Number(flags), cas, bytes: bytes.toString('latin1', at, stop) })
    at = stop + 2
  }
}

/** What comes behind an error may hold what was sent. */
function wordOf(line: string): string {
  return line.split(' ', 1)[0] ?? ''
}
