/**
 * Middleware as Connect had it first: for every framework that takes a request of Node, its
 * response, and a function to go on with.
 *
 * @module
 */
import type { ServerResponse } from 'node:http'

import type { Guard } from '../auth/guards.ts'
import type { ReadOnlyDjango } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { refusalBy } from './_guard.ts'
import {
  findVisit,
  latestUserVisit,
  latestVisit,
  NodeVisit,
  type VisitedRequest,
} from './_node-visit.ts'

/** What is called for every request. */
export type NodeMiddleware = (
  request: VisitedRequest,
  response: ServerResponse,
  proceed: (error?: unknown) => void,
) => void

/** Makes middleware that gives requests a `session`, and a `user` if there are any. Errors of saves go to `proceed`. */
export function nodeMiddleware(
  django: ReadOnlyDjango,
  options: AdapterOptions | undefined,
): NodeMiddleware {
  return function djangoSession(request, response, proceed) {
    const visit = visitOf(django, options, request, response, proceed, defineProperties)
    const loading = visit.autoload(options)
    if (loading) loading.then(() => proceed(), proceed)
    else proceed()
  }
}

/**
 * The visit of a request.
 *
 * @param expose - Called for a new one, to give the request its `session`, and its `user` if there are any.
 */
export function visitOf(
  django: ReadOnlyDjango,
  options: AdapterOptions | undefined,
  request: VisitedRequest,
  response: ServerResponse,
  fail: (error: unknown) => void,
  expose: (request: VisitedRequest, visit: NodeVisit) => void,
): NodeVisit {
  const known = findVisit(request, django)
  if (known) return known
  const visit = new NodeVisit(django, options, request, response, fail)
  expose(request, visit)
  return visit
}

/** Whoever else assigns to these is told, by a TypeError, that they are taken. */
function defineProperties(request: VisitedRequest, { django }: NodeVisit): void {
  Object.defineProperty(request, 'session', sessionProperty)
  if (django.hasUsers) Object.defineProperty(request, 'user', userProperty)
}

/** One property for all requests, so that they keep one shape. */
const sessionProperty: PropertyDescriptor & ThisType<VisitedRequest> = {
  configurable: true,
  get() {
    return latestVisit(this)?.session
  },
}

const userProperty: PropertyDescriptor & ThisType<VisitedRequest> = {
  configurable: true,
  get() {
    return latestUserVisit(this)?.user
  },
}

/** Makes middleware that lets those go on whom a guard lets. What fails goes to `proceed`. */
export function nodeGuard(guard: Guard): NodeMiddleware {
  return function djangoGuard(request, response, proceed) {
    passes(guard, request, response).then((isPassed) => {
      if (isPassed) proceed()
    }, proceed)
  }
}

/** Whether a request may go on; answers one that may not. */
export async function passes(
  guard: Guard,
  request: VisitedRequest,
  response: ServerResponse,
): Promise<boolean> {
  const refusal = await refusalBy(guard, latestUserVisit(request))
  if (refusal === null) return true
  response.statusCode = refusal.status
  for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value)
  response.end(refusal.text)
  return false
}
