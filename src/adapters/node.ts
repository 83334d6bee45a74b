/**
 * Node's own HTTP server, without a framework: `request.session`, and `request.user` where there are
 * users.
 *
 * ```ts
 * const listener = djangoNode(django, async (request, response) => {
 *   const session = await request.session.load()
 *   response.end(`Hello ${session.get('name', 'stranger')}`)
 * })
 * createServer(listener).listen(8000)
 * ```
 *
 * @module
 */
import {
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import process from 'node:process'
import { inspect } from 'node:util'

import type { Guard } from '../auth/guards.ts'
import type { ReadOnlyDjango, RequestSession, RequestUser } from '../django.ts'
import { isAsyncDjangoError } from '../errors.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { clearHead } from './_node-head.ts'
import { passes, visitOf } from './_node-middleware.ts'
import type { NodeVisit, VisitedRequest } from './_node-visit.ts'

/** A request of which the session is known. */
export interface DjangoRequest<
  Dj extends ReadOnlyDjango,
  O extends AdapterOptions = AdapterOptions,
> extends IncomingMessage {
  /** The visitor's session: free until it is loaded or written. */
  readonly session: RequestSession<Dj, O>
  /** The visitor: free until loaded. Absent where `createDjango` was given no users. */
  readonly user: RequestUser<Dj>
}

/** What of the options the type of a session depends on. */
type Autoload<O extends AdapterOptions> = O extends { readonly autoload: true }
  ? { readonly autoload: true }
  : AdapterOptions

/** What an application does about an error. */
export type NodeErrorHandler = (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
) => unknown

/** Options of the adapter, and what a framework would have beside. */
export interface NodeOptions extends AdapterOptions {
  /**
   * Answers for an error of the handler, and for a save that failed: then nothing of what the handler
   * wrote was sent. It may come when `response.headersSent` is true. Default: writes the error to
   * standard error, and answers with its status.
   */
  readonly onError?: NodeErrorHandler
}

/**
 * Gives a handler its visitor's session, and saves it before the response leaves.
 *
 * @returns What `createServer` takes.
 */
export function djangoNode<Dj extends ReadOnlyDjango, const O extends NodeOptions = NodeOptions>(
  django: Dj,
  handler: (request: DjangoRequest<Dj, Autoload<O>>, response: ServerResponse) => unknown,
  options?: O,
): RequestListener {
  const { onError = answerPlainly } = options ?? {}
  return function djangoSession(request, response) {
    const fail = (error: unknown): void => void answerError(onError, error, request, response)
    const serve = (): unknown => handler(request as DjangoRequest<Dj, Autoload<O>>, response)
    try {
      const visit = visitOf(django, options, request, response, fail, assignProperties)
      const loading = visit.autoload(options)
      const serving = loading ? loading.then(serve) : serve()
      if (isThenable(serving)) serving.then(undefined, fail)
    } catch (error) {
      fail(error)
    }
  }
}

/** Nothing else has to do with the request, and to define a property takes longer than all the rest. */
function assignProperties(request: VisitedRequest, visit: NodeVisit): void {
  assign(request, 'session', visit.session)
  if (visit.django.hasUsers) assign(request, 'user', visit.user)
}

/** What others have defined gives way. */
function assign(
  request: VisitedRequest & { session?: object; user?: object },
  name: 'session' | 'user',
  value: object,
): void {
  if (name in request) Object.defineProperty(request, name, { configurable: true, value })
  else request[name] = value
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false
  return typeof Reflect.get(value, 'then') === 'function'
}

/**
 * Lets those go on whom a guard of `async-django/auth` lets: others are sent to the login page, or
 * answered 401 or 403. What fails goes where the errors of
 * handlers go.
 *
 * @example
 * ```ts
 * djangoNode(
 *   django,
 *   guard(loginRequired(), async (request, response) => …),
 * )
 * ```
 */
export function guard<Q extends IncomingMessage>(
  decide: Guard,
  handler: (request: Q, response: ServerResponse) => unknown,
): (request: Q, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    if (await passes(decide, request, response)) await handler(request, response)
  }
}

/** Whatever fails, no request takes the process with it. */
async function answerError(
  onError: NodeErrorHandler,
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await onError(error, request, response)
  } catch (another) {
    answerPlainly(another, request, response)
  }
}

function answerPlainly(error: unknown, _: IncomingMessage, response: ServerResponse): void {
  process.stderr.write(`${inspect(error)}\n`)
  if (response.writableEnded) return
  if (response.headersSent) {
    response.destroy()
    return
  }
  clearHead(response)
  response.statusCode = isAsyncDjangoError(error) ? error.status : 500
  response.end(STATUS_CODES[response.statusCode])
}
