/**
 * A request of Node's HTTP server with one `django`, for every adapter over such requests.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { LazyReadOnlyUser } from '../auth/lazy-user.ts'
import type { ReadOnlyDjango } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { type GuardedVisit, lazyUser, type TargetExchange } from './_guard.ts'
import { type BodyHolder, nodeFormField } from './_node-body.ts'
import { NodeGate } from './_node-gate.ts'
import { cookiesIn } from './_raw-cookies.ts'

const visitKey: unique symbol = Symbol('async-django.visit')

/** What Node calls for a request, and what Express and others make of it. */
export interface VisitedRequest extends IncomingMessage {
  readonly body?: unknown
  [visitKey]?: NodeVisit
  /** The target before it was rewritten. */
  originalUrl?: string
}

/** The last visit of a request: the one whose session the handler sees. */
export function latestVisit(request: VisitedRequest): NodeVisit | undefined {
  return request[visitKey]
}

/** The visit of a request with this `django`. */
export function findVisit(request: VisitedRequest, django: ReadOnlyDjango): NodeVisit | null {
  for (let visit = request[visitKey]; visit; visit = visit.earlier) {
    if (visit.django === django) return visit
  }
  return null
}

/** The last visit of a request with a `django` that has users. */
export function latestUserVisit(request: VisitedRequest): NodeVisit | undefined {
  let visit = request[visitKey]
  while (visit && !visit.django.hasUsers) visit = visit.earlier
  return visit
}

/** The headers of a response. */
export interface ResponseHead {
  getHeader(name: string): number | string | readonly string[] | undefined
  setHeader(name: string, value: string): unknown
  appendHeader(name: string, value: string): unknown
}

/** A path and a query, with a scheme and a host before them where the client is a proxy. */
const requestTarget = /^(?:\w[\w+.-]*:\/\/[^/?#]*)?([^?#]*)([^#]*)/

/** A request with one `django`. The gate goes in once somebody uses the session. */
export class NodeVisit implements TargetExchange, GuardedVisit {
  readonly django: ReadOnlyDjango
  /** With another `django`. */
  readonly earlier: NodeVisit | undefined
  readonly #request: VisitedRequest
  readonly #response: ServerResponse
  #head: ResponseHead
  readonly #fail: (error: unknown) => void
  readonly #holder: BodyHolder
  readonly #state: ReturnType<ReadOnlyDjango['begin']>
  #user: LazyReadOnlyUser | null = null
  #gate: NodeGate | null = null
  #isCommitted = false
  #committing: Promise<void> | null = null

  /**
   * @param fail - Answers for a save that failed, where the gate had it saved: on a response of
   *   which nothing is left.
   * @param holder - What holds the body once it is parsed.
   */
  constructor(
    django: ReadOnlyDjango,
    options: AdapterOptions | undefined,
    request: VisitedRequest,
    response: ServerResponse,
    fail: (error: unknown) => void,
    holder: BodyHolder = request,
  ) {
    this.django = django
    this.earlier = request[visitKey]
    this.#request = request
    this.#response = response
    this.#head = response
    this.#fail = fail
    this.#holder = holder
    this.#state = django.begin(this, options)
    if (this.#state.isDue) this.#openGate()
    request[visitKey] = this
  }

  /** The visitor's session: free until it is used, which opens the gate. */
  get session(): object {
    return this.#state.session
  }

  onUse(): void {
    this.#openGate()
  }

  /** The visitor: free until loaded. */
  get user(): LazyReadOnlyUser {
    return (this.#user ??= lazyUser(this.django, this.session))
  }

  get exchange(): TargetExchange {
    return this
  }

  autoload(options: AdapterOptions | undefined): Promise<unknown> | null {
    const loading = this.#state.autoload(options)
    if (loading) this.#openGate()
    return loading
  }

  /** Whether there may be something to save: somebody uses the session, or it is due. */
  get isOpen(): boolean {
    return this.#gate !== null
  }

  /**
   * Saves the session, if that is not done: for frameworks that wait for it before they write.
   *
   * @param head - Where headers go, if not to the response.
   * @returns null where there is nothing to wait for.
   */
  commit(head: ResponseHead = this.#response): Promise<void> | null {
    if (this.#isCommitted) return this.#committing
    this.#isCommitted = true
    this.#head = head
    const committing = this.#state.commit()
    if (committing) this.#committing = committing.finally(() => (this.#committing = null))
    return this.#committing
  }

  #openGate(): NodeGate {
    this.#gate ??= new NodeGate(this.#response, {
      commit: () => this.commit(),
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
    const [, path] = this.#splitTarget()
    return path || '/'
  }

  get target(): string {
    const [, path, query = ''] = this.#splitTarget()
    return `${path || '/'}${query}`
  }

  #splitTarget(): readonly string[] {
    return requestTarget.exec(this.#request.originalUrl ?? this.#request.url ?? '') ?? []
  }

  header(name: string): string | null {
    return joined(this.#request.headers[name])
  }

  /** To ask Node for one header has it read all of them. */
  get sentCookies(): string | null | undefined {
    return cookiesIn(this.#request.rawHeaders)
  }

  formField(name: string): Promise<string | null> {
    return nodeFormField(this.#request, this.#response, name, this.#holder)
  }

  get status(): number {
    return this.#response.statusCode
  }

  get headersSent(): boolean {
    return this.#gate?.headersSent ?? this.#response.headersSent
  }

  getHeader(name: string): string | null {
    return joined(this.#head.getHeader(name))
  }

  setHeader(name: string, value: string): void {
    this.#openGate().changeHeaders(() => this.#head.setHeader(name, value))
  }

  appendHeader(name: string, value: string): void {
    this.#openGate().changeHeaders(() => this.#head.appendHeader(name, value))
  }
}

function joined(value: number | string | readonly string[] | undefined): string | null {
  if (value === undefined) return null
  return typeof value === 'object' ? value.join(', ') : String(value)
}
