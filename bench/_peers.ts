/**
 * What users take instead of this package, each set up as its README says, and with all that writes
 * at a read turned off.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'

import express, { type RequestHandler } from 'express'
import { fastify, type FastifyPluginAsync } from 'fastify'
import { Hono } from 'hono'
import { Pool } from 'pg'
import { createClient } from 'redis'

import { nextSession, nextVisits, type Routes, serveFastify, serveHono } from './_sites.ts'
import { usualTheme } from './_data.ts'

/** Where a peer keeps its sessions. */
export interface PeerPlaces {
  /** Of a database that has nothing of a peer in it. */
  readonly url: string
  readonly redisUrl: string
}

/** Another package for sessions, and its store. */
export interface Peer {
  /** A name in `frameworks`. */
  readonly framework: string
  readonly name: string
  /** Over which this package is measured beside it: the same, where it needs one. */
  readonly over: 'PostgreSQL' | 'Redis'
  /** Not listening yet. */
  serve(places: PeerPlaces): Promise<Server>
}

/** Their types make another of `request.session` than ours: not seen, they cannot collide. */
const require = createRequire(import.meta.url)

type Data = Record<string, unknown>

/** The data of a session, among what else its package has on it. */
type OpenSession = () => Data | Promise<Data>

/** A store by the contract of express-session, which @fastify/session keeps as well. */
type ConnectStore = object

const fortnight = 14 * 24 * 60 * 60
const secret = 'a secret of this benchmark, and of nothing else'

/** What the servers do with it. @param save - For packages that do not save by themselves. */
function routesThat(save?: (session: Data) => Promise<void>): Routes<OpenSession> {
  return {
    free: () => usualTheme,
    async read(open) {
      const session = await open()
      return String(session['theme'])
    },
    async write(open) {
      const session = await open()
      session['visits'] = nextVisits()
      if (save) await save(session)
      return String(session['theme'])
    },
    async make(open) {
      const { index, data } = nextSession()
      const session = await open()
      Object.assign(session, data)
      if (save) await save(session)
      return String(index)
    },
    async data(open) {
      const { cookie: _, ...data } = await open()
      return JSON.stringify(data)
    },
  }
}

async function connectPgSimple({ url }: PeerPlaces): Promise<ConnectStore> {
  const session = require('express-session') as object
  const storeOf = require('connect-pg-simple') as (
    session: object,
  ) => new (options: object) => ConnectStore
  const pool = new Pool({ connectionString: url, max: 10, pipeline: true })
  await pool.query(readFileSync(require.resolve('connect-pg-simple/table.sql'), 'utf8'))
  return new (storeOf(session))({ pool, disableTouch: true })
}

async function connectRedis({ redisUrl }: PeerPlaces): Promise<ConnectStore> {
  const { RedisStore } = require('connect-redis') as {
    RedisStore: new (options: object) => ConnectStore
  }
  const client = await createClient({ url: redisUrl }).connect()
  return new RedisStore({ client, disableTouch: true })
}

function serveExpress(store: ConnectStore): Server {
  const session = require('express-session') as (options: object) => RequestHandler
  const cookie = { maxAge: fortnight * 1000 }
  const app = express()
  app.use(session({ secret, store, resave: false, saveUninitialized: false, cookie }))
  for (const [path, route] of Object.entries(routesThat())) {
    app.get(`/${path}`, async (request, response) => {
      response.send(await route(() => request.session as unknown as Data))
    })
  }
  return createServer(app)
}

async function serveFastifySession(store: ConnectStore): Promise<Server> {
  const cookies = require('@fastify/cookie') as FastifyPluginAsync
  const session = require('@fastify/session') as FastifyPluginAsync<Data>
  const cookie = { maxAge: fortnight * 1000, secure: false }
  const app = fastify()
  await app.register(cookies)
  await app.register(session, { secret, store, rolling: false, saveUninitialized: false, cookie })
  for (const [path, route] of Object.entries(routesThat())) {
    app.get(`/${path}`, async (request) => route(() => request.session as unknown as Data))
  }
  return serveFastify(app)
}

/** The session is the cookie: a password of its own encrypts and signs it. */
function serveIronSession(): Server {
  const { getIronSession } = require('iron-session') as {
    getIronSession(request: Request, response: Response, options: object): Promise<Data>
  }
  const options = {
    cookieName: 'sessionid',
    password: secret,
    ttl: fortnight,
    cookieOptions: { secure: false },
  }
  const routes = routesThat((session) => (session['save'] as () => Promise<void>)())
  const app = new Hono()
  for (const [path, route] of Object.entries(routes)) {
    app.get(`/${path}`, async (c) =>
      c.text(await route(() => getIronSession(c.req.raw, c.res, options))),
    )
  }
  return serveHono(app.fetch)
}

/** All of them. */
export const peers: readonly Peer[] = [
  {
    framework: 'Express',
    name: 'express-session, connect-pg-simple',
    over: 'PostgreSQL',
    serve: async (places) => serveExpress(await connectPgSimple(places)),
  },
  {
    framework: 'Express',
    name: 'express-session, connect-redis',
    over: 'Redis',
    serve: async (places) => serveExpress(await connectRedis(places)),
  },
  {
    framework: 'Fastify',
    name: '@fastify/session, connect-pg-simple',
    over: 'PostgreSQL',
    serve: async (places) => serveFastifySession(await connectPgSimple(places)),
  },
  {
    framework: 'Fastify',
    name: '@fastify/session, connect-redis',
    over: 'Redis',
    serve: async (places) => serveFastifySession(await connectRedis(places)),
  },
  {
    framework: 'Hono',
    name: 'iron-session',
    over: 'PostgreSQL',
    serve: async () => serveIronSession(),
  },
]
