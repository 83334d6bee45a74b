/**
 * What becomes of requests at a guard of `async-django/auth`, for every adapter. Nothing of users is
 * loaded here: a guard brings it.
 *
 * @module
 */
import type { Guard } from '../auth/guards.ts'
import type { LazyReadOnlyUser } from '../auth/lazy-user.ts'
import type { ReadOnlyDjango } from '../django.ts'
import { ImproperlyConfiguredError } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { getHost, isSecure } from '../http/hosts.ts'

/** A request as the client wrote it. */
export interface TargetExchange extends Exchange {
  /** The path and its query. */
  readonly target: string
}

/** A request whose visitor is known. */
export interface GuardedVisit {
  readonly django: ReadOnlyDjango
  readonly exchange: TargetExchange
  readonly user: LazyReadOnlyUser
}

/** How a request is answered that may not go on. */
export interface Refusal {
  readonly status: 302 | 401 | 403
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** A session's user, found out at the first `load()`: until then no cookie is parsed. */
export function lazyUser(django: ReadOnlyDjango, session: object): LazyReadOnlyUser {
  const { users } = django
  type AnySession = Parameters<typeof users.fromSession>[0]
  return {
    load: () =>
      users.fromSession(session as AnySession).load() as ReturnType<LazyReadOnlyUser['load']>,
  }
}

/**
 * Asks a guard about a request. Null for one that may go on.
 *
 * @throws ImproperlyConfiguredError where the request did not pass an adapter, or one without users;
 *   DisallowedHostError where the visitor would be sent to the login page from a host that is none of
 *   `allowedHosts`; what `load()` of a user throws.
 */
export async function refusalBy(
  guard: Guard,
  visit: GuardedVisit | null | undefined,
): Promise<Refusal | null> {
  if (!visit) {
    throw new ImproperlyConfiguredError(
      'users',
      'are unknown to this guard: a django with a user store must come before it.',
    )
  }
  const verdict = await guard(await visit.user.load(), () => addressOf(visit))
  if (verdict.outcome === 'pass') return null
  if (verdict.outcome === 'redirect') {
    return { status: 302, headers: { location: verdict.location }, text: '' }
  }
  return { status: verdict.status, headers: plain, text: reasons[verdict.status] }
}

const plain = { 'content-type': 'text/plain; charset=utf-8' }
const reasons = { 401: 'Unauthorized', 403: 'Forbidden' } as const

/** What the visitor's browser asked for. Mirrors `HttpRequest.build_absolute_uri`. */
function addressOf({ django: { settings }, exchange }: GuardedVisit): string {
  const scheme = isSecure(exchange, settings) ? 'https' : 'http'
  return `${scheme}://${getHost(exchange, settings)}${exchange.target}`
}
