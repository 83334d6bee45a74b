/**
 * Addresses as Python's `urllib.parse.urlsplit` takes them apart. The URL standard's own parser reads
 * other hosts in some, so that checks of hosts made with it are not those that Django makes.
 *
 * @module
 */

/** The parts of an address; a part that is not there is empty. */
export interface SplitUrl {
  /** In lower case. */
  readonly scheme: string
  /** User, host and port as they were written. */
  readonly netloc: string
  readonly path: string
  readonly query: string
  readonly fragment: string
}

const outerControls = /^[\u0000-\u0020]+/
const removed = /[\t\n\r]/g
const schemeStart = /^([a-z][a-z\d+.-]*):/i

/** Takes an address apart; null where Python raises `ValueError`. */
export function splitUrl(url: string): SplitUrl | null {
  let rest = url.replace(outerControls, '').replaceAll(removed, '')
  const [prefix = '', scheme = ''] = schemeStart.exec(rest) ?? []
  rest = rest.slice(prefix.length)
  const [, netloc = ''] = /^\/\/([^/?#]*)/.exec(rest) ?? []
  if (rest.startsWith('//')) rest = rest.slice(2 + netloc.length)
  if (!isNetloc(netloc)) return null
  const [beforeFragment, fragment] = cut(rest, '#')
  const [path, query] = cut(beforeFragment, '?')
  return { scheme: scheme.toLowerCase(), netloc, path, query, fragment }
}

/** The address again. Mirrors `SplitResult.geturl`, for addresses that have a host. */
export function joinUrl({ scheme, netloc, path, query, fragment }: SplitUrl): string {
  const slash = path !== '' && !path.startsWith('/') ? '/' : ''
  return (
    `${scheme === '' ? '' : `${scheme}:`}//${netloc}${slash}${path}` +
    `${query === '' ? '' : `?${query}`}${fragment === '' ? '' : `#${fragment}`}`
  )
}

function cut(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function isNetloc(netloc: string): boolean {
  const hasOpening = netloc.includes('[')
  if (hasOpening !== netloc.includes(']')) return false
  if (hasOpening && !isBracketed(netloc)) return false
  return staysApart(netloc)
}

/** Mirrors `_check_bracketed_host`. */
function isBracketed(netloc: string): boolean {
  const [host] = cut(cut(netloc, '[')[1], ']')
  return host.startsWith('v') ? /^v[\da-f]+\..+$/i.test(host) : isIpv6(host)
}

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/** Mirrors `ipaddress.IPv6Address`, with a zone after a `%`. */
function isIpv6(text: string): boolean {
  const [address, zone] = cut(text, '%')
  if (zone.includes('%') || (zone === '' && address !== text)) return false
  const lastColon = address.lastIndexOf(':')
  const last = address.slice(lastColon + 1)
  if (last.includes('.') && !ipv4.test(last)) return false
  const groups = last.includes('.') ? `${address.slice(0, lastColon + 1)}0:0` : address
  const halves = groups.split('::')
  if (lastColon === -1 || halves.length > 2) return false
  const parts = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  if (!parts.every((part) => /^[\da-f]{1,4}$/i.test(part))) return false
  return halves.length === 2 ? parts.length < 8 : parts.length === 8
}

const separators = /[/?#@:]/

/** Whether no character of a host is one that becomes a separator in a browser. Mirrors `_checknetloc`. */
function staysApart(netloc: string): boolean {
  const text = netloc.replaceAll(/[@:#?]/g, '')
  const normal = text.normalize('NFKC')
  return text === normal || !separators.test(normal)
}
