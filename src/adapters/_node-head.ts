/**
 * The head of a Node response before it is sent: `response.writeHead()` in steps, so that headers
 * can be added between them.
 *
 * @module
 */
import type { ServerResponse } from 'node:http'

// What Node takes in a header.
const unfit = /[^\t\u0020-\u007e\u0080-\u00ff]/

/** Whether Node refuses to write such a head; then it is Node's to say so. */
export function isRefusedHead(args: readonly unknown[]): boolean {
  const [status, reason] = args
  const headers = headersIn(args)
  const code = Math.trunc(Number(status))
  if (!(code >= 100 && code <= 999)) return true
  if (typeof reason === 'string' && unfit.test(reason)) return true
  return Array.isArray(headers) && !Array.isArray(headers[0]) && headers.length % 2 !== 0
}

/**
 * Sets the status and the headers that `writeHead` was called with.
 *
 * @returns What is left to call `writeHead` with.
 * @throws TypeError where Node refuses a header.
 */
export function takeHead(response: ServerResponse, args: readonly unknown[]): readonly unknown[] {
  const [status, reason] = args
  setHeaders(response, headersIn(args))
  response.statusCode = Math.trunc(Number(status))
  return typeof reason === 'string' ? [response.statusCode, reason] : [response.statusCode]
}

/** `writeHead(status, reason?, headers?)`. */
function headersIn([, reason, headers]: readonly unknown[]): unknown {
  return typeof reason === 'string' ? headers : (headers ?? reason)
}

/** An object; or names and values in turn, or in pairs: then a name can come more than once. */
function setHeaders(response: ServerResponse, headers: unknown): void {
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers ?? {})) setHeader(response, name, value)
    return
  }
  const list: readonly unknown[] = Array.isArray(headers[0]) ? headers.flat() : headers
  const seen = new Set<string>()
  for (let at = 0; at < list.length; at += 2) {
    const name = String(list[at])
    const isRepeated = seen.has(name.toLowerCase())
    if (isRepeated) response.appendHeader(name, list[at + 1] as string)
    else setHeader(response, name, list[at + 1])
    seen.add(name.toLowerCase())
  }
}

/** As in Node, nothing happens where there is no name. */
function setHeader(response: ServerResponse, name: string, value: unknown): void {
  if (name !== '') response.setHeader(name, value as string)
}

/** Takes everything back that a handler said of the response. */
export function clearHead(response: ServerResponse): void {
  const { sendDate } = response
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  // Node takes the removal of a `Date` for the wish to send none.
  response.sendDate = sendDate
  response.statusCode = 200
  response.statusMessage = ''
}
