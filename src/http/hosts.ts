/**
 * Host, port and scheme of a request, behind proxies too. Mirrors `get_host`, `get_port` and
 * `is_secure` of `django.http.HttpRequest`.
 *
 * @module
 */
import type { Diagnostics } from '../diagnostics.ts'
import { DisallowedHostError, ImproperlyConfiguredError } from '../errors.ts'
import type { Settings } from '../settings.ts'
import type { Exchange } from './exchange.ts'
import { platform } from '#platform'

/** What Django allows with `DEBUG` on, where `ALLOWED_HOSTS` is empty. */
const localHosts = ['.localhost', '127.0.0.1', '[::1]']

const validHost = /^([a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9.:]+\])(?::([0-9]+))?$/

/**
 * Refuses settings by which no host, or none but a wrong one, can be told.
 *
 * @throws ImproperlyConfiguredError with the name of the setting.
 */
export function checkHostSettings(settings: Settings): void {
  const { allowedHosts, secureProxySslHeader } = settings
  if (allowedHosts.length === 0 && platform.isProduction()) {
    throw new ImproperlyConfiguredError(
      'allowedHosts',
      "is empty, so that every host would be refused in production: give Django's ALLOWED_HOSTS.",
    )
  }
  checkTexts('allowedHosts', allowedHosts)
  if (secureProxySslHeader === null) return
  if (!Array.isArray(secureProxySslHeader) || secureProxySslHeader.length !== 2) {
    throw new ImproperlyConfiguredError('secureProxySslHeader', 'must be a header and its value.')
  }
  checkTexts('secureProxySslHeader', secureProxySslHeader)
  checkHeaderName('secureProxySslHeader', secureProxySslHeader[0])
}

/** @throws ImproperlyConfiguredError for a list of anything but text. */
export function checkTexts(setting: string, list: readonly unknown[]): void {
  if (list.every((one) => typeof one === 'string')) return
  throw new ImproperlyConfiguredError(setting, 'must hold text only.')
}

/** @throws ImproperlyConfiguredError for a header that is not named as Django names it. */
export function checkHeaderName(setting: string, name: string): void {
  if (/^HTTP_[A-Z0-9_]+$/.test(name)) return
  throw new ImproperlyConfiguredError(
    setting,
    'must name a header as Django does, such as HTTP_X_FORWARDED_PROTO.',
  )
}

/** The header that Django calls `HTTP_X_FORWARDED_PROTO`. */
export function headerNamed(name: string): string {
  return name.replace('HTTP_', '').replaceAll('_', '-').toLowerCase()
}

/**
 * The host of a request, with its port where one was given. Mirrors `HttpRequest.get_host`.
 *
 * @throws DisallowedHostError for one that is none of `allowedHosts`.
 */
export function getHost(exchange: Exchange, settings: Settings): string {
  const host = rawHost(exchange, settings)
  const { domain } = splitDomainPort(host)
  if (domain !== '' && validateHost(domain, allowedHostsOf(settings))) return host
  throw new DisallowedHostError(
    domain === ''
      ? `Invalid Host header: ${JSON.stringify(host)} is no domain name.`
      : `Invalid Host header: ${JSON.stringify(host)}. Is "${domain}" missing in allowedHosts?`,
  )
}

function rawHost(exchange: Exchange, { useXForwardedHost }: Settings): string {
  const forwarded = useXForwardedHost ? exchange.header('x-forwarded-host') : null
  return forwarded ?? exchange.host
}

function allowedHostsOf({ allowedHosts }: Settings): readonly string[] {
  return allowedHosts.length === 0 && !platform.isProduction() ? localHosts : allowedHosts
}

/**
 * The port of a request. Mirrors `HttpRequest.get_port`, where the server's own port is that of the
 * `Host` header.
 */
export function getPort(exchange: Exchange, settings: Settings): string {
  const forwarded = settings.useXForwardedPort ? exchange.header('x-forwarded-port') : null
  const port = forwarded ?? splitDomainPort(exchange.host).port
  return port === '' ? defaultPorts[exchange.scheme] : port
}

const defaultPorts = { http: '80', https: '443' } as const

/** Whether a request came over HTTPS. Mirrors `HttpRequest.is_secure`. */
export function isSecure(exchange: Exchange, { secureProxySslHeader }: Settings): boolean {
  const [name, secureValue] = secureProxySslHeader ?? []
  const value = name === undefined ? null : exchange.header(headerNamed(name))
  if (value === null) return exchange.scheme === 'https'
  return value.split(',', 1)[0]?.trim() === secureValue
}

/**
 * A host in lower case, without the dot at its end, apart from its port; both are empty where it is
 * no host at all. Mirrors `django.http.request.split_domain_port`.
 */
export function splitDomainPort(host: string): { domain: string; port: string } {
  const [, domain = '', port = ''] = validHost.exec(host.toLowerCase()) ?? []
  return { domain: domain.replace(/\.$/, ''), port }
}

/** Whether a domain is allowed. Mirrors `django.http.request.validate_host`. */
export function validateHost(domain: string, allowedHosts: readonly string[]): boolean {
  return allowedHosts.some((pattern) => pattern === '*' || isSameDomain(domain, pattern))
}

/**
 * Whether a host is that of a pattern, or below it where the pattern begins with a dot. Mirrors
 * `django.utils.http.is_same_domain`: only the pattern's case does not matter.
 */
export function isSameDomain(host: string, pattern: string): boolean {
  const wanted = pattern.toLowerCase()
  if (wanted === '') return false
  if (host === wanted) return true
  return wanted.startsWith('.') && (host.endsWith(wanted) || host === wanted.slice(1))
}

/** Tells the operator, once, where a proxy serves HTTPS for a server that was not told. */
export function warnOfUndeclaredProxy(
  exchange: Exchange,
  settings: Settings,
  diagnostics: Diagnostics,
): void {
  if (settings.secureProxySslHeader !== null || !seemsProxied(exchange, settings)) return
  diagnostics.publish('proxy.undeclared', () => ({ host: exchange.host }))
  platform.warn(
    'proxy.undeclared',
    'A proxy seems to serve HTTPS for this server, which takes requests for plain HTTP and may ' +
      'refuse them as forged. If that proxy always sets or removes X-Forwarded-Proto: ' +
      "secureProxySslHeader: ['HTTP_X_FORWARDED_PROTO', 'https'], as in Django's settings.",
  )
}

function seemsProxied(exchange: Exchange, settings: Settings): boolean {
  if (isSecure(exchange, settings)) return false
  if (exchange.header('origin') === `https://${rawHost(exchange, settings)}`) return true
  const forwarded = exchange.header('x-forwarded-proto') ?? ''
  return (
    /^\s*https\b/i.test(forwarded) || /\bproto="?https\b/i.test(exchange.header('forwarded') ?? '')
  )
}
