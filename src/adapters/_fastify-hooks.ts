/**
 * What this package hooks into Fastify: for its plugin, and for frameworks over Fastify.
 *
 * @module
 */
import type { ServerResponse } from 'node:http'

import type { ReadOnlyDjango } from '../django.ts'
import { isAsyncDjangoError } from '../errors.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { abandon, isResponse } from './_abandon.ts'
import { clearHead } from './_node-head.ts'
import {
  findVisit,
  latestUserVisit,
  latestVisit,
  NodeVisit,
  type ResponseHead,
  type VisitedRequest,
} from './_node-visit.ts'

/** A request of Fastify, as far as it is used here. */
export interface FastifyRequestLike {
  readonly raw: VisitedRequest
  readonly body?: unknown
}

/** A reply of Fastify, as far as it is used here. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse
  readonly sent: boolean
  readonly log: { error(error: unknown): void }
  code(status: number): unknown
  header(name: string, value: unknown): unknown
  getHeader(name: string): number | string | string[] | undefined
  getHeaders(): object
  removeHeader(name: string): unknown
  send(payload: unknown): unknown
}

type Done = (error?: null, payload?: unknown) => void
type OnRequest = (
  request: FastifyRequestLike,
  reply: FastifyReplyLike,
  done: Done,
) => Promise<unknown> | void
type OnSend = (
  request: FastifyRequestLike,
  reply: FastifyReplyLike,
  payload: unknown,
  done: Done,
) => Promise<unknown> | void

/** An application of Fastify, as far as it is used here. */
export interface FastifyLike {
  hasDecorator(name: symbol): boolean
  decorate(name: symbol, value: true): unknown
  decorateRequest(
    name: 'session' | 'user',
    value: { getter(this: FastifyRequestLike): unknown },
  ): unknown
  addHook(name: 'onRequest', hook: OnRequest): unknown
  addHook(name: 'onSend', hook: OnSend): unknown
}

const installed = Symbol('async-django.installed')
const usersInstalled = Symbol('async-django.usersInstalled')

/** Gives the requests of an application their sessions and users, and saves those before replies leave. */
export function hookFastify(
  app: FastifyLike,
  django: ReadOnlyDjango,
  options: AdapterOptions | undefined,
): void {
  if (!app.hasDecorator(installed)) {
    app.decorate(installed, true)
    app.decorateRequest('session', { getter: sessionOf })
    app.addHook('onSend', commitAll)
  }
  if (django.hasUsers && !app.hasDecorator(usersInstalled)) {
    app.decorate(usersInstalled, true)
    app.decorateRequest('user', { getter: userOf })
  }
  app.addHook('onRequest', (request, reply, done) => {
    const visit = findVisit(request.raw, django) ?? begin(django, options, request, reply)
    return visit.autoload(options) ?? done()
  })
}

function begin(
  django: ReadOnlyDjango,
  options: AdapterOptions | undefined,
  request: FastifyRequestLike,
  reply: FastifyReplyLike,
): NodeVisit {
  const fail = (error: unknown): void => failPastReply(reply, error)
  return new NodeVisit(django, options, request.raw, reply.raw, fail, request)
}

function sessionOf(this: FastifyRequestLike): unknown {
  return latestVisit(this.raw)?.session
}

function userOf(this: FastifyRequestLike): unknown {
  return latestUserVisit(this.raw)?.user
}

const commitAll: OnSend = (request, reply, payload, done) => {
  const visit = nextOpen(latestVisit(request.raw))
  return visit ? commitFrom(visit, reply, payload) : done()
}

function nextOpen(latest: NodeVisit | undefined): NodeVisit | undefined {
  let visit = latest
  while (visit && !visit.isOpen) visit = visit.earlier
  return visit
}

/** The last adapter's visit first, as if each were around the next. Answers what is to be sent. */
async function commitFrom(
  latest: NodeVisit,
  reply: FastifyReplyLike,
  payload: unknown,
): Promise<unknown> {
  const body = unwrapped(payload, reply)
  const head = new ReplyHead(reply)
  try {
    for (let visit: NodeVisit | undefined = latest; visit; visit = nextOpen(visit.earlier)) {
      const committing = visit.commit(head)
      if (committing) await committing
    }
    return body
  } catch (error) {
    abandon(body)
    clearReply(reply)
    throw error
  }
}

/** Headers of a reply: they take the place of those that the response under it has. */
class ReplyHead implements ResponseHead {
  readonly #reply: FastifyReplyLike

  constructor(reply: FastifyReplyLike) {
    this.#reply = reply
  }

  getHeader(name: string): number | string | string[] | undefined {
    return this.#reply.getHeader(name)
  }

  setHeader(name: string, value: string): void {
    this.#reply.removeHeader(name)
    this.#reply.header(name, value)
  }

  appendHeader(name: string, value: string): void {
    const present = this.#reply.getHeader(name)
    this.#reply.removeHeader(name)
    this.#reply.header(name, present === undefined ? value : [present, value].flat())
  }
}

/** As Fastify itself does with a `Response`, but before its status and headers are needed. */
function unwrapped(payload: unknown, reply: FastifyReplyLike): unknown {
  if (!isResponse(payload) || payload.bodyUsed) return payload
  reply.code(payload.status)
  for (const [name, value] of payload.headers) reply.header(name, value)
  return payload.body
}

function clearReply(reply: FastifyReplyLike): void {
  for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name)
  clearHead(reply.raw)
}

/** Answers for a save that failed where a handler wrote past the reply. */
function failPastReply(reply: FastifyReplyLike, error: unknown): void {
  clearReply(reply)
  if (!reply.sent) {
    reply.send(error)
    return
  }
  // Fastify's error handlers have no part in a reply that was hijacked.
  reply.log.error(error)
  reply.raw.statusCode = isAsyncDjangoError(error) ? error.status : 500
  reply.raw.end()
}
