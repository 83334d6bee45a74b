/**
 * Requests to a session service, whose failures are errors of this package.
 *
 * @module
 */
import { ServiceError, StoreUnavailableError } from '../errors.ts'
import type { Call } from '../session/store.ts'
import { decodeBody, serviceHeader, serviceVersion } from './_http-wire.ts'

/** What is needed of `fetch`. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string
    readonly headers: Record<string, string>
    readonly body?: string
    readonly redirect: 'error'
    readonly signal?: AbortSignal
  },
) => Promise<FetchResponse>

/** What is needed of a response. */
export interface FetchResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  /** The whole of the body. */
  arrayBuffer(): Promise<ArrayBuffer | Uint8Array>
}

/** A request, and which answers to it are none of the store's failures. */
export interface ServiceCall {
  /** The store's method, for errors. */
  readonly operation: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Below the service's URL. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Statuses that mean something. */
  readonly expected: readonly number[]
  /** It changes nothing, so that it may be sent twice. Default: as its method says. */
  readonly isRead?: boolean
}

/** An answer of the service. */
export interface ServiceAnswer {
  readonly status: number
  readonly body: string
  header(name: string): string | null
}

/** The name of the store in errors. */
const store = 'httpStore'

/** Statuses of a service, or of a proxy before it, that cannot answer now. */
const awayStatuses = [429, 502, 503, 504]

/** Codes of a connection that broke after it was made: an idle one that the service closed, say. */
const brokenCodes: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']

/** Sends requests. */
export class HttpCaller {
  readonly #url: string
  readonly #token: () => string
  readonly #fetch: Fetch

  /** @param url - Without a slash at its end. */
  constructor(url: string, token: () => string, fetch: Fetch) {
    this.#url = url
    this.#token = token
    this.#fetch = fetch
  }

  /** @throws StoreUnavailableError; ServiceError for an answer that is not expected. */
  async call(asked: ServiceCall, call?: Call): Promise<ServiceAnswer> {
    const answer = await this.#send(asked, call)
    const isService = answer.header(serviceHeader) === serviceVersion
    if (isService && asked.expected.includes(answer.status)) return answer
    const { operation } = asked
    if (awayStatuses.includes(answer.status)) throw new StoreUnavailableError({ store, operation })
    throw new ServiceError({ store, operation }, answer.status)
  }

  /** The same for an answer in JSON. @throws ServiceError for one that is none. */
  async json<T>(asked: ServiceCall, call?: Call): Promise<T> {
    const { body, status } = await this.call(asked, call)
    try {
      return JSON.parse(body) as T
    } catch {
      throw new ServiceError({ store, operation: asked.operation }, status)
    }
  }

  async #send(asked: ServiceCall, call: Call | undefined): Promise<ServiceAnswer> {
    try {
      return await this.#try(asked, call)
    } catch (error) {
      const cause = causeOf(error)
      const mayTryAgain = isRead(asked) && isBroken(cause) && !call?.signal?.aborted
      if (!mayTryAgain) throw unavailable(asked, cause)
    }
    return this.#try(asked, call).catch((error: unknown) => {
      throw unavailable(asked, causeOf(error))
    })
  }

  async #try({ method, path, headers, body }: ServiceCall, call?: Call): Promise<ServiceAnswer> {
    const signal = call?.signal
    const response = await this.#fetch(this.#url + path, {
      method,
      headers: { ...headers, authorization: `Bearer ${this.#token()}` },
      // Nobody else is to get the token.
      redirect: 'error',
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    })
    return {
      status: response.status,
      body: decodeBody(await response.arrayBuffer()),
      header: (name) => response.headers.get(name),
    }
  }
}

/** `fetch` rejects with a `TypeError` that says nothing, over one that has a code. */
function causeOf(error: unknown): unknown {
  return (error instanceof Error ? error.cause : undefined) ?? error
}

function isRead({ isRead: isDeclared, method }: ServiceCall): boolean {
  return isDeclared ?? (method === 'GET' || method === 'HEAD')
}

function isBroken(cause: unknown): boolean {
  return brokenCodes.includes(Reflect.get(Object(cause), 'code'))
}

function unavailable({ operation }: ServiceCall, cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError({ store, operation, cause })
}
