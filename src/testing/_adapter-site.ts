/**
 * A site as a browser sees it: requests by `fetch`, and cookies taken apart.
 *
 * @module
 */
import { check } from './_assert.ts'

/** A `Set-Cookie` header, taken apart. Names of attributes are in lower case. */
export interface SetCookie {
  readonly name: string
  readonly value: string
  readonly attributes: Readonly<Record<string, string>>
}

/** What a request has beside its path. */
export interface AskOptions {
  readonly method?: string
  /** The `Cookie` header. */
  readonly cookie?: string
  /** The session key, in a cookie of the default name. */
  readonly key?: string
  readonly signal?: AbortSignal
}

/** A response that was read to its end. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly cookies: readonly SetCookie[]
  readonly body: string
}

/** A site that is served. */
export class Site {
  readonly url: string
  /** What went to the application's error handling. */
  readonly errors: readonly unknown[]

  constructor(url: string, errors: readonly unknown[]) {
    this.url = url
    this.errors = errors
  }

  /** Asks for a page. Redirects are not followed. */
  open(path: string = '/', options: AskOptions = {}): Promise<Response> {
    const { method = 'GET', key, cookie = key && `sessionid=${key}`, signal = null } = options
    const headers = cookie === undefined ? undefined : { cookie }
    return fetch(this.url + path, {
      method,
      redirect: 'manual',
      signal,
      ...(headers && { headers }),
    })
  }

  /** The same, and reads what comes. */
  async ask(path?: string, options?: AskOptions): Promise<Reply> {
    const response = await this.open(path, options)
    const { status, headers } = response
    return { status, headers, cookies: cookiesOf(headers), body: await response.text() }
  }

  /** The codes of the errors that went to the application. */
  get errorCodes(): unknown[] {
    return this.errors.map(codeOf)
  }
}

/** The code that an error carries. */
export function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code
}

/** The cookies that a response sets. */
export function cookiesOf(headers: Headers): SetCookie[] {
  return headers.getSetCookie().map((header) => {
    const [first = '', ...rest] = header.split('; ')
    const attributes = rest.map((text) => {
      const { name, value } = splitPair(text)
      return [name.toLowerCase(), value]
    })
    return {
      ...splitPair(first),
      attributes: Object.fromEntries(attributes) as SetCookie['attributes'],
    }
  })
}

function splitPair(text: string): { name: string; value: string } {
  const at = text.indexOf('=')
  return at === -1
    ? { name: text, value: '' }
    : { name: text.slice(0, at), value: text.slice(at + 1) }
}

/** The one cookie that a response sets. */
export function onlyCookie({ cookies }: Reply): SetCookie {
  const [cookie, another] = cookies
  check(cookie !== undefined && another === undefined, `one cookie is set, not ${cookies.length}`)
  return cookie
}
