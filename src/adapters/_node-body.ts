/**
 * A field of a form in the body of a Node request: as it was parsed before, or from its first bytes,
 * which are put back for whoever reads the body next.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

import { type BodyStart, fieldIn, isForm, joined, maxFormSize } from './_form-body.ts'

/** What holds a body once it is parsed: in Express the request, elsewhere an object over it. */
export interface BodyHolder {
  readonly body?: unknown
}

/** The text of a field, the last of several; null where there is none. */
export async function nodeFormField(
  request: IncomingMessage & BodyHolder,
  response: ServerResponse,
  name: string,
  { body }: BodyHolder = request,
): Promise<string | null> {
  const parsed = parsedField(body, name)
  if (parsed !== null) return parsed
  const contentType = request.headers['content-type'] ?? null
  if (!isForm(contentType) || !isUnread(request)) return null
  const start = await peek(request)
  response.once('finish', () => dropUnread(request))
  return fieldIn(start, contentType, name)
}

/** So that the next request gets through. Node does it only for bodies that nobody began to read. */
function dropUnread(request: IncomingMessage): void {
  if (request.readableFlowing === null) request.resume()
}

function parsedField(body: unknown, name: string): string | null {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return null
  const value: unknown = [Reflect.get(body, name)].flat().at(-1)
  return typeof value === 'string' ? value : null
}

/** An empty body has nothing to put back, and would be at its end for whoever comes next. */
function isUnread(request: IncomingMessage): boolean {
  const isEmpty = Number(request.headers['content-length'] ?? Number.NaN) === 0
  return !isEmpty && !request.readableDidRead && !request.destroyed && !request.readableEnded
}

function peek(request: IncomingMessage): Promise<BodyStart> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const readOn = (): void => {
      for (let chunk = read(request); chunk; chunk = size < maxFormSize ? read(request) : null) {
        chunks.push(chunk)
        size += chunk.length
      }
      if (request.complete || size >= maxFormSize) finish()
    }
    const finish = (): void => {
      request.off('readable', readOn).off('close', finish).off('error', finish)
      const bytes = joined(chunks, size)
      // At once: Node has not told yet that the body is at its end.
      if (size > 0 && !request.destroyed) request.unshift(bytes)
      resolve({ bytes, isWhole: request.complete && request.readableLength === size })
    }
    request.on('readable', readOn).on('close', finish).on('error', finish)
  })
}

function read(request: IncomingMessage): Uint8Array | null {
  return request.read() as Uint8Array | null
}
