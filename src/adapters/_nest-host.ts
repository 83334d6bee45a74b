/**
 * The HTTP server under NestJS: Express or Fastify.
 *
 * @module
 */
import { HttpAdapterHost } from '@nestjs/core'

import type { ReadOnlyDjango } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { type FastifyLike, hookFastify } from './_fastify-hooks.ts'
import { nodeMiddleware } from './_node-middleware.ts'

/** What NestJS injects for the server. */
export const nestHost: typeof HttpAdapterHost = HttpAdapterHost

/** Gives the requests of the server their sessions and users. */
export function connectNest(
  { httpAdapter }: HttpAdapterHost,
  django: ReadOnlyDjango,
  options: AdapterOptions,
): void {
  if (httpAdapter.getType() === 'fastify') {
    hookFastify(httpAdapter.getInstance<FastifyLike>(), django, options)
  } else {
    httpAdapter.use(nodeMiddleware(django, options))
  }
}
