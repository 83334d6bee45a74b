/**
 * Protection from requests that other sites make in a visitor's name. A form that either side made is
 * accepted by the other. Mirrors `django.middleware.csrf`; where Django takes the request, here it is
 * the request's session.
 *
 * ```ts
 * const django = createDjango({ …, csrf: csrf() })
 * // in a handler
 * const token = await getCsrfToken(session)
 * // in its page
 * `<input type="hidden" name="csrfmiddlewaretoken" value="${token}">`
 * ```
 *
 * @module
 */
import { checkCookie } from '../settings.ts'
import { RequestSources } from './csrf-sources.ts'
import { type CsrfOptions, CsrfVisit } from './csrf-visit.ts'
import { checkHeaderName, checkHostSettings } from './hosts.ts'
import {
  type PartFactory,
  partOf,
  type RequestedReadOnlySession,
  type RequestedSession,
} from './part.ts'

export type { CsrfOptions, RequestedReadOnlySession, RequestedSession }

/**
 * Has every request checked that may change something, before its handler runs: with any method but
 * GET, HEAD, OPTIONS and TRACE. A request that is refused rejects with a `CsrfError`, which goes to
 * the framework's error handling.
 *
 * @returns For `createDjango`, which throws ImproperlyConfiguredError for settings that cannot work:
 *   `allowedHosts` that are empty in production, say.
 * @example
 * ```ts
 * const django = createDjango({
 *   settings: { secretKey, allowedHosts: ['.example.com'] },
 *   store: kyselyStore(db),
 *   csrf: csrf({ exempt: ({ path }) => path.startsWith('/webhooks/') }),
 * })
 * ```
 */
export function csrf(options: CsrfOptions = {}): PartFactory {
  return (host) => {
    const { settings } = host
    checkHostSettings(settings)
    checkHeaderName('csrfHeaderName', settings.csrfHeaderName)
    checkCookie(settings, 'csrfCookie', host.djangoExact)
    const rules = { ...host, ...options, sources: new RequestSources(settings) }
    return { begin: (visit) => new CsrfVisit(rules, visit) }
  }
}

/**
 * The token for a form's field `csrfmiddlewaretoken`, or for the header `X-CSRFToken`: another one at
 * each call, all good as long as the visitor's secret is. Has the response set the cookie, or the
 * session saved, that keeps the secret. Mirrors `django.middleware.csrf.get_token`.
 *
 * @param session - Of the request, loaded or not.
 * @throws TypeError with `readOnly`, for a visitor who has no secret.
 */
export function getCsrfToken(
  session: RequestedSession | RequestedReadOnlySession,
): Promise<string> {
  return visitOf(session).getToken()
}

/**
 * Gives the visitor a new secret: tokens that were made before are no longer good. A login does so by
 * itself. Mirrors `django.middleware.csrf.rotate_token`.
 */
export function rotateCsrfToken(session: RequestedSession): void {
  visitOf(session).rotate()
}

/**
 * Has the response set the cookie though no form is in it, for a page whose scripts read it. Mirrors
 * `django.views.decorators.csrf.ensure_csrf_cookie`.
 */
export async function ensureCsrfCookie(session: RequestedSession): Promise<void> {
  await getCsrfToken(session)
}

/**
 * Checks a request that was exempt. Mirrors `django.views.decorators.csrf.csrf_protect`.
 *
 * @throws CsrfError
 */
export function csrfProtect(session: RequestedSession | RequestedReadOnlySession): Promise<void> {
  return visitOf(session).protect()
}

function visitOf(session: object): CsrfVisit {
  return partOf(session, 'csrf') as CsrfVisit
}
