/**
 * A request to the session service and its response, in whatever runtime they come.
 *
 * @module
 */
import { isAsyncDjangoError } from '../errors.ts'
import { payloadType, serviceHeader, serviceVersion } from '../stores/_http-wire.ts'

/** What the service is asked. */
export interface ServiceRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  header(name: string): string | null
  /** The body; null for one of more bytes than these. */
  body(maxBytes: number): Promise<Uint8Array | null>
}

/** What the service answers. */
export interface ServiceResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  /** What failed, for operators; never for the client. */
  readonly failure: unknown
}

/** A response. Nothing of this service is to be kept by a cache. */
export function respond(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | null = null,
): ServiceResponse {
  const common = { [serviceHeader]: serviceVersion, 'cache-control': 'no-store' }
  return { status, headers: { ...common, ...headers }, body, failure: null }
}

/** A payload. */
export function respondPayload(
  status: number,
  headers: Readonly<Record<string, string>>,
  payload: string,
): ServiceResponse {
  return respond(status, { 'content-type': payloadType, ...headers }, payload)
}

/** JSON. */
export function respondJson(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): ServiceResponse {
  return respond(status, { 'content-type': 'application/json', ...headers }, JSON.stringify(value))
}

/** A refusal, with a word on what to do. */
export function refuse(
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): ServiceResponse {
  return respondJson(status, { error }, headers)
}

/** A failure of the store: its code, and nothing else, goes to the client. */
export function respondFailure(failure: unknown): ServiceResponse {
  const isKnown = isAsyncDjangoError(failure)
  const status = isKnown && failure.status === 503 ? 503 : 500
  const error = isKnown ? failure.code : 'ERR_STORE'
  return { ...refuse(status, error), failure }
}
