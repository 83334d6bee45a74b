/**
 * A request that Python tells of, and the headers that its response gets here.
 *
 * @module
 */
import type { Exchange } from 'async-django'

/** What Python tells. */
export interface ToldRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly path: string
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The fields of the form in its body. */
  readonly fields: Readonly<Record<string, string>>
  /** Whether its view takes it unchecked. */
  readonly isExempt: boolean
  /** What the session has at some keys, null for nothing; null where it must not be looked at. */
  readonly session: Readonly<Record<string, unknown>> | null
  /** The response's `Vary`. */
  readonly vary: string | null
}

/** A request of Django, and its response. */
export class PythonExchange implements Exchange {
  readonly headersSent = false
  /** Django stores its sessions itself; with a failure, this package leaves it to do so. */
  readonly status = 500
  #told: ToldRequest
  #vary: string | null = null
  readonly #cookies: string[] = []

  constructor(told: ToldRequest) {
    this.#told = told
  }

  /** The same request, later. */
  update(told: ToldRequest): void {
    this.#told = told
    this.#vary = told.vary
  }

  get method(): string {
    return this.#told.method
  }

  get scheme(): 'http' | 'https' {
    return this.#told.scheme
  }

  get host(): string {
    return this.#told.host
  }

  get path(): string {
    return this.#told.path
  }

  get isExempt(): boolean {
    return this.#told.isExempt
  }

  header(name: string): string | null {
    return this.#told.headers[name] ?? null
  }

  formField(name: string): Promise<string | null> {
    return Promise.resolve(this.#told.fields[name] ?? null)
  }

  getHeader(name: string): string | null {
    return name === 'vary' ? this.#vary : null
  }

  setHeader(name: string, value: string): void {
    if (name === 'vary') this.#vary = value
  }

  appendHeader(name: string, value: string): void {
    if (name === 'set-cookie') this.#cookies.push(value)
  }

  /** The response's `Set-Cookie` headers that are new. */
  takeCookies(): readonly string[] {
    return this.#cookies.splice(0)
  }
}
