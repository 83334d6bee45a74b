/**
 * A request and its response that no framework stands behind.
 *
 * @module
 */
import type { Exchange } from 'async-django'

/** What a request has; and the status of its response. */
export interface FakeRequest {
  readonly method?: string
  readonly scheme?: 'http' | 'https'
  readonly host?: string
  readonly path?: string
  /** By names in lower case. */
  readonly headers?: Readonly<Record<string, string | null>>
  /** The fields of the form in its body. */
  readonly fields?: Readonly<Record<string, string | null>>
  readonly status?: number
}

/** A request, and the headers of its response. */
export class FakeExchange implements Exchange {
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly path: string
  /** Set it where the response has begun. */
  headersSent: boolean = false
  readonly status: number
  readonly #request: FakeRequest
  readonly #headers = new Map<string, string>()

  constructor(request: FakeRequest) {
    this.method = request.method ?? 'GET'
    this.scheme = request.scheme ?? 'https'
    this.host = request.host ?? 'testserver'
    this.path = request.path ?? '/'
    this.status = request.status ?? 200
    this.#request = request
  }

  header(name: string): string | null {
    return this.#request.headers?.[name] ?? null
  }

  formField(name: string): Promise<string | null> {
    return Promise.resolve(this.#request.fields?.[name] ?? null)
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
