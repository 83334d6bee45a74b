/**
 * The adapters of this package, each with what it takes to serve a site of the adapter suite by it.
 * An adapter that is added here is tested like the others.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { getRequestListener } from '@hono/node-server'
import {
  All,
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Module,
  type ModuleMetadata,
  Res,
  type Type,
  UseGuards,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { djangoExpress, guard as guardExpress } from 'async-django/express'
import { djangoFastify, guard as guardFastify } from 'async-django/fastify'
import { djangoFetch, type FetchContext, guard as guardFetch } from 'async-django/fetch'
import { djangoHono, guard as guardHono } from 'async-django/hono'
import { djangoKoa, guard as guardKoa } from 'async-django/koa'
import { CurrentSession, CurrentUser, DjangoModule, guard as guardNest } from 'async-django/nest'
import { djangoNode, type DjangoRequest, guard as guardNode } from 'async-django/node'
import type { AdapterAnswer, AdapterSuite, AdapterVisit, ServedSite } from 'async-django/testing'
import express, { type ErrorRequestHandler, type Express } from 'express'
import express4 from 'express4'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Hono, type MiddlewareHandler } from 'hono'
import Koa, { type Middleware, type ParameterizedContext } from 'koa'

type Site = Parameters<AdapterSuite['serve']>[0]

/** What Node's HTTP server calls for every request. */
type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

/** Makes it. */
type MakeListener = (site: Site) => Listener | Promise<Listener>

type Name =
  | 'node'
  | 'express'
  | 'express 4'
  | 'fastify'
  | 'koa'
  | 'nest'
  | 'nest on fastify'
  | 'hono'
  | 'fetch'

/** Adapters by name; one that suits several frameworks, or releases of one, once for each. */
export const adapters: Readonly<Record<Name, MakeListener>> = {
  node: listenByNode,
  express: (site) => listenByExpress(express(), site),
  // Of the types, only what is not used here differs.
  'express 4': (site) => listenByExpress(express4() as unknown as Express, site),
  fastify: listenByFastify,
  koa: listenByKoa,
  nest: listenByNest,
  'nest on fastify': listenByNestOnFastify,
  hono: listenByHono,
  fetch: listenByFetch,
}

/** Serves a site on a port of its own. */
export async function serveBy(makeListener: MakeListener, site: Site): Promise<ServedSite> {
  const listener = await makeListener(site)
  const server = createServer({ maxHeaderSize: 4_000_000 }, (request, response) => {
    void listener(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => close(server) }
}

async function close(server: Server): Promise<void> {
  const closed = once(server.close(), 'close')
  server.closeAllConnections()
  await closed
}

function listenByNode({ django, options, guard, handle, fail }: Site): Listener {
  const answer = async (
    request: DjangoRequest<typeof django>,
    response: ServerResponse,
  ): Promise<void> => send(response, await handle(request))
  return djangoNode(django, guard ? guardNode(guard, answer) : answer, {
    ...options,
    async onError(error, _, response) {
      if (response.headersSent) response.destroy()
      else await send(response, fail(error))
    },
  })
}

/** Express 4 does not look at what handlers return, so that errors are handed on here. */
function listenByExpress(app: Express, { django, options, guard, handle, fail }: Site): Listener {
  app.set('env', 'test').disable('etag')
  app.use(djangoExpress(django, options))
  if (guard) app.use(guardExpress(guard))
  app.use(async (request, response, next) => {
    try {
      await send(response, await handle(request))
    } catch (error) {
      next(error)
    }
  })
  const answerError: ErrorRequestHandler = async (error, _, response, next) => {
    if (response.headersSent) next(error)
    else await send(response, fail(error))
  }
  app.use(answerError)
  return app
}

async function send(response: ServerResponse, answer: AdapterAnswer): Promise<void> {
  const { status = 200, headers = {}, body } = answer
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (typeof body !== 'object') {
    response.end(body)
    return
  }
  response.flushHeaders()
  await pipeline(Readable.from(body), response)
}

async function listenByFastify({ django, options, guard, handle, fail }: Site): Promise<Listener> {
  const app = fastify({ exposeHeadRoutes: false })
  app.addContentTypeParser('*', leaveBody)
  app.register(djangoFastify(django, options))
  app.setErrorHandler((error, _, reply) => sendReply(reply, fail(error)))
  const preHandler = guard ? [guardFastify(guard)] : []
  app.all('*', { preHandler }, async (request, reply) => sendReply(reply, await handle(request)))
  await app.ready()
  return (request, response) => app.routing(request, response)
}

/** Fastify refuses a body of a type that it has no parser for. */
async function leaveBody(_: FastifyRequest, body: IncomingMessage): Promise<void> {
  await once(body.resume(), 'end')
}

function sendReply(
  reply: FastifyReply,
  { status = 200, headers = {}, body }: AdapterAnswer,
): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .send(typeof body === 'object' ? Readable.from(withHead(body)) : body)
}

/** Headers of a stream are sent with the first of its parts, though that be empty. */
async function* withHead(parts: AsyncIterable<string>): AsyncGenerator<string> {
  yield ''
  yield* parts
}

function listenByKoa({ django, options, guard, handle, fail }: Site): Listener {
  const app = new Koa()
  app.on('error', () => {})
  app.use(async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      answerKoa(ctx, fail(error))
    }
  })
  const passes: Middleware = guard ? guardKoa(guard) : (_, next) => next()
  app
    .use(djangoKoa(django, options))
    .use(passes)
    .use(async (ctx) => answerKoa(ctx, await handle(ctx)))
  return app.callback()
}

function answerKoa(ctx: ParameterizedContext, answer: AdapterAnswer): void {
  const { status = 200, headers = {}, body = null } = answer
  ctx.body = typeof body === 'object' && body ? Readable.from(withHead(body)) : body
  ctx.status = status
  ctx.set({ ...headers })
}

async function listenByNest(site: Site): Promise<Listener> {
  const app = await NestFactory.create(nestModule(site, send), new ExpressAdapter(), quietly)
  app.useGlobalFilters(
    nestFilter(async (response: ServerResponse, error) => {
      if (response.headersSent) response.destroy()
      else await send(response, site.fail(error))
    }),
  )
  await app.init()
  return app.getHttpAdapter().getInstance() as Listener
}

async function listenByNestOnFastify(site: Site): Promise<Listener> {
  const app = await NestFactory.create(nestModule(site, sendReply), new FastifyAdapter(), quietly)
  app.useGlobalFilters(
    nestFilter((reply: FastifyReply, error) => sendReply(reply, site.fail(error))),
  )
  const instance = app.getHttpAdapter().getInstance() as FastifyInstance
  instance.addContentTypeParser('*', leaveBody)
  await app.init()
  await instance.ready()
  return (request, response) => instance.routing(request, response)
}

const quietly = { logger: false } as const

/** Decorators are called as what they are, functions: nothing here compiles their syntax. */
function nestModule(
  { django, options, guard, handle }: Site,
  sendAnswer: (response: never, answer: AdapterAnswer) => unknown,
): Type {
  class SiteController {
    async answer(
      session: AdapterVisit['session'],
      user: AdapterVisit['user'],
      response: never,
    ): Promise<void> {
      await sendAnswer(response, await handle({ session, user }))
    }
  }
  const { prototype } = SiteController
  Controller()(SiteController)
  All('*')(prototype, 'answer', Object.getOwnPropertyDescriptor(prototype, 'answer') ?? {})
  CurrentSession()(prototype, 'answer', 0)
  if (django.hasUsers) CurrentUser()(prototype, 'answer', 1)
  Res()(prototype, 'answer', 2)
  if (guard) UseGuards(guardNest(guard))(SiteController)
  const imports = [DjangoModule.forRoot({ ...options, django })]
  return moduleOf({ imports, controllers: [SiteController] })
}

function moduleOf(metadata: ModuleMetadata): Type {
  class SiteModule {}
  Module(metadata)(SiteModule)
  return SiteModule
}

function nestFilter(answer: (response: never, error: unknown) => unknown): ExceptionFilter {
  class SiteFilter implements ExceptionFilter {
    async catch(error: unknown, host: ArgumentsHost): Promise<void> {
      await answer(host.switchToHttp().getResponse<never>(), error)
    }
  }
  Catch()(SiteFilter)
  return new SiteFilter()
}

function listenByHono({ django, options, guard, handle, fail }: Site): Listener {
  const passes: MiddlewareHandler = guard ? guardHono(guard) : (_, next) => next()
  const app = new Hono().use(djangoHono(django, options)).all('*', passes, async (c) =>
    toResponse(
      await handle({
        get session() {
          return c.var.session
        },
        get user() {
          return c.var.user
        },
      }),
    ),
  )
  app.onError((error) => toResponse(fail(error)))
  return getRequestListener(app.fetch)
}

function listenByFetch({ django, options, guard, handle, fail }: Site): Listener {
  const respond = async (_: Request, visit: FetchContext<typeof django>): Promise<Response> =>
    toResponse(await handle(visit))
  const answer = djangoFetch(django, guard ? guardFetch(guard, respond) : respond, options)
  return getRequestListener((request) =>
    answer(request).catch((error: unknown) => toResponse(fail(error))),
  )
}

function toResponse({ status = 200, headers = {}, body }: AdapterAnswer): Response {
  const isStream = typeof body === 'object'
  return new Response(isStream ? toStream(body) : (body ?? null), {
    status,
    headers: { ...headers },
  })
}

function toStream(parts: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const iterator = parts[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
