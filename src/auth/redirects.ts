/**
 * Where a visitor may be sent, and where to send one who must log in. Addresses are read as Python
 * reads them, so that both sides allow the same. Mirrors `url_has_allowed_host_and_scheme` of
 * `django.utils.http` and `redirect_to_login` of `django.contrib.auth.views`.
 *
 * @module
 */
import { codePointLength, strip } from '../formats/python-text.ts'
import { splitUrl } from '../formats/python-url.ts'

/** What addresses are allowed. */
export interface AllowedRedirects {
  /** Hosts, with their ports, beside addresses that name none. Default none. */
  readonly allowedHosts?: readonly string[]
  /** Whether `http:` is refused. Default false. */
  readonly requireHttps?: boolean
}

const longest = 2048
const control = /^\p{C}/u

/**
 * Whether an address that came from a visitor leads to an allowed host, and nowhere else in any
 * browser. Of addresses longer than 2048 characters, none does, as from Django 5.0 on.
 *
 * @example
 * ```ts
 * const next = urlHasAllowedHostAndScheme(given, { allowedHosts: [host] }) ? given : '/'
 * ```
 */
export function urlHasAllowedHostAndScheme(
  url: string | null,
  allowed: AllowedRedirects = {},
): url is string {
  const text = strip(url ?? '')
  if (text === '') return false
  // Browsers take \ for / in paths; before an @ it could be part of a user's name.
  return isAllowed(text, allowed) && isAllowed(text.replaceAll('\\', '/'), allowed)
}

function isAllowed(
  url: string,
  { allowedHosts = [], requireHttps = false }: AllowedRedirects,
): boolean {
  // Browsers take any number of slashes for the start of a host.
  if (url.startsWith('///') || codePointLength(url) > longest) return false
  const parts = splitUrl(url)
  if (parts === null || control.test(url)) return false
  const { netloc, scheme } = parts
  if (netloc === '') return scheme === ''
  if (!allowedHosts.includes(netloc)) return false
  return (scheme || 'http') === 'https' || (!requireHttps && (scheme || 'http') === 'http')
}

/** Where visitors log in. */
export interface LoginPage {
  /** `LOGIN_URL`, as an address. Default `/accounts/login/`. */
  readonly loginUrl?: string
  /** `REDIRECT_FIELD_NAME`: what tells the login page where to go on; null for nothing. Default `next`. */
  readonly redirectFieldName?: string | null
}

/**
 * Where to send a visitor who must log in first.
 *
 * @param url - What was asked for, whole: `https://shop.example/cart?page=2`.
 */
export function loginRedirect(url: string, page: LoginPage = {}): string {
  const { loginUrl = '/accounts/login/', redirectFieldName = 'next' } = page
  if (redirectFieldName === null || redirectFieldName === '') return loginUrl
  const [address, fragment] = cut(loginUrl, '#')
  const [path, query = ''] = cut(address, '?')
  const fields = new URLSearchParams(query)
  fields.set(redirectFieldName, nextUrl(url, loginUrl))
  const written = [...fields].map(([name, value]) => `${quote(name)}=${quote(value)}`).join('&')
  return `${path}?${written}${fragment ? `#${fragment}` : ''}`
}

/** Where the login page is on the same host, the path is enough. */
function nextUrl(url: string, loginUrl: string): string {
  const login = splitUrl(loginUrl)
  const current = splitUrl(url)
  if (login === null || current === null) return url
  const isSameScheme = login.scheme === '' || login.scheme === current.scheme
  const isSameHost = login.netloc === '' || login.netloc === current.netloc
  if (!isSameScheme || !isSameHost) return url
  const { path, query } = current
  return `${path || '/'}${query === '' ? '' : `?${query}`}`
}

function cut(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/** `urllib.parse.quote`, which leaves `/` as it is. */
function quote(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
