/**
 * What the response to a request says of the session that was used: the second half of the
 * middleware. Loaded with the first such response.
 * Mirrors `django.contrib.sessions.middleware.SessionMiddleware.process_response`.
 *
 * @module
 */
import type { Diagnostics } from '../diagnostics.ts'
import { HeadersSentError } from '../errors.ts'
import type { SessionCore } from '../session/session-core.ts'
import type { Settings } from '../settings.ts'
import type { AdapterOptions, Exchange } from './exchange.ts'
import { formatCookie, formatCookieDeletion, patchVary } from './response-headers.ts'
import { platform } from '#platform'

/** A request, as its response sees it. */
interface Answered {
  readonly host: {
    readonly settings: Settings
    readonly readOnly: boolean
    readonly diagnostics: Diagnostics
    readonly now: () => Date
  }
  readonly exchange: Exchange
  readonly options: AdapterOptions
  readonly isSkipped: boolean
  readCookie(): string | null
  close(): void
}

/**
 * What the middleware found: no key and no data; a session to leave as it is, though it may have
 * turned out to be unknown; one that was stored, so that its cookie's end is to move.
 */
type SessionState = 'empty' | 'present' | 'stored'

/**
 * Saves what the handler did to the session, and sets the response's cookie and `Vary`.
 *
 * @returns null where it is done at once.
 */
export function respond(
  request: Answered,
  core: SessionCore,
  isFailure: boolean,
): Promise<void> | null {
  return new SessionResponse(request, core).commit(isFailure)
}

class SessionResponse {
  readonly #request: Answered
  readonly #exchange: Exchange
  readonly #core: SessionCore
  readonly #host: Answered['host']

  constructor(request: Answered, core: SessionCore) {
    this.#request = request
    this.#exchange = request.exchange
    this.#core = core
    this.#host = request.host
  }

  commit(isFailure: boolean): Promise<void> | null {
    const { accessed } = this.#core
    if (!this.#core.isIdle || this.#isToStore(this.#isChanged())) {
      return this.#storeAndAnswer(isFailure)
    }
    this.#answer(accessed, this.#state)
    this.#request.close()
    return null
  }

  get #state(): SessionState {
    return this.#core.isEmpty ? 'empty' : 'present'
  }

  async #storeAndAnswer(isFailure: boolean): Promise<void> {
    try {
      await this.#core.idle()
      const { accessed } = this.#core
      const isChanged = this.#isChanged()
      const state = this.#isToStore(isChanged)
        ? await this.#store(isFailure, isChanged)
        : this.#state
      // What was begun meanwhile may still change the key; what comes after may not.
      while (!this.#core.isIdle) await this.#core.idle()
      this.#request.close()
      this.#answer(accessed, state)
    } finally {
      this.#request.close()
    }
  }

  /** Compares all of the data: asked as seldom as can be. */
  #isChanged(): boolean {
    return !this.#host.readOnly && (this.#core.modified || this.#core.isChanged)
  }

  /** Looks at the session by itself: read `accessed` before. */
  #isToStore(isChanged: boolean): boolean {
    if (this.#host.readOnly) return false
    return isChanged || this.#savesEveryRequest() || this.#isDueToRoll()
  }

  async #store(isFailure: boolean, isChanged: boolean): Promise<SessionState> {
    // Where Django reads first: at a write to a key, but not at clear() or at modified = true.
    const isBlind = this.#core.isClearedUnread
    const readsFirst = this.#core.hasUnreadWrites && !isBlind
    if (readsFirst) await this.#core.load()
    if (this.#core.isEmpty) return 'empty'
    const isWanted = readsFirst ? this.#isChanged() : isChanged
    if (isWanted && !isBlind) await this.#core.load()
    const isGeneral = this.#savesEveryRequest() && (isBlind || (await this.#loadForSave()))
    const isSaved = isWanted || isGeneral
    if (isFailure || !(isSaved || this.#isDueToRoll())) return 'present'
    await (isSaved ? this.#core.save(isGeneral) : this.#core.touch())
    return 'stored'
  }

  #savesEveryRequest(): boolean {
    return this.#host.settings.sessionSaveEveryRequest && !this.#request.isSkipped
  }

  /** Whether the session may be saved though nobody changed it: not on the word of a doubtful row. */
  async #loadForSave(): Promise<boolean> {
    await this.#core.load()
    return !this.#core.isInDoubt
  }

  #isDueToRoll(): boolean {
    const { rolling } = this.#request.options
    if (!rolling || this.#request.isSkipped) return false
    const { expireDate, state } = this.#core.row
    if (state !== 'present' || expireDate === null) return false
    const left = (expireDate.getTime() - this.#host.now().getTime()) / 1000
    return left < this.#core.reader.expiry.age(this.#core.expiry) - rolling.everySeconds
  }

  /** What the response says of the session. */
  #answer(accessed: boolean, state: SessionState): void {
    let varies = accessed
    const isEmpty = state === 'empty' || (this.#core.isEmpty && this.#core.isFlushed)
    if (!this.#host.readOnly && isEmpty && this.#request.readCookie() !== null) {
      varies = this.#deleteCookie() || accessed
    } else if (state === 'stored') {
      this.#refreshCookie()
      varies ||= this.#host.settings.release.variesOnSave
    }
    if (varies) this.#vary()
  }

  /** Answers whether it did: not on the word of a doubtful row. */
  #deleteCookie(): boolean {
    const isDoubtful = this.#core.isInDoubt && !this.#core.isFlushed
    if (this.#exchange.headersSent || isDoubtful) return false
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

  #refreshCookie(): void {
    const { settings, now } = this.#host
    const { row, reader, expiry } = this.#core
    const { key } = row
    if (key === null) return
    if (this.#exchange.headersSent) return this.#checkKnown(key)
    const attributes = {
      maxAge: reader.expiry.atBrowserClose(expiry) ? null : reader.expiry.age(expiry),
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
    if (key !== this.#request.readCookie()) throw new HeadersSentError('The session')
  }

  #setCookie(header: string): void {
    this.#exchange.appendHeader('set-cookie', header)
    if (!this.#request.options.privateWhenCookie) return
    const present = this.#exchange.getHeader('cache-control')
    if (present === null) this.#exchange.setHeader('cache-control', 'private')
  }

  #vary(): void {
    if (this.#exchange.headersSent) return
    this.#exchange.setHeader('vary', patchVary(this.#exchange.getHeader('vary'), 'Cookie'))
  }

  /** The cookie is sent all the same, but a browser on a plain connection drops it. */
  #warnOfPlainTransport(): void {
    const { scheme, host } = this.#exchange
    const isProxied = /^https\b/i.test(this.#exchange.header('x-forwarded-proto') ?? '')
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
