/**
 * What a browser makes of `Set-Cookie`.
 *
 * @module
 */

/** A cookie as it was set. */
export interface SetCookie {
  readonly name: string
  readonly value: string
  readonly isDeleted: boolean
}

/** Reads the values of `Set-Cookie`. */
export function readCookies(headers: readonly string[]): readonly SetCookie[] {
  return headers.map((header) => {
    const [pair = '', ...attributes] = header.split('; ')
    const at = pair.indexOf('=')
    const isDeleted = attributes.some((attribute) => /^Max-Age=(?:0|-\d+)$/.test(attribute))
    return { name: pair.slice(0, at), value: pair.slice(at + 1), isDeleted }
  })
}
