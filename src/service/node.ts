/**
 * The session service on Node's own HTTP server.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

import type { ServiceRequest, ServiceResponse, SessionService } from './session-service.ts'

/** Options of `serveSessions`. */
export interface ServeOptions {
  /** Default 8787; 0 for any that is free. */
  readonly port?: number
  /** The address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string
  /** Certificate and key, in PEM. Default none: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** How long a client may take to send a request, in milliseconds. Default 10,000. */
  readonly requestTimeoutMs?: number
  /** How long what is under way may take once the server is closed. Default 10,000. */
  readonly shutdownMs?: number
  /** Connections at most; what comes beyond is closed. Default 10,000. */
  readonly maxConnections?: number
}

/** A session service that listens. */
export interface SessionServer {
  /** Where: `http://127.0.0.1:8787`. */
  readonly url: string
  /** Takes no more, finishes what is under way, and ends what takes longer than `shutdownMs`. */
  close(): Promise<void>
}

/** Node's default is 5 s: a client that keeps its connections sends more over each. */
const keepAliveMs = 65_000

/**
 * Serves a session service.
 *
 * @throws The error of Node where it cannot listen there.
 */
export async function serveSessions(
  service: SessionService,
  options: ServeOptions = {},
): Promise<SessionServer> {
  const { port = 8787, host = '127.0.0.1', tls, requestTimeoutMs = 10_000 } = options
  const limits = {
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(requestTimeoutMs, 1000),
    keepAliveTimeout: keepAliveMs,
  }
  const server = tls ? createTlsServer({ ...limits, ...tls }) : createServer(limits)
  server.maxConnections = options.maxConnections ?? 10_000
  // Who takes no byte of its answer for so long is gone.
  server.setTimeout(keepAliveMs + requestTimeoutMs)
  const serving = new Serving(server, service, options.shutdownMs ?? 10_000)
  await once(server.listen(port, host), 'listening')
  const { address, family, port: bound } = server.address() as AddressInfo
  const shown = family === 'IPv6' ? `[${address}]` : address
  return { url: `${tls ? 'https' : 'http'}://${shown}:${bound}`, close: () => serving.close() }
}

class Serving {
  readonly #server: Server
  readonly #service: SessionService
  readonly #shutdownMs: number
  #closing: Promise<void> | null = null

  constructor(server: Server, service: SessionService, shutdownMs: number) {
    this.#server = server
    this.#service = service
    this.#shutdownMs = shutdownMs
    server.on('request', (request, response) => void this.#answer(request, response))
    // What is no HTTP gets no explanation.
    server.on('clientError', (_error, socket) => (socket as Socket).destroy())
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Whose connection broke hears nothing more.
    request.on('error', () => {})
    response.on('error', () => {})
    try {
      this.#send(request, response, await this.#service.answer(new NodeRequest(request)))
    } catch {
      // The body ended before its end: there is nobody to answer.
      response.destroy()
    }
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    { status, headers, body }: ServiceResponse,
  ): void {
    const bytes = body === null ? null : Buffer.from(body)
    const mayStay = !this.#closing && request.complete
    response.writeHead(status, {
      ...headers,
      ...(status !== 204 && { 'content-length': bytes?.length ?? 0 }),
      ...(!mayStay && { connection: 'close' }),
    })
    response.end(request.method === 'HEAD' ? null : bytes)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#service.retire()
    const closed = once(this.#server, 'close')
    this.#server.close()
    const timer = setTimeout(() => this.#server.closeAllConnections(), this.#shutdownMs)
    await closed
    clearTimeout(timer)
  }
}

class NodeRequest implements ServiceRequest {
  readonly method: string
  readonly target: string
  readonly #request: IncomingMessage

  constructor(request: IncomingMessage) {
    this.method = request.method ?? ''
    this.target = request.url ?? ''
    this.#request = request
  }

  header(name: string): string | null {
    const value = this.#request.headers[name]
    return typeof value === 'string' ? value : null
  }

  /** What is too much is not read. */
  body(maxBytes: number): Promise<Uint8Array | null> {
    const request = this.#request
    if (Number(request.headers['content-length']) > maxBytes) return Promise.resolve(null)
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = []
      let size = 0
      request.on('data', (chunk: Uint8Array) => {
        size += chunk.length
        if (size <= maxBytes) {
          chunks.push(chunk)
        } else {
          request.pause()
          resolve(null)
        }
      })
      request.on('end', () => resolve(Buffer.concat(chunks)))
      request.on('close', () => reject(new Error('The connection broke.')))
    })
  }
}
