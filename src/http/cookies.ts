/**
 * Cookies as Django reads them: the last of several wins, values are unquoted as Python does,
 * nothing is percent-decoded. Mirrors `django.http.cookie.parse_cookie` and Python's `http.cookies`.
 *
 * @module
 */

/** What a request's cookies say under one name. */
export interface CookieReading {
  /** The value that counts: the last. */
  readonly value: string
  /** How many cookies of this name there were. */
  readonly count: number
}

/** All cookies of a `Cookie` header. Mirrors `parse_cookie`. */
export function parseCookies(header: string): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const chunk of header.split(';')) {
    const { name, value } = splitChunk(chunk)
    if (name !== '' || value !== '') cookies.set(name, unquote(value))
  }
  return cookies
}

/** One cookie of a `Cookie` header; null where there is none of this name. */
export function readCookie(header: string | null, name: string): CookieReading | null {
  const at = header?.indexOf(name) ?? -1
  if (header === null || at === -1) return null
  const plain = plainValue(header, name, at)
  if (plain !== null) return { value: plain, count: 1 }
  let last: string | null = null
  let count = 0
  for (const chunk of header.split(';')) {
    if (!chunk.includes(name)) continue
    const cookie = splitChunk(chunk)
    if (cookie.name !== name) continue
    last = cookie.value
    count++
  }
  return last === null ? null : { value: unquote(last), count }
}

/** As nearly all browsers send it: one of the name, and nothing around it that is to be taken off. */
function plainValue(header: string, name: string, at: number): string | null {
  const start = at + name.length + 1
  if (at !== 0 && !header.startsWith('; ', at - 2)) return null
  if (!header.startsWith('=', start - 1) || header.indexOf(name, start) !== -1) return null
  const next = header.indexOf(';', start)
  const end = next === -1 ? header.length : next
  return isPlain(header.charCodeAt(start)) && isPlain(header.charCodeAt(end - 1))
    ? header.slice(start, end)
    : null
}

/** Neither a space nor a quote. */
function isPlain(code: number): boolean {
  return code > 0x22 && code < 0x7f
}

/** A chunk without a `=` is a value without a name. */
function splitChunk(chunk: string): { name: string; value: string } {
  const at = chunk.indexOf('=')
  return { name: strip(chunk.slice(0, Math.max(at, 0))), value: strip(chunk.slice(at + 1)) }
}

/** Mirrors Python's `str.strip()`: also the four separators and NEL, but not the byte order mark. */
function strip(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const wideSpaces = /[\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

function isSpace(code: number): boolean {
  if (code <= 0x20) return code >= 0x1c || (code >= 0x09 && code <= 0x0d)
  return code >= 0x85 && wideSpaces.test(String.fromCharCode(code))
}

// Python's dot leaves out the newline, and no other end of a line.
const escape = /\\(?:([0-3][0-7][0-7])|([^\n]))/g

/** Mirrors `http.cookies._unquote`. */
function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value
  return value
    .slice(1, -1)
    .replace(escape, (_all, octal: string | undefined, character: string) =>
      octal === undefined ? character : String.fromCharCode(Number.parseInt(octal, 8)),
    )
}
