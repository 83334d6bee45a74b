/**
 * Whether a request comes from a page that may send it: its `Origin`, or over HTTPS its `Referer`.
 * Mirrors `CsrfViewMiddleware._origin_verified` and `_check_referer`.
 *
 * @module
 */
import { CsrfError, DisallowedHostError, ImproperlyConfiguredError } from '../errors.ts'
import { joinUrl, splitUrl } from '../formats/python-url.ts'
import type { Settings } from '../settings.ts'
import type { Exchange } from './exchange.ts'
import { checkTexts, getHost, getPort, isSameDomain, isSecure } from './hosts.ts'

/** The rules of the settings about where requests may come from. */
export class RequestSources {
  readonly #settings: Settings
  readonly #exact: ReadonlySet<string>
  /** With a star in front: schemes and what hosts end with. */
  readonly #subdomains: ReadonlyArray<{ readonly scheme: string; readonly pattern: string }>
  readonly #hosts: readonly string[]

  /** @throws ImproperlyConfiguredError */
  constructor(settings: Settings) {
    const { csrfTrustedOrigins } = settings
    checkTexts('csrfTrustedOrigins', csrfTrustedOrigins)
    const origins = csrfTrustedOrigins.map(readOrigin)
    this.#settings = settings
    this.#exact = new Set(csrfTrustedOrigins.filter((origin) => !origin.includes('*')))
    this.#subdomains = origins.filter(({ origin }) => origin.includes('*'))
    this.#hosts = origins.map(({ pattern }) => pattern)
  }

  /** @throws CsrfError for a request from elsewhere. */
  check(exchange: Exchange): void {
    const origin = exchange.header('origin')
    if (origin !== null) this.#checkOrigin(exchange, origin)
    // Over plain HTTP anybody on the way could write it.
    else if (isSecure(exchange, this.#settings)) this.#checkReferer(exchange)
  }

  #checkOrigin(exchange: Exchange, origin: string): void {
    if (this.#isOwnOrigin(exchange, origin) || this.#isTrustedOrigin(origin)) return
    throw new CsrfError(
      'badOrigin',
      `Origin checking failed - ${origin} does not match any trusted origins.`,
    )
  }

  #isOwnOrigin(exchange: Exchange, origin: string): boolean {
    const host = this.#allowedHost(exchange)
    const scheme = isSecure(exchange, this.#settings) ? 'https' : 'http'
    return host !== null && origin === `${scheme}://${host}`
  }

  #isTrustedOrigin(origin: string): boolean {
    if (this.#exact.has(origin)) return true
    const url = splitUrl(origin)
    return this.#subdomains.some(
      ({ scheme, pattern }) => url?.scheme === scheme && isSameDomain(url.netloc, pattern),
    )
  }

  #checkReferer(exchange: Exchange): void {
    const referer = exchange.header('referer')
    if (referer === null) throw new CsrfError('noReferer', 'Referer checking failed - no Referer.')
    const url = splitUrl(referer)
    if (url === null || url.scheme === '' || url.netloc === '') {
      throw new CsrfError('malformedReferer', 'Referer checking failed - Referer is malformed.')
    }
    if (url.scheme !== 'https') {
      throw new CsrfError(
        'insecureReferer',
        'Referer checking failed - Referer is insecure while host is secure.',
      )
    }
    if (this.#hosts.some((pattern) => isSameDomain(url.netloc, pattern))) return
    const good = this.#goodReferer(exchange)
    if (good !== null && isSameDomain(url.netloc, good)) return
    throw new CsrfError(
      'badReferer',
      `Referer checking failed - ${joinUrl(url)} does not match any trusted origins.`,
    )
  }

  /** The domain of the cookie, with the port where it is another than usual; else the host. */
  #goodReferer(exchange: Exchange): string | null {
    const { csrfUseSessions, csrfCookieDomain, sessionCookieDomain } = this.#settings
    const domain = csrfUseSessions ? sessionCookieDomain : csrfCookieDomain
    if (domain === null) return this.#allowedHost(exchange)
    const port = getPort(exchange, this.#settings)
    return port === '443' || port === '80' ? domain : `${domain}:${port}`
  }

  #allowedHost(exchange: Exchange): string | null {
    try {
      return getHost(exchange, this.#settings)
    } catch (error) {
      if (error instanceof DisallowedHostError) return null
      throw error
    }
  }
}

function readOrigin(origin: string): { origin: string; scheme: string; pattern: string } {
  const url = origin.includes('://') ? splitUrl(origin) : null
  if (url === null) {
    throw new ImproperlyConfiguredError(
      'csrfTrustedOrigins',
      `"${origin}" must begin with a scheme: http:// or https://.`,
    )
  }
  return { origin, scheme: url.scheme, pattern: url.netloc.replace(/^\*+/, '') }
}
