/**
 * A request and its response that no framework stands behind.
 *
 * @module
 */
import type { Exchange } from 'async-django'

/** A request with a cookie, and the headers of its response. */
export class FakeExchange implements Exchange {
  readonly method = 'GET'
  readonly scheme = 'https'
  readonly host = 'testserver'
  readonly path = '/'
  readonly headersSent = false
  readonly status: number
  readonly #cookie: string | null
  readonly #headers = new Map<string, string>()

  constructor(cookie: string | null, status: number) {
    this.#cookie = cookie
    this.status = status
  }

  header(name: string): string | null {
    return name === 'cookie' ? this.#cookie : null
  }

  getHeader(name: string): string | null {
    return this.#headers.get(name) ?? null
  }

  setHeader(name: string, value: string): void {
    this.#headers.set(name, value)
  }

  appendHeader(name: string, value: string): void {
    const before = this.#headers.get(name)
    this.#headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
}
