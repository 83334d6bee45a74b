/**
 * Express, 4 and 5: `request.session`.
 *
 * ```ts
 * app.use(djangoExpress(django))
 * app.get('/', async (request, response) => {
 *   const session = await request.session.load()
 *   response.send(`Hello ${session.get('name', 'stranger')}`)
 * })
 * ```
 *
 * @module
 */
import type { RequestHandler } from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { ReadOnlyDjango, Register, RegisteredSession, RequestSession } from '../django.ts'
import type { AdapterOptions, Exchange } from '../http/exchange.ts'
import { NodeGate } from './_node-gate.ts'

/** Refuses a `django` whose sessions are not what `request.session` is typed as. */
export type AsRegistered<Dj extends ReadOnlyDjango, O extends AdapterOptions, R = Register> =
  RequestSession<Dj, O> extends RegisteredSession<R>
    ? unknown
    : { readonly 'request.session has another type: see Register of async-django': never }

/**
 * Gives every request its visitor's session, and saves it before the response leaves. A second one
 * for the same `django` loads where it is told to `autoload`, and does nothing else.
 *
 * @returns Middleware. The error of a save that failed goes to the application's error handlers.
 */
export function djangoExpress<
  Dj extends ReadOnlyDjango,
  const O extends AdapterOptions = AdapterOptions,
>(django: Dj & AsRegistered<Dj, O>, options?: O): RequestHandler {
  return function djangoSession(request: VisitedRequest, response, proceed) {
    const visit =
      findVisit(request, django) ?? new Visit(django, options, request, response, proceed)
    const loading = visit.autoload(options)
    if (loading) loading.then(() => proceed(), proceed)
    else proceed()
  }
}

const visitKey = Symbol('async-django.visit')

interface VisitedRequest extends IncomingMessage {
  [visitKey]?: Visit
  readonly originalUrl?: string
}

/** One property for all requests, so that they keep one shape. */
const sessionProperty: PropertyDescriptor & ThisType<VisitedRequest> = {
  configurable: true,
  get() {
    return this[visitKey]?.session
  },
}

function findVisit(request: VisitedRequest, django: ReadOnlyDjango): Visit | null {
  for (let visit = request[visitKey]; visit; visit = visit.earlier) {
    if (visit.django === django) return visit
  }
  return null
}

/** A path, with a scheme and a host before it where the client is a proxy. */
const requestTarget = /^(?:\w[\w+.-]*:\/\/[^/?#]*)?([^?#]*)/

/** A request with one `django`. The gate goes in once somebody asks for the session. */
class Visit implements Exchange {
  readonly django: ReadOnlyDjango
  /** With another `django`. */
  readonly earlier: Visit | undefined
  readonly #request: VisitedRequest
  readonly #response: ServerResponse
  readonly #fail: (error: unknown) => void
  readonly #state: ReturnType<ReadOnlyDjango['begin']>
  #gate: NodeGate | null = null

  constructor(
    django: ReadOnlyDjango,
    options: AdapterOptions | undefined,
    request: VisitedRequest,
    response: ServerResponse,
    fail: (error: unknown) => void,
  ) {
    this.django = django
    this.earlier = request[visitKey]
    this.#request = request
    this.#response = response
    this.#fail = fail
    this.#state = django.begin(this, options)
    if (this.#state.isDue) this.#openGate()
    request[visitKey] = this
    Object.defineProperty(request, 'session', sessionProperty)
  }

  get session(): object {
    this.#openGate()
    return this.#state.session
  }

  autoload(options: AdapterOptions | undefined): Promise<unknown> | null {
    const loading = this.#state.autoload(options)
    if (loading) this.#openGate()
    return loading
  }

  #openGate(): NodeGate {
    this.#gate ??= new NodeGate(this.#response, {
      commit: () => this.#state.commit(),
      fail: this.#fail,
    })
    return this.#gate
  }

  get method(): string {
    return this.#request.method ?? ''
  }

  get scheme(): 'http' | 'https' {
    return 'encrypted' in this.#request.socket ? 'https' : 'http'
  }

  get host(): string {
    return this.header('host') ?? ''
  }

  get path(): string {
    const [, path] = requestTarget.exec(this.#request.originalUrl ?? this.#request.url ?? '') ?? []
    return path || '/'
  }

  header(name: string): string | null {
    return joined(this.#request.headers[name])
  }

  get status(): number {
    return this.#response.statusCode
  }

  get headersSent(): boolean {
    return this.#gate?.headersSent ?? this.#response.headersSent
  }

  getHeader(name: string): string | null {
    return joined(this.#response.getHeader(name))
  }

  setHeader(name: string, value: string): void {
    this.#openGate().changeHeaders(() => this.#response.setHeader(name, value))
  }

  appendHeader(name: string, value: string): void {
    this.#openGate().changeHeaders(() => this.#response.appendHeader(name, value))
  }
}

function joined(value: number | string | readonly string[] | undefined): string | null {
  if (value === undefined) return null
  return typeof value === 'object' ? value.join(', ') : String(value)
}

declare global {
  namespace Express {
    interface Request {
      /** The visitor's session: free until it is loaded or written. */
      readonly session: RegisteredSession
    }
  }
}
