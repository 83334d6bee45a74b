/**
 * The session service for runtimes with web-standard requests.
 *
 * @module
 */
import type { ServiceRequest, ServiceResponse } from './service-request.ts'

/** Answers a web-standard request. */
export async function answerFetch(
  request: Request,
  answer: (request: ServiceRequest) => Promise<ServiceResponse>,
): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const { status, headers, body } = await answer({
    method: request.method,
    target: pathname + search,
    header: (name) => request.headers.get(name),
    body: (maxBytes) => readBody(request, maxBytes),
  })
  return new Response(body, { status, headers })
}

/** Stops reading where it is too much, whatever the request says of its length. */
async function readBody(request: Request, maxBytes: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body?.getReader()
  for (;;) {
    const { done = true, value } = (await reader?.read()) ?? {}
    if (done || !value) return join(chunks, size)
    size += value.length
    if (size > maxBytes) return null
    chunks.push(value)
  }
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const joined = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    joined.set(chunk, at)
    at += chunk.length
  }
  return joined
}
