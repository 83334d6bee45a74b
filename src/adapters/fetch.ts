/**
 * Web-standard handlers, `(request) => response`: Deno, Bun, Workers, Next.js routes, and any
 * framework over them.
 *
 * ```ts
 * const handler = djangoFetch(django, async (request, { session }) => {
 *   const visits = await session.change((data) => (data.visits = Number(data.visits ?? 0) + 1))
 *   return new Response(`visit ${visits}`)
 * })
 * ```
 *
 * @module
 */
import type { Guard } from '../auth/guards.ts'
import type { ReadOnlyDjango, RequestSession, RequestUser } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { type GuardedVisit, lazyUser, refusalBy } from './_guard.ts'
import { WebExchange } from './_web-exchange.ts'

/** What a handler gets beside the request. */
export interface FetchContext<
  Dj extends ReadOnlyDjango,
  O extends AdapterOptions = AdapterOptions,
> {
  /** The visitor's session: free until it is loaded or written. */
  readonly session: RequestSession<Dj, O>
  /** The visitor: free until loaded. Absent where `createDjango` was given no users. */
  readonly user: RequestUser<Dj>
}

/** What a guard needs of a request, by what its handler gets. */
const visits = new WeakMap<object, GuardedVisit>()

/**
 * Gives a handler its visitor's session, and saves it before the response leaves. Further arguments
 * of the runtime (environment, connection) are handed on. A handler that hands the connection over,
 * as to a WebSocket, may answer with a status of 101, or with nothing: no cookie can be set then.
 *
 * @returns A handler that rejects, and drops the response, where the save fails.
 */
export function djangoFetch<
  Dj extends ReadOnlyDjango,
  const O extends AdapterOptions = AdapterOptions,
  Rest extends unknown[] = [],
  Answer extends Response | undefined = Response,
>(
  django: Dj,
  handler: (
    request: Request,
    context: FetchContext<Dj, O>,
    ...rest: Rest
  ) => Answer | Promise<Answer>,
  options?: O,
): (request: Request, ...rest: Rest) => Promise<Response | Extract<Answer, undefined>> {
  return async (request, ...rest) => {
    const exchange = new WebExchange(request)
    const state = django.begin(exchange, options)
    const loading = state.autoload()
    if (loading) await loading
    const context = contextOf(django, exchange, state.session)
    exchange.answer(await handler(request, context as FetchContext<Dj, O>, ...rest))
    const committing = state.commit()
    if (committing) await committing
    return exchange.response as Response | Extract<Answer, undefined>
  }
}

function contextOf(django: ReadOnlyDjango, exchange: WebExchange, session: object): object {
  if (!django.hasUsers) return { session }
  const user = lazyUser(django, session)
  const context = { session, user }
  visits.set(context, { django, exchange, user })
  return context
}

/**
 * Lets those go on whom a guard of `async-django/auth` lets: others are sent to the login page, or
 * answered 401 or 403. What fails rejects, as in the handler.
 *
 * @example
 * ```ts
 * djangoFetch(
 *   django,
 *   guard(loginRequired(), async (request, { user }) => …),
 * )
 * ```
 */
export function guard<
  Dj extends ReadOnlyDjango,
  O extends AdapterOptions = AdapterOptions,
  Rest extends unknown[] = [],
  Answer extends Response | undefined = Response,
>(
  decide: Guard,
  handler: (
    request: Request,
    context: FetchContext<Dj, O>,
    ...rest: Rest
  ) => Answer | Promise<Answer>,
): (request: Request, context: FetchContext<Dj, O>, ...rest: Rest) => Promise<Answer | Response> {
  return async (request, context, ...rest) => {
    const refusal = await refusalBy(decide, visits.get(context))
    if (refusal === null) return handler(request, context, ...rest)
    const { status, headers, text } = refusal
    return new Response(text, { status, headers })
  }
}
