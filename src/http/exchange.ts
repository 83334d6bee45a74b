/**
 * The contract between this package and a framework: one request and its response.
 *
 * @module
 */

/** One request and its response, as an adapter shows them. */
export interface Exchange {
  readonly method: string
  /** As the socket has it: settings for proxies are applied by this package. */
  readonly scheme: 'http' | 'https'
  /** The `Host` header. */
  readonly host: string
  readonly path: string
  /** A request header, several of one name combined; null where there is none. */
  header(name: string): string | null
  /**
   * The `Cookie` header as it came, where that is found sooner than by `header()`: enough to tell that
   * a request of which nobody uses the session needs nothing. Default: `header('cookie')`.
   */
  readonly sentCookies?: string | null | undefined
  /**
   * A field of the form in the request's body, urlencoded or multipart, the last of several: from a
   * body that was parsed already, else from a copy of its first 2.5 MB. Null where there is none.
   */
  formField(name: string): Promise<string | null>
  /** The status of the response, as far as it is decided. */
  readonly status: number
  /** Whether the response's headers have left, or cannot be changed. */
  readonly headersSent: boolean
  /** A response header. */
  getHeader(name: string): string | null
  setHeader(name: string, value: string): void
  appendHeader(name: string, value: string): void
  /**
   * Called when somebody uses the session, or a part of the request beside it, and perhaps again: from
   * then on the response waits for `commit`. For adapters that have to do something about that.
   */
  onUse?(): void
}

/** How an adapter treats sessions, beyond Django's settings. */
export interface AdapterOptions {
  /** Load the session before the handler runs where its cookie is there. Default false. */
  readonly autoload?: boolean
  /**
   * Move the end of a loaded session, in the store and in the cookie together, once so many seconds
   * of its age have passed. Default: only a save moves it, as in Django.
   */
  readonly rolling?: { readonly everySeconds: number }
  /** Requests that load, save and set cookies only where a handler does: static files. Default none. */
  readonly skip?: (exchange: Exchange) => boolean
  /** Add `Cache-Control: private` to responses that set the session cookie. Default false. */
  readonly privateWhenCookie?: boolean
}
