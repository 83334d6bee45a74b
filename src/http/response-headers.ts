/**
 * What a response's headers say, as Django writes it: `Set-Cookie` and `Vary`. Mirrors
 * `django.http.HttpResponse.set_cookie` and `delete_cookie`, and Python's `http.cookies`.
 *
 * @module
 */
import type { SameSite } from '../settings.ts'

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
