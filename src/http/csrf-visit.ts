/**
 * The protection of one request: its secret, its check, and what its response says of the secret.
 * Mirrors `django.middleware.csrf.CsrfViewMiddleware`.
 *
 * @module
 */
import { CsrfError, HeadersSentError, invalidArgument } from '../errors.ts'
import { coreOf } from '../session/session.ts'
import { readCookie } from './cookies.ts'
import { formatCookie, patchVary } from './response-headers.ts'
import type { RequestSources } from './csrf-sources.ts'
import {
  isTokenFor,
  makeSecret,
  maskSecret,
  secretOf,
  tokenProblem,
  type TokenProblem,
} from './csrf-tokens.ts'
import type { Exchange } from './exchange.ts'
import { headerNamed, warnOfUndeclaredProxy } from './hosts.ts'
import type { PartHost, Visit, VisitPart } from './part.ts'

/** How requests are protected, beyond Django's settings. */
export interface CsrfOptions {
  /**
   * Requests that are not checked, as views with `csrf_exempt`: those that come with a signature or a
   * token of their own. A handler can still check one, by `csrfProtect`. Default none.
   */
  readonly exempt?: (exchange: Exchange) => boolean
  /**
   * Called with every refusal. What it throws is thrown in the error's place, such as an answer of
   * the framework. Django: `CSRF_FAILURE_VIEW`. Default: the `CsrfError` is thrown.
   */
  readonly failure?: (error: CsrfError, exchange: Exchange) => void
}

/** What all requests share. */
export interface CsrfRules extends PartHost, CsrfOptions {
  readonly sources: RequestSources
}

/** What a request brings: a secret without its mask, or nothing, or what is none. */
interface StoredSecret {
  readonly secret: string | null
  readonly problem: TokenProblem | null
}

/** What a request says to know the secret, and where it says so. */
interface SentToken {
  readonly token: string
  readonly source: string
}

const sessionKey = '_csrftoken'
const fieldName = 'csrfmiddlewaretoken'
const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE']

/** The protection of one request. */
export class CsrfVisit implements VisitPart {
  readonly name = 'csrf'
  readonly #rules: CsrfRules
  readonly #visit: Visit
  #cookie: StoredSecret | null = null
  /** The secret from here on; null until somebody needs it. */
  #secret: string | null = null
  #needsUpdate = false
  #protecting: Promise<void> | null = null

  constructor(rules: CsrfRules, visit: Visit) {
    this.#rules = rules
    this.#visit = visit
  }

  /** A cookie that holds no secret is replaced, though nobody asks for a token. */
  get isDue(): boolean {
    if (this.#rules.readOnly) return false
    if (this.#needsUpdate) return true
    if (this.#rules.settings.csrfUseSessions || this.#visit.isSkipped) return false
    return this.#readCookie().problem !== null
  }

  check(): Promise<void> | null {
    const { djangoExact, exempt, settings } = this.#rules
    const { exchange } = this.#visit
    if (!isSafe(exchange) && !exempt?.(exchange)) return this.protect()
    // Django reads the session of every request; here only of those that need the secret.
    return djangoExact && settings.csrfUseSessions ? coreOf(this.#visit.session).load() : null
  }

  /** Checks the request, once. @throws CsrfError */
  protect(): Promise<void> {
    if (isSafe(this.#visit.exchange)) return Promise.resolve()
    this.#protecting ??= this.#protect()
    return this.#protecting
  }

  async #protect(): Promise<void> {
    const { diagnostics, settings, sources } = this.#rules
    const { exchange } = this.#visit
    warnOfUndeclaredProxy(exchange, settings, diagnostics)
    try {
      sources.check(exchange)
      const secret = checkedSecret(await this.#readStored())
      checkToken(await this.#readToken(), secret)
    } catch (error) {
      if (error instanceof CsrfError) this.#report(error)
      throw error
    }
  }

  #report(error: CsrfError): void {
    const { diagnostics, failure } = this.#rules
    const { exchange } = this.#visit
    const { reason, message } = error
    diagnostics.publish('csrf.rejected', () => ({ reason, message, path: exchange.path }))
    failure?.(error, exchange)
  }

  /** A token for a form. Has the response keep the secret. */
  async getToken(): Promise<string> {
    this.#followLogin()
    const stored = await this.#readStored()
    this.#secret ??= stored.secret ?? this.#makeSecret()
    this.#needsUpdate = true
    return maskSecret(this.#secret)
  }

  /** Replaces the secret. */
  rotate(): void {
    this.#secret = this.#makeSecret()
    this.#needsUpdate = true
  }

  commit(): Promise<void> | null {
    if (this.#rules.readOnly) return null
    this.#followLogin()
    if (!this.isDue) return null
    this.#secret ??= makeSecret()
    this.#needsUpdate = false
    if (this.#rules.settings.csrfUseSessions) return this.#storeInSession(this.#secret)
    if (!this.#visit.exchange.headersSent) return this.#setCookie(this.#secret)
    if (this.#secret === this.#readCookie().secret) return null
    return Promise.reject(new HeadersSentError('The CSRF token'))
  }

  /** A token that was known before a login is worth nothing after it. */
  #followLogin(): void {
    if (this.#visit.takeKeyRotation()) this.rotate()
  }

  #makeSecret(): string {
    if (!this.#rules.readOnly) return makeSecret()
    throw invalidArgument(
      'With readOnly there is a CSRF token only for visitors who have a secret already: none is set.',
    )
  }

  async #readStored(): Promise<StoredSecret> {
    if (!this.#rules.settings.csrfUseSessions) return this.#readCookie()
    const stored: unknown = await this.#readSession()
    const isSecret = typeof stored === 'string' && tokenProblem(stored) === null
    return { secret: isSecret ? secretOf(stored) : null, problem: null }
  }

  async #readSession(): Promise<unknown> {
    const core = coreOf(this.#visit.session)
    await core.load()
    return core.draft.get(sessionKey)
  }

  #readCookie(): StoredSecret {
    this.#cookie ??= this.#parseCookie()
    return this.#cookie
  }

  #parseCookie(): StoredSecret {
    const { diagnostics, settings } = this.#rules
    const name = settings.csrfCookieName
    const reading = readCookie(this.#visit.exchange.header('cookie'), name)
    if (!reading) return { secret: null, problem: null }
    const { value, count } = reading
    if (count > 1) diagnostics.publish('cookie.duplicate', () => ({ name, count }))
    const problem = tokenProblem(value)
    return { secret: problem === null ? secretOf(value) : null, problem }
  }

  /** Null where there is no token. As in Django, only the form of a POST counts, and before the header. */
  async #readToken(): Promise<SentToken | null> {
    const { exchange } = this.#visit
    const field = exchange.method === 'POST' ? await exchange.formField(fieldName) : null
    if (field) return { token: field, source: 'POST' }
    const header = headerNamed(this.#rules.settings.csrfHeaderName)
    const token = exchange.header(header)
    return token === null ? null : { token, source: `the '${titled(header)}' HTTP header` }
  }

  async #storeInSession(secret: string): Promise<void> {
    if ((await this.#readSession()) === secret) return
    coreOf(this.#visit.session).set(sessionKey, secret)
  }

  #setCookie(secret: string): null {
    const { now, settings } = this.#rules
    const { exchange } = this.#visit
    const attributes = {
      maxAge: settings.csrfCookieAge,
      domain: settings.csrfCookieDomain,
      path: settings.csrfCookiePath,
      secure: settings.csrfCookieSecure,
      httpOnly: settings.csrfCookieHttponly,
      sameSite: settings.csrfCookieSamesite,
    }
    exchange.appendHeader(
      'set-cookie',
      formatCookie(settings.csrfCookieName, secret, attributes, now()),
    )
    exchange.setHeader('vary', patchVary(exchange.getHeader('vary'), 'Cookie'))
    return null
  }
}

function isSafe({ method }: Exchange): boolean {
  return safeMethods.includes(method)
}

/** @throws CsrfError where a request brings no secret. */
function checkedSecret({ secret, problem }: StoredSecret): string {
  if (problem !== null) throw new CsrfError('badCookie', `CSRF cookie ${problem}.`)
  if (secret === null) throw new CsrfError('noCookie', 'CSRF cookie not set.')
  return secret
}

/** @throws CsrfError where a token is not for the secret. */
function checkToken(sent: SentToken | null, secret: string): void {
  if (sent === null) throw new CsrfError('tokenMissing', 'CSRF token missing.')
  const problem = tokenProblem(sent.token)
  if (problem !== null) {
    throw new CsrfError('badToken', `CSRF token from ${sent.source} ${problem}.`)
  }
  if (isTokenFor(sent.token, secret)) return
  throw new CsrfError('tokenIncorrect', `CSRF token from ${sent.source} incorrect.`)
}

/** A header's name as Python's `str.title` writes it. */
function titled(header: string): string {
  return header.replaceAll(/[a-z]+/g, (word) => word.charAt(0).toUpperCase() + word.slice(1))
}
