/**
 * Hono: `c.var.session`, and `c.var.user` where there are users.
 *
 * ```ts
 * const app = new Hono().use(djangoHono(django)).get('/', async (c) => {
 *   const session = await c.var.session.load()
 *   return c.text(`Hello ${session.get('name', 'stranger')}`)
 * })
 * ```
 *
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'

import type { Guard } from '../auth/guards.ts'
import type { LazyReadOnlyUser } from '../auth/lazy-user.ts'
import type { ReadOnlyDjango, RequestSession, RequestUser } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { type GuardedVisit, lazyUser, refusalBy } from './_guard.ts'
import { WebExchange } from './_web-exchange.ts'

/**
 * What the middleware adds to `c.var`; for an application that is not written as one chain.
 *
 * @example
 * ```ts
 * const app = new Hono<{ Variables: DjangoVariables<typeof django> }>()
 * ```
 */
export interface DjangoVariables<
  Dj extends ReadOnlyDjango,
  O extends AdapterOptions = AdapterOptions,
> {
  /** The visitor's session: free until it is loaded or written. */
  session: RequestSession<Dj, O>
  /** The visitor: free until loaded. Absent where `createDjango` was given no users. */
  user: RequestUser<Dj>
}

/**
 * Gives every request its visitor's session, and saves it before the response leaves. A second one
 * for the same `django` loads where it is told to `autoload`, and does nothing else.
 *
 * @returns Middleware. The error of a save that failed goes to `app.onError`.
 */
export function djangoHono<
  Dj extends ReadOnlyDjango,
  const O extends AdapterOptions = AdapterOptions,
>(django: Dj, options?: O): MiddlewareHandler<{ Variables: DjangoVariables<Dj, O> }> {
  return async function djangoSession(c, next) {
    const context: Context = c
    const earlier = context.get(visitKey) as Visit | undefined
    const known = findVisit(earlier, django)
    if (known) {
      await known.state.autoload(options)
      return next()
    }
    const exchange = new WebExchange(c.req.raw, {
      parsedField: (name) => parsedField(c, name),
      rawHeaders: rawHeadersOf(c),
    })
    const state = django.begin(exchange, options)
    const user = django.hasUsers ? lazyUser(django, state.session) : null
    context.set(visitKey, { django, exchange, state, user, earlier } satisfies Visit)
    const loading = state.autoload()
    if (loading) await loading
    c.set('session', state.session as RequestSession<Dj, O>)
    if (user) c.set('user', user as RequestUser<Dj>)
    await next()
    exchange.answer(c.res)
    const committing = state.commit()
    if (committing) await committing.catch((error: unknown) => drop(c, error))
    if (exchange.response !== c.res) replace(c, exchange.response)
  }
}

/**
 * Lets those go on whom a guard of `async-django/auth` lets: others are sent to the login page, or
 * answered 401 or 403. Comes after `djangoHono`. What fails goes to `app.onError`.
 *
 * @example
 * ```ts
 * app.get('/orders', guard(loginRequired()), showOrders)
 * ```
 */
export function guard(decide: Guard): MiddlewareHandler {
  return async function djangoGuard(c, next) {
    const refusal = await refusalBy(decide, latestUserVisit(c.get(visitKey) as Visit | undefined))
    return refusal ? c.body(refusal.text, refusal.status, refusal.headers) : next()
  }
}

const visitKey = Symbol('async-django.visit')

/** A request with one `django`. */
interface Visit {
  readonly django: ReadOnlyDjango
  readonly exchange: WebExchange
  /** The visitor; null where there are no users. */
  readonly user: LazyReadOnlyUser | null
  readonly state: ReturnType<ReadOnlyDjango['begin']>
  /** With another `django`. */
  readonly earlier: Visit | undefined
}

function findVisit(latest: Visit | undefined, django: ReadOnlyDjango): Visit | null {
  for (let visit = latest; visit; visit = visit.earlier) {
    if (visit.django === django) return visit
  }
  return null
}

function latestUserVisit(latest: Visit | undefined): GuardedVisit | null {
  for (let visit = latest; visit; visit = visit.earlier) {
    const { django, exchange, user } = visit
    if (user) return { django, exchange, user }
  }
  return null
}

/** In Node, `c.env.incoming` is the server's own request. */
function rawHeadersOf(c: Context): readonly string[] | undefined {
  const { rawHeaders } = (c.env as NodeBindings | undefined)?.incoming ?? {}
  return Array.isArray(rawHeaders) ? (rawHeaders as readonly string[]) : undefined
}

/** Other runtimes have other things there, an application's own among them. */
interface NodeBindings {
  readonly incoming?: { readonly rawHeaders?: unknown } | null
}

/** Hono keeps what it read of a body. */
async function parsedField(c: Context, name: string): Promise<string | null> {
  const values = (await c.req.formData()).getAll(name)
  return values.findLast((value) => typeof value === 'string') ?? null
}

/** Hono gives a new response the headers of the old one, unless there is none. */
function replace(c: Context, response: Response | undefined): void {
  c.res = undefined
  c.res = response
}

/** Takes back all that the handler said of the response: an error handler begins anew. */
function drop(c: Context, error: unknown): never {
  forget(c)
  // A new response has the headers that the handler prepared.
  const prepared = [...c.res.headers.keys()]
  forget(c)
  for (const name of prepared) c.header(name)
  c.status(200)
  throw error
}

function forget(c: Context): void {
  c.res = undefined
  c.finalized = false
}
