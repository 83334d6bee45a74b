/**
 * A request and its response as the web has them, for every adapter over `Request` and `Response`.
 *
 * @module
 */
import { fieldIn, isForm, startOf } from './_form-body.ts'
import type { TargetExchange } from './_guard.ts'
import { cookiesIn } from './_raw-cookies.ts'

/** What a framework knows of a request beside it. */
export interface RequestDetails {
  /** A field of a body that the framework has read already. */
  parsedField?(name: string): Promise<string | null>
  /** The headers as they came: to ask a `Request` for its own may make them. */
  readonly rawHeaders?: readonly string[] | undefined
}

/** One exchange. What is asked of the request is worked out when it is asked. */
export class WebExchange implements TargetExchange {
  readonly #request: Request
  readonly #details: RequestDetails | undefined
  #response: Response | undefined
  #isAnswered = false
  #isCopy = false

  constructor(request: Request, details?: RequestDetails) {
    this.#request = request
    this.#details = details
  }

  get method(): string {
    return this.#request.method
  }

  get scheme(): 'http' | 'https' {
    return this.#request.url.startsWith('https:') ? 'https' : 'http'
  }

  get host(): string {
    return this.header('host') ?? new URL(this.#request.url).host
  }

  get path(): string {
    return new URL(this.#request.url).pathname
  }

  get target(): string {
    const { pathname, search } = new URL(this.#request.url)
    return pathname + search
  }

  header(name: string): string | null {
    return this.#request.headers.get(name)
  }

  get sentCookies(): string | null | undefined {
    return cookiesIn(this.#details?.rawHeaders)
  }

  async formField(name: string): Promise<string | null> {
    const contentType = this.header('content-type')
    if (!isForm(contentType)) return null
    if (this.#request.bodyUsed) return this.#details?.parsedField?.(name) ?? null
    const { body } = this.#request.clone()
    return body ? fieldIn(await startOf(body), contentType, name) : null
  }

  get status(): number {
    return this.#response?.status ?? 200
  }

  /** What upgrades a connection, and what is no answer at all, cannot be copied. */
  get headersSent(): boolean {
    if (!this.#isAnswered) return false
    const status = this.#response?.status ?? 0
    return status < 200 || status > 599
  }

  getHeader(name: string): string | null {
    return this.#response?.headers.get(name) ?? null
  }

  /** In place, where that can be: it is nothing that others may not see. A copy costs the body. */
  setHeader(name: string, value: string): void {
    try {
      this.#response?.headers.set(name, value)
    } catch {
      this.#copy().headers.set(name, value)
    }
  }

  appendHeader(name: string, value: string): void {
    this.#copy().headers.append(name, value)
  }

  /** The handler's own may be immutable, or one that others are sent too. */
  #copy(): Response {
    if (this.#isCopy && this.#response) return this.#response
    this.#isCopy = true
    this.#response = new Response(this.#response?.body, this.#response)
    return this.#response
  }

  /** Takes the handler's response; undefined where the runtime has the connection now. */
  answer(response: Response | undefined): void {
    this.#response = response
    this.#isAnswered = true
  }

  /** The handler's response, or a copy with other headers. */
  get response(): Response | undefined {
    return this.#response
  }
}
