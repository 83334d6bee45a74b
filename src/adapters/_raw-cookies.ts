/**
 * The `Cookie` header among headers as Node has them before anybody asks for one: names and values in
 * turns.
 *
 * @module
 */

/** Undefined where nothing is told: not all requests come from a server. */
export function cookiesIn(rawHeaders: readonly string[] | undefined): string | null | undefined {
  if (!rawHeaders || rawHeaders.length === 0) return undefined
  let cookies: string | null = null
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (!isCookie(rawHeaders[at])) continue
    const value = rawHeaders[at + 1] ?? ''
    cookies = cookies === null ? value : `${cookies}; ${value}`
  }
  return cookies
}

function isCookie(name: string | undefined): boolean {
  return name?.length === 6 && (name === 'Cookie' || name.toLowerCase() === 'cookie')
}
