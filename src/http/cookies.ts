/**
 * Cookies as Django reads and writes them: the last of several wins, values are unquoted as Python
 * does, nothing is percent-decoded. Mirrors `django.http.cookie.parse_cookie`,
 * `django.http.HttpResponse.set_cookie` and `delete_cookie`, and Python's `http.cookies`.
 *
 * @module
 */
import type { SameSite } from '../settings.ts'

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

const legal = /^[\w!#$%&'*+.^`|~:-]+$/
const unsafe = /["\\]|[^\w!#$%&'*+.^`|~: ()/<=>?@[\]{}\u0100-\uffff-]/g

/** A value as it stands in a header. Mirrors `http.cookies._quote`. */
export function quoteCookieValue(value: string): string {
  if (legal.test(value)) return value
  const escaped = value.replace(unsafe, (character) =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
  return `"${escaped}"`
}

/** Everything about a cookie but its name and value. */
export interface CookieAttributes {
  /** In seconds; null for a cookie that goes with the browser. */
  readonly maxAge: number | null
  readonly domain: string | null
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: SameSite
}

/** A `Set-Cookie` header, its attributes in Python's order. Mirrors `HttpResponse.set_cookie`. */
export function formatCookie(
  name: string,
  value: string,
  attributes: CookieAttributes,
  now: Date,
): string {
  const { maxAge } = attributes
  const expires = maxAge === null ? null : new Date(now.getTime() + maxAge * 1000).toUTCString()
  return format(name, value, attributes, expires)
}

/**
 * A `Set-Cookie` header that removes a cookie. Mirrors `HttpResponse.delete_cookie`: browsers heed
 * it only with the same domain and path, and with `Secure` where the cookie must have had it.
 */
export function formatCookieDeletion(
  name: string,
  attributes: Pick<CookieAttributes, 'domain' | 'path' | 'sameSite'>,
): string {
  const { sameSite } = attributes
  const isPrefixed = name.startsWith('__Secure-') || name.startsWith('__Host-')
  const secure = isPrefixed || (sameSite ? sameSite.toLowerCase() === 'none' : false)
  const expires = new Date(0).toUTCString()
  return format(name, '', { ...attributes, secure, httpOnly: false, maxAge: 0 }, expires)
}

function format(
  name: string,
  value: string,
  attributes: CookieAttributes,
  expires: string | null,
): string {
  const { domain, httpOnly, maxAge, path, sameSite, secure } = attributes
  let text = `${name}=${quoteCookieValue(value)}`
  if (domain) text += `; Domain=${domain}`
  if (expires !== null) text += `; expires=${expires}`
  if (httpOnly) text += '; HttpOnly'
  if (maxAge !== null) text += `; Max-Age=${Math.trunc(maxAge)}`
  if (path) text += `; Path=${path}`
  if (sameSite) text += `; SameSite=${sameSite}`
  if (secure) text += '; Secure'
  return text
}

/**
 * A `Vary` header that also names this one. Mirrors `django.utils.cache.patch_vary_headers`.
 */
export function patchVary(present: string | null, added: string): string {
  if (present === null) return added
  const names = present.split(',').map((name) => name.trim())
  const known = names.filter((name) => name !== '')
  if (known.includes('*')) return '*'
  const isThere = known.some((name) => name.toLowerCase() === added.toLowerCase())
  return (isThere ? known : [...known, added]).join(', ')
}
