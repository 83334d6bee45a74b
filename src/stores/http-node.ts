/**
 * A faster way to the session service, on Node: its own HTTP client, with connections that are kept. A
 * request takes a fifth of the processor's time of one by `fetch`.
 *
 * @module
 */
import { Agent as PlainAgent, type AgentOptions, type IncomingMessage, request } from 'node:http'
import {
  Agent as SecureAgent,
  type AgentOptions as SecureAgentOptions,
  request as requestSecurely,
} from 'node:https'

import type { Fetch, FetchResponse } from './_http-caller.ts'

/** Options of Node's agents: `ca`, say, for a certificate of your own. */
export type NodeFetchOptions = AgentOptions & SecureAgentOptions

/** Connections at most, where nothing is said of it. */
const usual = { keepAlive: true, maxSockets: 64 }

/**
 * What `httpStore` takes for `fetch`.
 *
 * @example
 * ```ts
 * const store = httpStore(url, { token, fetch: nodeFetch() })
 * ```
 */
export function nodeFetch(options: NodeFetchOptions = {}): Fetch {
  const plain = new PlainAgent({ ...usual, ...options })
  const secure = new SecureAgent({ ...usual, ...options })
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const isSecure = url.startsWith('https:')
      const agent = isSecure ? secure : plain
      const sending = (isSecure ? requestSecurely : request)(url, {
        agent,
        method,
        headers,
        ...(signal && { signal }),
      })
      sending.on('error', reject)
      sending.on('response', (response) => readAll(response, resolve, reject))
      sending.end(body)
    })
}

function readAll(
  response: IncomingMessage,
  resolve: (response: FetchResponse) => void,
  reject: (error: unknown) => void,
): void {
  const chunks: Uint8Array[] = []
  response.on('data', (chunk: Uint8Array) => chunks.push(chunk))
  response.on('error', reject)
  response.on('end', () => {
    const bytes = Buffer.concat(chunks)
    resolve({
      status: response.statusCode ?? 0,
      headers: { get: (name) => headerOf(response, name) },
      arrayBuffer: () => Promise.resolve(bytes),
    })
  })
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name]
  return typeof value === 'string' ? value : null
}
