/**
 * Serves a fetch handler by the HTTP server that a runtime brings.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { getRequestListener } from '@hono/node-server'
import type { ServedSite } from 'async-django/testing'

type Handler = (request: Request) => Promise<Response>

/** Bun, as far as it is asked for something here. */
interface Bun {
  serve(options: { port: number; hostname: string; idleTimeout: number; fetch: Handler }): {
    readonly port: number
    stop(closeActiveConnections: boolean): Promise<void>
  }
}

/** Deno, as far as it is asked for something here. */
interface Deno {
  serve(
    options: { port: number; hostname: string; onListen: () => void; signal: AbortSignal },
    handler: Handler,
  ): { readonly addr: { readonly port: number }; readonly finished: Promise<void> }
}

/** Serves on a port of its own. */
export function serve(handler: Handler): ServedSite | Promise<ServedSite> {
  const { Bun, Deno } = globalThis as { Bun?: Bun; Deno?: Deno }
  if (Bun) return serveByBun(Bun, handler)
  if (Deno) return serveByDeno(Deno, handler)
  return serveByNode(handler)
}

const hostname = '127.0.0.1'

function serveByBun(bun: Bun, handler: Handler): ServedSite {
  const server = bun.serve({ port: 0, hostname, idleTimeout: 3, fetch: handler })
  return { url: `http://${hostname}:${server.port}`, close: () => server.stop(true) }
}

function serveByDeno(deno: Deno, handler: Handler): ServedSite {
  const controller = new AbortController()
  const { signal } = controller
  const server = deno.serve({ port: 0, hostname, onListen() {}, signal }, handler)
  return {
    url: `http://${hostname}:${server.addr.port}`,
    async close() {
      controller.abort()
      await server.finished
    },
  }
}

async function serveByNode(handler: Handler): Promise<ServedSite> {
  const listen = getRequestListener(handler)
  const server = createServer((request, response) => void listen(request, response))
  await once(server.listen(0, hostname), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${hostname}:${port}`,
    async close() {
      const closed = once(server.close(), 'close')
      server.closeAllConnections()
      await closed
    },
  }
}
