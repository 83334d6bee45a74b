/**
 * The servers that are measured: each framework without this package, and with it.
 *
 * @module
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'

import { getRequestListener } from '@hono/node-server'
import { Controller, Get, Module, type ModuleMetadata, Req } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { createDjango, type Django, type LazySession } from 'async-django'
import { djangoExpress } from 'async-django/express'
import { djangoFastify } from 'async-django/fastify'
import { djangoHono, type DjangoVariables } from 'async-django/hono'
import { type DjangoContext, djangoKoa } from 'async-django/koa'
import { CurrentSession, DjangoModule } from 'async-django/nest'
import { djangoNode } from 'async-django/node'
import { postgresStore } from 'async-django/stores/postgres'
import { redisStore } from 'async-django/stores/redis'
import express from 'express'
import { fastify, type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import Koa, { type DefaultState } from 'koa'
import { Pool } from 'pg'
import { createClient } from 'redis'

import { decode, secretKey } from './_bare-codec.ts'
import { GatheredQueries, SingleQueries } from './_bare-sessions.ts'
import { sessionData, usualTheme } from './_data.ts'

/** What one request asks for, by its path. */
export type Work =
  | 'free'
  | 'single'
  | 'gathered'
  | 'decoded'
  | 'read'
  | 'write'
  /** Makes the next session, and tells which that is. */
  | 'make'
  /** All that a session says, in JSON. */
  | 'data'

/** Answers requests, of whatever a server gives for one: its cookies, or its session. */
export type Routes<T> = Readonly<Partial<Record<Work, (of: T) => string | Promise<string>>>>

/** A framework. */
export interface Framework {
  readonly name: string
  /** Not listening yet. */
  bare(routes: Routes<string>): Server | Promise<Server>
  /** The same with this package's adapter. */
  ours(routes: Routes<OpenSession>, django: Django): Server | Promise<Server>
}

/** Never what another process wrote: that would be no change. */
let visits = process.pid * 1e7

/** The next value to write. */
export function nextVisits(): number {
  return ++visits
}

let made = 0

/** The next session to make, and its data. */
export function nextSession(): { index: number; data: Record<string, unknown> } {
  const index = made++
  return { index, data: sessionData(index) }
}

/** What the servers do without this package. */
export async function bareRoutes(url: string): Promise<Routes<string>> {
  const single = new SingleQueries(url)
  const gathered = await GatheredQueries.connect(url)
  return {
    free: () => usualTheme,
    single: async (cookies) => themeOf(await single.load(keyIn(cookies))),
    gathered: async (cookies) => themeOf(await gathered.load(keyIn(cookies))),
    decoded: async (cookies) => String(decode(await gathered.load(keyIn(cookies)))['theme']),
    async write(cookies) {
      await single.write(keyIn(cookies), nextVisits())
      return usualTheme
    },
  }
}

/** The load generator sends one cookie. */
function keyIn(cookies: string): string {
  return cookies.slice('sessionid='.length)
}

/** Who does not decode knows what nearly all sessions say. */
function themeOf(payload: string): string {
  return payload === '' ? 'no session' : usualTheme
}

/** Looked at only where a session is wanted: a look has its price. */
type OpenSession = () => LazySession

/** What they do with it. */
export const ourRoutes: Routes<OpenSession> = {
  free: () => usualTheme,
  async read(open) {
    const session = await open().load()
    return String(session.get('theme'))
  },
  async write(open) {
    const session = await open().load()
    session.data['visits'] = nextVisits()
    return String(session.get('theme'))
  },
  async make(open) {
    const { index, data } = nextSession()
    const session = await open().load()
    session.update(data)
    return String(index)
  },
  async data(open) {
    const session = await open().load()
    return JSON.stringify(session.data)
  },
}

/** The package over PostgreSQL. */
export function benchDjango(url: string): Django {
  const pool = new Pool({ connectionString: url, max: 10, pipeline: true })
  return createDjango({ settings: { secretKey }, store: postgresStore(pool) })
}

/** The package over Redis. */
export async function redisDjango(url: string): Promise<Django> {
  const client = await createClient({ url }).connect()
  return createDjango({ settings: { secretKey }, store: redisStore(client) })
}

const nodeHttp: Framework = {
  name: 'node:http',
  bare: (routes) =>
    createServer((request, response) => {
      const route = routes[request.url?.slice(1) as Work]
      send(response, route?.(request.headers.cookie ?? ''))
    }),
  ours: (routes, django) =>
    createServer(
      djangoNode(django, (request, response) => {
        const route = routes[request.url?.slice(1) as Work]
        send(
          response,
          route?.(() => request.session),
        )
      }),
    ),
}

function send(response: ServerResponse, answer: string | Promise<string> | undefined): void {
  if (answer instanceof Promise) {
    answer.then(
      (text) => response.end(text),
      (error: unknown) => fail(response, error),
    )
  } else response.end(answer)
}

function fail(response: ServerResponse, error: unknown): void {
  console.error(error)
  response.statusCode = 500
  response.end()
}

const overExpress: Framework = {
  name: 'Express',
  bare(routes) {
    const app = express()
    for (const [path, route] of Object.entries(routes)) {
      app.get(`/${path}`, async (request, response) => {
        response.send(await route(request.headers.cookie ?? ''))
      })
    }
    return createServer(app)
  },
  ours(routes, django) {
    const app = express().use(djangoExpress(django))
    for (const [path, route] of Object.entries(routes)) {
      app.get(`/${path}`, async (request, response) => {
        response.send(await route(() => request.session))
      })
    }
    return createServer(app)
  },
}

const overFastify: Framework = {
  name: 'Fastify',
  bare(routes) {
    const app = fastify()
    for (const [path, route] of Object.entries(routes)) {
      app.get(`/${path}`, async (request) => route(request.headers.cookie ?? ''))
    }
    return serveFastify(app)
  },
  async ours(routes, django) {
    const app = fastify()
    await app.register(djangoFastify(django))
    for (const [path, route] of Object.entries(routes)) {
      app.get(`/${path}`, async (request) => route(() => request.session))
    }
    return serveFastify(app)
  },
}

/** Not listening yet. */
export async function serveFastify(app: FastifyInstance): Promise<Server> {
  await app.ready()
  return createServer((request, response) => app.routing(request, response))
}

const overHono: Framework = {
  name: 'Hono',
  bare(routes) {
    const app = new Hono()
    for (const [path, route] of Object.entries(routes)) {
      app.get(`/${path}`, async (c) => c.text(await route(c.req.header('cookie') ?? '')))
    }
    return serveHono(app.fetch)
  },
  ours(routes, django) {
    const app = new Hono<{ Variables: DjangoVariables<Django> }>().use(djangoHono(django))
    for (const [path, route] of Object.entries(routes)) {
      app.get(`/${path}`, async (c) => c.text(await route(() => c.var.session)))
    }
    return serveHono(app.fetch)
  },
}

/** Not listening yet. */
export function serveHono(fetch: Hono['fetch']): Server {
  return createServer(getRequestListener(fetch) as RequestListener)
}

const overKoa: Framework = {
  name: 'Koa',
  bare(routes) {
    const app = new Koa().use(async (ctx) => {
      ctx.body = await routes[ctx.path.slice(1) as Work]?.(ctx.get('cookie'))
    })
    return createServer(app.callback() as RequestListener)
  },
  ours(routes, django) {
    const app = new Koa<DefaultState, DjangoContext<Django>>()
    app.use(djangoKoa(django)).use(async (ctx) => {
      ctx.body = await routes[ctx.path.slice(1) as Work]?.(() => ctx.session)
    })
    return createServer(app.callback() as RequestListener)
  },
}

/** On Express, as NestJS is by itself. */
const overNest: Framework = {
  name: 'NestJS',
  bare(routes) {
    const cookiesOf = (request: unknown): string =>
      (request as IncomingMessage).headers.cookie ?? ''
    return serveNest(routes, (of) => cookiesOf(of), Req(), {})
  },
  ours(routes, django) {
    const sessionIn =
      (session: unknown): OpenSession =>
      () =>
        session as LazySession
    const imports = [DjangoModule.forRoot({ django })]
    return serveNest(routes, sessionIn, CurrentSession(), { imports })
  },
}

/** A controller with a method for each route. Decorators are called as what they are: functions. */
async function serveNest<T>(
  routes: Routes<T>,
  read: (injected: unknown) => T,
  inject: ParameterDecorator,
  metadata: ModuleMetadata,
): Promise<Server> {
  class WorkController {
    readonly routes = routes
  }
  class WorkModule {
    readonly controller = WorkController
  }
  for (const [path, route] of Object.entries(routes)) {
    const value = (injected: unknown): unknown => route(read(injected))
    const method = { value, configurable: true }
    Object.defineProperty(WorkController.prototype, path, method)
    Get(path)(WorkController.prototype, path, method)
    inject(WorkController.prototype, path, 0)
  }
  Controller()(WorkController)
  Module({ ...metadata, controllers: [WorkController] })(WorkModule)
  const app = await NestFactory.create(WorkModule, { logger: false })
  await app.init()
  return app.getHttpServer() as Server
}

/** All of them. */
export const frameworks: readonly Framework[] = [
  nodeHttp,
  overExpress,
  overFastify,
  overHono,
  overKoa,
  overNest,
]
