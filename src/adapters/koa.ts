/**
 * Koa 3: `ctx.session`, and `ctx.user` where there are users.
 *
 * ```ts
 * const app = new Koa().use(djangoKoa(django)).use(async (ctx) => {
 *   const session = await ctx.session.load()
 *   ctx.body = `Hello ${session.get('name', 'stranger')}`
 * })
 * ```
 *
 * @module
 */
import type { DefaultState, Middleware, ParameterizedContext } from 'koa'

import type { Guard } from '../auth/guards.ts'
import type { ReadOnlyDjango, RequestSession, RequestUser } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { abandon } from './_abandon.ts'
import { refusalBy } from './_guard.ts'
import type { BodyHolder } from './_node-body.ts'
import { clearHead } from './_node-head.ts'
import {
  findVisit,
  latestUserVisit,
  latestVisit,
  NodeVisit,
  type VisitedRequest,
} from './_node-visit.ts'

/**
 * What the middleware adds to `ctx`; for an application that is not written as one chain.
 *
 * @example
 * ```ts
 * const app = new Koa<DefaultState, DjangoContext<typeof django>>()
 * ```
 */
export interface DjangoContext<
  Dj extends ReadOnlyDjango,
  O extends AdapterOptions = AdapterOptions,
> {
  /** The visitor's session: free until it is loaded or written. */
  readonly session: RequestSession<Dj, O>
  /** The visitor: free until loaded. Absent where `createDjango` was given no users. */
  readonly user: RequestUser<Dj>
}

/**
 * Gives every request its visitor's session, and saves it once the middleware within is done. A
 * second one for the same `django` loads where it is told to `autoload`, and does nothing else.
 *
 * @returns Middleware. The error of a save that failed goes to the middleware around.
 */
export function djangoKoa<
  Dj extends ReadOnlyDjango,
  const O extends AdapterOptions = AdapterOptions,
>(django: Dj, options?: O): Middleware<DefaultState, DjangoContext<Dj, O>> {
  return async function djangoSession(ctx: ParameterizedContext, next) {
    const known = findVisit(ctx.req, django)
    const visit = known ?? begin(django, options, ctx)
    const loading = visit.autoload(options)
    if (loading) await loading
    await next()
    // Headers that left had the session saved; so has the response of an error, in the end.
    if (known || !visit.isOpen || ctx.headerSent) return
    const committing = visit.commit()
    if (committing) await committing.catch((error: unknown) => drop(ctx, error))
  }
}

/**
 * Lets those go on whom a guard of `async-django/auth` lets: others are sent to the login page, or
 * answered 401 or 403. Comes after `djangoKoa`. What fails goes to the middleware around.
 *
 * @example
 * ```ts
 * router.get('/orders', guard(loginRequired()), showOrders)
 * ```
 */
export function guard(decide: Guard): Middleware<DefaultState, object> {
  return async function djangoGuard(ctx: ParameterizedContext, next) {
    const refusal = await refusalBy(decide, latestUserVisit(ctx.req))
    if (refusal === null) {
      await next()
      return
    }
    ctx.body = refusal.text
    ctx.status = refusal.status
    ctx.set({ ...refusal.headers })
  }
}

function begin(
  django: ReadOnlyDjango,
  options: AdapterOptions | undefined,
  ctx: ParameterizedContext,
): NodeVisit {
  const request: VisitedRequest = ctx.req
  if (request.url !== ctx.originalUrl) request.originalUrl = ctx.originalUrl
  const fail = (error: unknown): void => ctx.onerror(error as Error)
  // Whatever parses bodies puts them there.
  const holder = ctx.request as BodyHolder
  const visit = new NodeVisit(django, options, request, ctx.res, fail, holder)
  Object.defineProperty(ctx, 'session', sessionProperty)
  if (django.hasUsers) Object.defineProperty(ctx, 'user', userProperty)
  return visit
}

/** One property for all requests, so that they keep one shape. */
const sessionProperty: PropertyDescriptor & ThisType<ParameterizedContext> = {
  configurable: true,
  get() {
    return latestVisit(this.req)?.session
  },
}

const userProperty: PropertyDescriptor & ThisType<ParameterizedContext> = {
  configurable: true,
  get() {
    return latestUserVisit(this.req)?.user
  },
}

/** Takes back all that the middleware said of the response: whoever answers the error begins anew. */
function drop(ctx: ParameterizedContext, error: unknown): never {
  abandon(ctx.body)
  clearHead(ctx.res)
  ctx.body = null
  ctx.status = 500
  throw error
}
