/**
 * As much of a browser as a check needs: cookies, forms and redirects, over HTTP.
 *
 * @module
 */
import { CookieJar } from 'tough-cookie'

/** A response, read. */
export interface Page {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** How to send a request. */
export interface Sending {
  readonly fields?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

const mostRedirects = 5
const requestTimeoutMs = 15_000

/** One visitor. */
export class Browser {
  readonly #jar = new CookieJar()
  readonly #signal: AbortSignal

  /** @param signal - Ends every request. */
  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** One request, without following where the response leads. A POST where there are fields. */
  async send(url: string, { fields, headers }: Sending = {}): Promise<Page> {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(requestTimeoutMs)]),
      headers: { cookie: await this.#jar.getCookieString(url), ...headers },
      ...(fields && { method: 'POST', body: new URLSearchParams(fields) }),
    })
    for (const cookie of response.headers.getSetCookie()) await this.#jar.setCookie(cookie, url)
    const body = await response.text()
    return { url, status: response.status, headers: response.headers, body }
  }

  /** Goes to a page, wherever that leads. */
  async open(url: string): Promise<Page> {
    let page = await this.send(url)
    for (let at = 0; at < mostRedirects; at++) {
      const target = page.headers.get('location')
      if (target === null) return page
      page = await this.send(new URL(target, page.url).href)
    }
    throw new Error(`${url} leads in a circle.`)
  }

  /**
   * Fills in a form of a page and sends it, with the hidden fields that the page gave it.
   *
   * @returns The answer to the POST; it is not followed.
   * @throws Error where the page has no such form.
   */
  async submit(page: Page, action: string, fields: Sending['fields'] = {}): Promise<Page> {
    const hidden = hiddenFields(page.body, action)
    const { origin, href } = new URL(page.url)
    return this.send(action === '' ? href : new URL(action, href).href, {
      fields: { ...hidden, ...fields },
      headers: { origin, referer: href },
    })
  }

  /** The value of a cookie; null without one. */
  async cookie(url: string, name: string): Promise<string | null> {
    const cookies = await this.#jar.getCookies(url)
    return cookies.find(({ key }) => key === name)?.value ?? null
  }
}

/**
 * Hidden fields of the first form with this action, as a browser would send them.
 *
 * @throws Error where the page has no such form.
 */
export function hiddenFields(body: string, action: string): Record<string, string> {
  const forms = body.matchAll(/<form\b([^>]*)>([^]*?)<\/form>/g)
  for (const [, start = '', content = ''] of forms) {
    if ((attribute(start, 'action') ?? '') === action) return hiddenInputs(content)
  }
  throw new Error(`The page has no form for "${action}".`)
}

function hiddenInputs(content: string): Record<string, string> {
  const inputs = [...content.matchAll(/<input\b([^>]*)>/g)].map(([, attributes = '']) => attributes)
  const hidden = inputs.filter((attributes) => attribute(attributes, 'type') === 'hidden')
  return Object.fromEntries(
    hidden.map((each) => [attribute(each, 'name') ?? '', attribute(each, 'value') ?? '']),
  )
}

function attribute(attributes: string, name: string): string | null {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? null
}
