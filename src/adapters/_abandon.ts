/**
 * What becomes of a body that a handler prepared, and that nobody is to read.
 *
 * @module
 */
import { Readable } from 'node:stream'

/** Ends a body that is a stream, or has one. */
export function abandon(body: unknown): void {
  if (isResponse(body)) return abandon(body.body)
  if (body instanceof Readable) body.on('error', () => {}).destroy()
  else if (body instanceof ReadableStream) body.cancel().catch(() => {})
}

/** Whether a value is a `Response` of the web, of whatever make. */
export function isResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === '[object Response]'
}
