/**
 * Middleware as Connect had it first: for every framework that takes a request of Node, its
 * response, and a function to go on with.
 *
 * @module
 */
import type { ServerResponse } from 'node:http'

import type { ReadOnlyDjango } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { findVisit, latestVisit, NodeVisit, type VisitedRequest } from './_node-visit.ts'

/** What is called for every request. */
export type NodeMiddleware = (
  request: VisitedRequest,
  response: ServerResponse,
  proceed: (error?: unknown) => void,
) => void

/** Makes middleware that gives requests a property `session`. Errors of saves go to `proceed`. */
export function nodeMiddleware(
  django: ReadOnlyDjango,
  options: AdapterOptions | undefined,
): NodeMiddleware {
  return function djangoSession(request, response, proceed) {
    const visit = visitOf(django, options, request, response, proceed)
    const loading = visit.autoload(options)
    if (loading) loading.then(() => proceed(), proceed)
    else proceed()
  }
}

/** The visit of a request, which has a property `session` from then on. */
export function visitOf(
  django: ReadOnlyDjango,
  options: AdapterOptions | undefined,
  request: VisitedRequest,
  response: ServerResponse,
  fail: (error: unknown) => void,
): NodeVisit {
  const known = findVisit(request, django)
  if (known) return known
  const visit = new NodeVisit(django, options, request, response, fail)
  Object.defineProperty(request, 'session', sessionProperty)
  return visit
}

/** One property for all requests, so that they keep one shape. */
const sessionProperty: PropertyDescriptor & ThisType<VisitedRequest> = {
  configurable: true,
  get() {
    return latestVisit(this)?.session
  },
}
