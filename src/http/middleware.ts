/**
 * What happens to the session of a request: the one algorithm behind every adapter.
 * Mirrors `django.contrib.sessions.middleware.SessionMiddleware`.
 *
 * @module
 */
import type { Diagnostics } from '../diagnostics.ts'
import { HeadersSentError } from '../errors.ts'
import { Deadline } from '../session/deadline.ts'
import type { LazyReadOnlySession, LazySession } from '../session/lazy-session.ts'
import { coreOf, type Session } from '../session/session.ts'
import type { SessionCore, SessionOrigin } from '../session/session-core.ts'
import { isSessionKey } from '../session/session-key.ts'
import type { Settings } from '../settings.ts'
import { formatCookie, formatCookieDeletion, patchVary, readCookie } from './cookies.ts'
import type { AdapterOptions, Exchange } from './exchange.ts'
import type { Part, PartsOrigin, Visit, VisitPart } from './part.ts'
import { platform } from '#platform'

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

/**
 * What the middleware found: no key and no data; a session to leave as it is, though it may have
 * turned out to be unknown; one that was stored, so that its cookie's end is to move.
 */
type SessionState = 'empty' | 'present' | 'stored'

const noParts: readonly VisitPart[] = []

function stateOf(core: SessionCore): SessionState {
  return core.isEmpty ? 'empty' : 'present'
}

/** One request's session, from `begin` to `commit`. */
export class SessionExchange<D extends object> implements Visit, SessionOrigin, PartsOrigin {
  readonly exchange: Exchange
  readonly isSkipped: boolean
  readonly #host: MiddlewareHost<D>
  readonly #options: AdapterOptions
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
    this.#host = host
    this.exchange = exchange
    this.#options = options
    this.isSkipped = options.skip?.(exchange) ?? false
    this.#parts = host.parts.length === 0 ? noParts : host.parts.map((part) => part.begin(this))
  }

  /** The session: free until it is loaded or written. */
  get session(): LazySession<D> {
    return (this.#session ??= this.#host.sessions.open(this) as LazySession<D>)
  }

  /** For the session, at its first use. */
  takeKey(): string | null {
    this.#isUsed = true
    this.exchange.onUse?.()
    return this.#readCookie()
  }

  /** For the functions of a part, which are called with the session. */
  takeParts(): readonly VisitPart[] {
    this.exchange.onUse?.()
    return this.#parts
  }

  /** All store calls of a request share one; what comes after its response has its own. */
  deadline(): Deadline {
    if (this.#isClosed) return new Deadline(this.#host.storeTimeoutMs)
    return (this.#deadline ??= new Deadline(this.#host.storeTimeoutMs))
  }

  /**
   * Whether `commit` acts though nobody uses the session: it saves every request, or deletes a
   * cookie that is no key at all.
   */
  get isDue(): boolean {
    if (this.#host.readOnly || this.isSkipped) return false
    if (this.#host.settings.sessionSaveEveryRequest) return true
    if (this.#parts.some((part) => part.isDue)) return true
    const { sentCookies = this.exchange.header('cookie') } = this.exchange
    const cookie = this.#cookieIn(sentCookies)
    return cookie !== null && !isSessionKey(cookie)
  }

  /**
   * What a handler waits for: the checks of the request, once, and its session where `autoload` says
   * so. Null for nothing. A request that is refused rejects it. @param options - Of a later adapter.
   */
  autoload(options: AdapterOptions = this.#options): Promise<Session<D> | null> | null {
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
   * @returns null where it is done at once: always, where there is nothing to store.
   */
  commit(): Promise<void> | null {
    // Read at once: handlers may assign another that is never sent.
    const isFailure = this.exchange.status >= 500
    const committing = this.#commitParts()
    if (!committing) return this.#commitSession(isFailure)
    return committing.then(
      () => this.#commitSession(isFailure) ?? undefined,
      (error: unknown) => {
        this.#isClosed = true
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
    if (this.#isUsed || this.isDue) {
      const core = coreOf(this.session)
      const { accessed } = core
      if (!core.isIdle || this.#isToStore(core, this.#isChanged(core))) {
        return this.#storeAndAnswer(core, isFailure)
      }
      this.#answer(core, accessed, stateOf(core))
    }
    this.#isClosed = true
    return null
  }

  /** Whether a login gave the session another key since somebody asked. */
  takeKeyRotation(): boolean {
    if (!this.#isUsed) return false
    const core = coreOf(this.session)
    const { keyRotated } = core
    core.keyRotated = false
    return keyRotated
  }

  #readCookie(): string | null {
    return this.#cookieIn(this.exchange.header('cookie'))
  }

  #cookieIn(header: string | null): string | null {
    if (header === this.#cookies) return this.#cookie
    const name = this.#host.settings.sessionCookieName
    const reading = readCookie(header, name)
    this.#cookies = header
    this.#cookie = reading?.value ?? null
    if (reading && reading.count > 1) {
      const { count } = reading
      this.#host.diagnostics.publish('cookie.duplicate', () => ({ name, count }))
    }
    return this.#cookie
  }

  /** For the session, before a write that needs a cookie. @throws HeadersSentError */
  checkCookie(operation: string): void {
    if (this.#isClosed || this.exchange.headersSent) throw new HeadersSentError(operation)
  }

  async #storeAndAnswer(core: SessionCore, isFailure: boolean): Promise<void> {
    try {
      await core.idle()
      const { accessed } = core
      const isChanged = this.#isChanged(core)
      const state = this.#isToStore(core, isChanged)
        ? await this.#store(core, isFailure, isChanged)
        : stateOf(core)
      // What was begun meanwhile may still change the key; what comes after may not.
      while (!core.isIdle) await core.idle()
      this.#isClosed = true
      this.#answer(core, accessed, state)
    } finally {
      this.#isClosed = true
    }
  }

  /** Compares all of the data: asked as seldom as can be. */
  #isChanged(core: SessionCore): boolean {
    return !this.#host.readOnly && (core.modified || core.isChanged)
  }

  /** Looks at the session by itself: read `accessed` before. */
  #isToStore(core: SessionCore, isChanged: boolean): boolean {
    if (this.#host.readOnly) return false
    return isChanged || this.#savesEveryRequest() || this.#isDueToRoll(core)
  }

  async #store(core: SessionCore, isFailure: boolean, isChanged: boolean): Promise<SessionState> {
    // Where Django reads first: at a write to a key, but not at clear() or at modified = true.
    const isBlind = core.isClearedUnread
    const readsFirst = core.hasUnreadWrites && !isBlind
    if (readsFirst) await core.load()
    if (core.isEmpty) return 'empty'
    const isWanted = readsFirst ? this.#isChanged(core) : isChanged
    if (isWanted && !isBlind) await core.load()
    const isGeneral = this.#savesEveryRequest() && (isBlind || (await this.#loadForSave(core)))
    const isSaved = isWanted || isGeneral
    if (isFailure || !(isSaved || this.#isDueToRoll(core))) return 'present'
    await (isSaved ? core.save(isGeneral) : core.touch())
    return 'stored'
  }

  #savesEveryRequest(): boolean {
    return this.#host.settings.sessionSaveEveryRequest && !this.isSkipped
  }

  /** Whether the session may be saved though nobody changed it: not on the word of a doubtful row. */
  async #loadForSave(core: SessionCore): Promise<boolean> {
    await core.load()
    return !core.isInDoubt
  }

  #isDueToRoll(core: SessionCore): boolean {
    const { rolling } = this.#options
    if (!rolling || this.isSkipped) return false
    const { expireDate, state } = core.row
    if (state !== 'present' || expireDate === null) return false
    const left = (expireDate.getTime() - this.#host.now().getTime()) / 1000
    return left < core.host.expiry.age(core.expiry) - rolling.everySeconds
  }

  /** What the response says of the session. */
  #answer(core: SessionCore, accessed: boolean, state: SessionState): void {
    let varies = accessed
    const isEmpty = state === 'empty' || (core.isEmpty && core.isFlushed)
    if (!this.#host.readOnly && isEmpty && this.#readCookie() !== null) {
      varies = this.#deleteCookie(core) || accessed
    } else if (state === 'stored') {
      this.#refreshCookie(core)
      varies ||= this.#host.settings.release.variesOnSave
    }
    if (varies) this.#vary()
  }

  /** Answers whether it did: not on the word of a doubtful row. */
  #deleteCookie(core: SessionCore): boolean {
    if (this.exchange.headersSent || (core.isInDoubt && !core.isFlushed)) return false
    const { settings } = this.#host
    this.#setCookie(
      formatCookieDeletion(settings.sessionCookieName, {
        domain: settings.sessionCookieDomain,
        path: settings.sessionCookiePath,
        sameSite: settings.sessionCookieSamesite,
      }),
    )
    return true
  }

  #refreshCookie(core: SessionCore): void {
    const { settings, now } = this.#host
    const { expiry } = core.host
    const { key } = core.row
    if (key === null) return
    if (this.exchange.headersSent) return this.#checkKnown(key)
    const attributes = {
      maxAge: expiry.atBrowserClose(core.expiry) ? null : expiry.age(core.expiry),
      domain: settings.sessionCookieDomain,
      path: settings.sessionCookiePath,
      secure: settings.sessionCookieSecure,
      httpOnly: settings.sessionCookieHttponly,
      sameSite: settings.sessionCookieSamesite,
    }
    this.#setCookie(formatCookie(settings.sessionCookieName, key, attributes, now()))
    if (settings.sessionCookieSecure) this.#warnOfPlainTransport()
  }

  /** A browser that has the key does without the cookie; another would lose the session. */
  #checkKnown(key: string): void {
    if (key !== this.#readCookie()) throw new HeadersSentError('The session')
  }

  #setCookie(header: string): void {
    this.exchange.appendHeader('set-cookie', header)
    if (!this.#options.privateWhenCookie) return
    const present = this.exchange.getHeader('cache-control')
    if (present === null) this.exchange.setHeader('cache-control', 'private')
  }

  #vary(): void {
    if (this.exchange.headersSent) return
    this.exchange.setHeader('vary', patchVary(this.exchange.getHeader('vary'), 'Cookie'))
  }

  /** The cookie is sent all the same, but a browser on a plain connection drops it. */
  #warnOfPlainTransport(): void {
    const { scheme, host } = this.exchange
    const isProxied = /^https\b/i.test(this.exchange.header('x-forwarded-proto') ?? '')
    const isLocal = /^(?:localhost|127\.|\[::1\])/.test(host)
    if (scheme === 'https' || isProxied || isLocal) return
    const name = this.#host.settings.sessionCookieName
    this.#host.diagnostics.publish('cookie.insecureTransport', () => ({ name, host }))
    platform.warn(
      'cookie.insecureTransport',
      `sessionCookieSecure is true, and a request came over plain HTTP: browsers drop the cookie ` +
        `"${name}" there. Serve HTTPS, or have the proxy send X-Forwarded-Proto.`,
    )
  }
}
