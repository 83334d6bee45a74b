/**
 * What happens to the session of a request: the one algorithm behind every adapter.
 * Mirrors `django.contrib.sessions.middleware.SessionMiddleware`.
 *
 * @module
 */
import type { Diagnostics } from '../diagnostics.ts'
import { HeadersSentError } from '../errors.ts'
import { Deadline } from '../session/deadline.ts'
import { Late } from '../session/late.ts'
import type { LazyReadOnlySession, LazySession } from '../session/lazy-session.ts'
import { coreOf, type Session } from '../session/session.ts'
import type { SessionOrigin } from '../session/session-core.ts'
import { isSessionKey } from '../session/session-key.ts'
import type { Settings } from '../settings.ts'
import { readCookie } from './cookies.ts'
import type { AdapterOptions, Exchange } from './exchange.ts'
import type { Part, PartsOrigin, Visit, VisitPart } from './part.ts'

/** What the middleware needs of a `django`. */
export interface MiddlewareHost<D extends object> {
  readonly settings: Settings
  readonly sessions: { open(origin: SessionOrigin): LazySession<D> | LazyReadOnlySession<D> }
  readonly readOnly: boolean
  readonly diagnostics: Diagnostics
  readonly storeTimeoutMs: number
  readonly now: () => Date
  /** In the order in which responses pass them: the last to be asked, as in Django, is the session. */
  readonly parts: readonly Part[]
}

const noParts: readonly VisitPart[] = []

/** What answers a request that used its session: loaded with the first such answer. */
const lateResponse = new Late(async () => (await import('./session-response.ts')).respond)

/** One request's session, from `begin` to `commit`. */
export class SessionExchange<D extends object> implements Visit, SessionOrigin, PartsOrigin {
  readonly host: MiddlewareHost<D>
  readonly exchange: Exchange
  readonly options: AdapterOptions
  readonly isSkipped: boolean
  readonly #parts: readonly VisitPart[]
  #isChecked = false
  #deadline: Deadline | null = null
  #session: LazySession<D> | null = null
  /** Somebody did something with the session, if only to look at its key. */
  #isUsed = false
  /** The `Cookie` header that was read last; undefined until one is. */
  #cookies: string | null | undefined
  /** What it says. */
  #cookie: string | null = null
  /** From here on, no cookie can be set. */
  #isClosed = false

  constructor(host: MiddlewareHost<D>, exchange: Exchange, options: AdapterOptions) {
    this.host = host
    this.exchange = exchange
    this.options = options
    this.isSkipped = options.skip?.(exchange) ?? false
    this.#parts = host.parts.length === 0 ? noParts : host.parts.map((part) => part.begin(this))
  }

  /** The session: free until it is loaded or written. */
  get session(): LazySession<D> {
    return (this.#session ??= this.host.sessions.open(this) as LazySession<D>)
  }

  /** For the session, at its first use. */
  takeKey(): string | null {
    this.#isUsed = true
    this.exchange.onUse?.()
    return this.readCookie()
  }

  /** For the functions of a part, which are called with the session. */
  takeParts(): readonly VisitPart[] {
    this.exchange.onUse?.()
    return this.#parts
  }

  /** All store calls of a request share one; what comes after its response has its own. */
  deadline(): Deadline {
    if (this.#isClosed) return new Deadline(this.host.storeTimeoutMs)
    return (this.#deadline ??= new Deadline(this.host.storeTimeoutMs))
  }

  /**
   * Whether `commit` acts though nobody uses the session: it saves every request, or deletes a
   * cookie that is no key at all.
   */
  get isDue(): boolean {
    if (this.host.readOnly || this.isSkipped) return false
    if (this.host.settings.sessionSaveEveryRequest) return true
    if (this.#parts.some((part) => part.isDue)) return true
    const { sentCookies = this.exchange.header('cookie') } = this.exchange
    const cookie = this.#cookieIn(sentCookies)
    return cookie !== null && !isSessionKey(cookie)
  }

  /**
   * What a handler waits for: the checks of the request, once, and its session where `autoload` says
   * so. Null for nothing. A request that is refused rejects it. @param options - Of a later adapter.
   */
  autoload(options: AdapterOptions = this.options): Promise<Session<D> | null> | null {
    const checking = this.#check()
    if (!options.autoload || this.isSkipped) return checking
    return checking ? checking.then(() => this.#load()) : this.#load()
  }

  #check(): Promise<null> | null {
    if (this.#isChecked || this.#parts.length === 0) return null
    this.#isChecked = true
    const checks = this.#parts.map((part) => part.check()).filter((check) => check !== null)
    return checks.length > 0 ? Promise.all(checks).then(() => null) : null
  }

  /** A response depends on the session once the handler looks at it, and not before. */
  async #load(): Promise<Session<D>> {
    const core = coreOf(this.session)
    const { accessed } = core
    const session = await this.session.load()
    core.accessed = accessed
    return session
  }

  /**
   * Saves what the handler did to the session, and sets the response's cookie and `Vary`. Call it
   * before the first byte leaves, and send nothing that the handler wrote if it fails.
   *
   * @returns null where it is done at once, as it mostly is where there is nothing to store.
   */
  commit(): Promise<void> | null {
    // Read at once: handlers may assign another that is never sent.
    const isFailure = this.exchange.status >= 500
    const committing = this.#commitParts()
    if (!committing) return this.#commitSession(isFailure)
    return committing.then(
      () => this.#commitSession(isFailure) ?? undefined,
      (error: unknown) => {
        this.close()
        throw error
      },
    )
  }

  /** One after the other, and before the session, which they may write to. */
  #commitParts(first = 0): Promise<void> | null {
    for (let at = first; at < this.#parts.length; at++) {
      const committing = this.#parts[at]?.commit()
      if (committing) return committing.then(() => this.#commitParts(at + 1) ?? undefined)
    }
    return null
  }

  #commitSession(isFailure: boolean): Promise<void> | null {
    if (!this.#isUsed && !this.isDue) {
      this.close()
      return null
    }
    const respond = lateResponse.value
    if (respond) return respond(this, coreOf(this.session), isFailure)
    return lateResponse.load().then(() => this.#commitSession(isFailure) ?? undefined)
  }

  /** From here on, no cookie can be set. */
  close(): void {
    this.#isClosed = true
  }

  /** Whether a login gave the session another key since somebody asked. */
  takeKeyRotation(): boolean {
    if (!this.#isUsed) return false
    const core = coreOf(this.session)
    const { keyRotated } = core
    core.keyRotated = false
    return keyRotated
  }

  /** The session's key, as the request brings it. */
  readCookie(): string | null {
    return this.#cookieIn(this.exchange.header('cookie'))
  }

  #cookieIn(header: string | null): string | null {
    if (header === this.#cookies) return this.#cookie
    const name = this.host.settings.sessionCookieName
    const reading = readCookie(header, name)
    this.#cookies = header
    this.#cookie = reading?.value ?? null
    if (reading && reading.count > 1) {
      const { count } = reading
      this.host.diagnostics.publish('cookie.duplicate', () => ({ name, count }))
    }
    return this.#cookie
  }

  /** For the session, before a write that needs a cookie. @throws HeadersSentError */
  checkCookie(operation: string): void {
    if (this.#isClosed || this.exchange.headersSent) throw new HeadersSentError(operation)
  }
}
