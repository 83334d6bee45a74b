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
import type { ReadOnlyDjango, RequestSession } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { WebExchange } from './_web-exchange.ts'

/** What a handler gets beside the request. */
export interface FetchContext<
  Dj extends ReadOnlyDjango,
  O extends AdapterOptions = AdapterOptions,
> {
  /** The visitor's session: free until it is loaded or written. */
  readonly session: RequestSession<Dj, O>
}

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
    const context = { session: state.session as RequestSession<Dj, O> }
    exchange.answer(await handler(request, context, ...rest))
    const committing = state.commit()
    if (committing) await committing
    return exchange.response as Response | Extract<Answer, undefined>
  }
}
