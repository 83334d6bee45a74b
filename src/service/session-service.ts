/**
 * The session service: any session store, over HTTP, for servers that must not hold the password of
 * the database. It moves payloads and never reads them, so it needs no `SECRET_KEY`. Its client is
 * `async-django/stores/http`; `docs/service.md` has the protocol.
 *
 * @module
 */
import { ImproperlyConfiguredError, StoreCapabilityError } from '../errors.ts'
import type { SessionStoreFactory } from '../session/store.ts'
import { keyHeader, keyInHeader } from '../stores/_http-wire.ts'
import { Readiness } from './readiness.ts'
import { ServiceHost, type ServiceSettings } from './service-host.ts'
import {
  refuse,
  respondFailure,
  respondJson,
  type ServiceRequest,
  type ServiceResponse,
} from './service-request.ts'
import { answerSessions } from './session-collection.ts'
import { answerSession } from './session-resource.ts'
import { type Access, Tokens } from './tokens.ts'
import { answerFetch } from './web-request.ts'

export type { ServiceRequest, ServiceResponse, ServiceSettings }

/** Options of `createSessionService`. */
export interface SessionServiceOptions {
  /** Where sessions are kept. */
  readonly store: SessionStoreFactory
  /** Who may read and write. Several, so that one can be replaced while both are good. */
  readonly tokens?: readonly string[]
  /** Who may only read. */
  readonly readOnlyTokens?: readonly string[]
  /** Django's, where it is set otherwise than by default. */
  readonly settings?: ServiceSettings
  /** How long the store may take for a request. Default 5,000. */
  readonly storeTimeoutMs?: number
  /** The longest payload, in bytes. Default 1 MiB. */
  readonly maxPayloadBytes?: number
  /**
   * How much is remembered of what stands behind ETags, in characters of payloads. Without it each
   * update is two queries instead of one. Default 16 Mi.
   */
  readonly rememberedSize?: number
  /** Told of each request that failed by the fault of the store or of this service. */
  readonly onFailure?: (failure: ServiceFailure) => void
  /** The clock. Default: that of the machine. */
  readonly now?: () => Date
}

/** A request that failed. It names no session: paths hold keys. */
export interface ServiceFailure {
  readonly method: string
  readonly status: number
  readonly error: unknown
}

/** A session service. */
export interface SessionService {
  /** Answers a web-standard request. Never rejects. */
  fetch(request: Request): Promise<Response>
  /** The same without the web's objects, which cost more than many a query. */
  answer(request: ServiceRequest): Promise<ServiceResponse>
  /** From now on it says that it is not ready, so that nobody sends more. Requests are answered still. */
  retire(): void
}

/**
 * Makes a session service.
 *
 * @throws ImproperlyConfiguredError for a token or a number that cannot be; StoreCapabilityError for
 *   a store that cannot compare and swap, or end sessions.
 * @example
 * ```ts
 * const service = createSessionService({ store: postgresStore(pool), tokens: [process.env.TOKEN!] })
 * Deno.serve(service.fetch)
 * ```
 */
export function createSessionService(options: SessionServiceOptions): SessionService {
  const tokens = new Tokens(options.tokens ?? [], options.readOnlyTokens ?? [])
  const host = new ServiceHost({
    store: options.store,
    settings: options.settings ?? {},
    storeTimeoutMs: positive('storeTimeoutMs', options.storeTimeoutMs ?? 5000),
    maxPayloadBytes: positive('maxPayloadBytes', options.maxPayloadBytes ?? 1024 * 1024),
    rememberedSize: positive('rememberedSize', options.rememberedSize ?? 16 * 1024 * 1024),
    now: options.now ?? (() => new Date()),
  })
  checkStore(host)
  const readiness = new Readiness(host)
  const answer = async (request: ServiceRequest): Promise<ServiceResponse> => {
    const response = await route(host, tokens, readiness, request).catch(respondFailure)
    const { failure, status } = response
    if (failure !== null) options.onFailure?.({ method: request.method, status, error: failure })
    return response
  }
  return {
    fetch: (request) => answerFetch(request, answer),
    answer,
    retire: () => readiness.retire(),
  }
}

function positive(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new ImproperlyConfiguredError(option, 'must be a whole number above 0.')
}

/** What the protocol promises, the store must be able to do. */
function checkStore({ store: { name, can } }: ServiceHost): void {
  for (const needed of ['compareAndSwap', 'revoke', 'touch'] as const) {
    if (can[needed]) continue
    throw new StoreCapabilityError(name, 'createSessionService', `it cannot ${needed}.`)
  }
}

async function route(
  host: ServiceHost,
  tokens: Tokens,
  readiness: Readiness,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  const { path, query } = splitTarget(request.target)
  if (path === '/health') return respondJson(200, { status: 'alive' })
  if (path === '/ready') return readiness.answer()
  const refusal = refuseBy(tokens.accessOf(request.header('authorization')), request, path)
  if (refusal) return refusal
  if (path === '/sessions') return answerSessions(host, request, query)
  const id = /^\/sessions\/([^/]+)$/.exec(path)?.[1]
  // A 404 is about sessions: a client with a wrong URL is not to take it for one.
  if (id === undefined) return refuse(400, 'There is nothing here.')
  const key = readKey(id === keyInHeader ? request.header(keyHeader) : id)
  return key === null
    ? refuse(400, 'The key is not percent-encoded UTF-8.')
    : answerSession(host, request, key)
}

function splitTarget(target: string): { readonly path: string; readonly query: URLSearchParams } {
  const at = target.indexOf('?')
  if (at === -1) return { path: target, query: new URLSearchParams() }
  return { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) }
}

/** Who may not, before anything of the request is looked at. */
function refuseBy(
  access: Access,
  { method }: ServiceRequest,
  path: string,
): ServiceResponse | null {
  if (access === 'none') {
    return refuse(401, 'This needs a bearer token.', { 'www-authenticate': 'Bearer' })
  }
  const isRead =
    method === 'GET' || method === 'HEAD' || (method === 'POST' && path === '/sessions')
  return access === 'write' || isRead ? null : refuse(403, 'This token may only read.')
}

function readKey(encoded: string | null): string | null {
  try {
    return encoded === null ? null : decodeURIComponent(encoded)
  } catch {
    return null
  }
}
