/**
 * `/sessions/{id}`: one session.
 *
 * @module
 */
import type { Deadline } from '../session/deadline.ts'
import type { NewSession, StoredSession } from '../session/store.ts'
import { decodeBody, expiresHeader, readExpires, writeExpires } from '../stores/_http-wire.ts'
import type { ServiceHost } from './service-host.ts'
import {
  refuse,
  respond,
  respondPayload,
  type ServiceRequest,
  type ServiceResponse,
} from './service-request.ts'

/** Answers a request for the session that this key names. */
export async function answerSession(
  host: ServiceHost,
  request: ServiceRequest,
  key: string,
): Promise<ServiceResponse> {
  const deadline = host.deadline()
  switch (request.method) {
    case 'GET':
      return load(host, key, deadline)
    case 'HEAD':
      return (await host.store.exists(key, deadline)) ? respond(204) : respond(404)
    case 'PUT':
      return put(host, request, key, deadline)
    case 'POST':
      return touch(host, request, key, deadline)
    case 'DELETE':
      return remove(host, request, key, deadline)
    default:
      return refuse(405, 'This method is not known here.', {
        allow: 'GET, HEAD, PUT, POST, DELETE',
      })
  }
}

const missing = (): ServiceResponse => refuse(404, 'There is no such session.')

async function load(host: ServiceHost, key: string, deadline: Deadline): Promise<ServiceResponse> {
  const stored = await host.store.load(key, deadline)
  return stored ? respondPayload(200, headersOf(host, stored), stored.payload) : missing()
}

/** What tells one state of a session from another, and when it ends. */
function headersOf({ seen }: ServiceHost, stored: StoredSession): Record<string, string> {
  const { expireDate } = stored
  return {
    etag: seen.add(stored),
    ...(expireDate && { [expiresHeader]: writeExpires(expireDate) }),
  }
}

async function put(
  host: ServiceHost,
  request: ServiceRequest,
  key: string,
  deadline: Deadline,
): Promise<ServiceResponse> {
  const etag = request.header('if-match')
  const isNew = request.header('if-none-match') === '*'
  if ((etag !== null) === isNew) {
    return refuse(
      428,
      'Say If-None-Match: * to create a session, or If-Match: <ETag> to write over one.',
    )
  }
  const next = await readSession(host, request)
  if (!('payload' in next)) return next
  return etag === null ? create(host, key, next, deadline) : update(host, key, next, etag, deadline)
}

/** What the request wants to be stored, or why it cannot be. */
async function readSession(
  { maxPayloadBytes }: ServiceHost,
  request: ServiceRequest,
): Promise<NewSession | ServiceResponse> {
  const expireDate = readExpires(request.header(expiresHeader))
  if (expireDate === null) return withoutExpiry()
  const body = await request.body(maxPayloadBytes)
  if (body === null) return refuse(413, `A payload is at most ${maxPayloadBytes} bytes long.`)
  try {
    return { payload: decodeBody(body), expireDate }
  } catch {
    return refuse(400, 'The body must be UTF-8.')
  }
}

const withoutExpiry = (): ServiceResponse =>
  refuse(400, 'Session-Expires must be a date and time of ISO 8601, with an offset.')

async function create(
  host: ServiceHost,
  key: string,
  next: NewSession,
  deadline: Deadline,
): Promise<ServiceResponse> {
  const created = await host.store.create(key, next, deadline)
  if (created === null) return refuse(412, 'There is a session of this name.')
  return respond(201, headersOf(host, created.stored))
}

async function update(
  host: ServiceHost,
  key: string,
  next: NewSession,
  etag: string,
  deadline: Deadline,
): Promise<ServiceResponse> {
  const previous = await findPrevious(host, key, etag, deadline)
  if (!('stored' in previous)) return previous
  const updated = await host.store.update(key, next, previous.stored, deadline)
  if (updated.outcome === 'missing') return missing()
  if (updated.outcome === 'conflict') return conflict(host, updated.current)
  return respond(204, headersOf(host, updated.stored))
}

/** What the client has read: one of those seen, or what the store holds if it is still that. */
async function findPrevious(
  host: ServiceHost,
  key: string,
  etag: string,
  deadline: Deadline,
): Promise<{ readonly stored: StoredSession } | ServiceResponse> {
  const seen = host.seen.get(etag)
  if (seen) return { stored: seen }
  const stored = await host.store.load(key, deadline)
  if (stored === null) return missing()
  return host.seen.add(stored) === etag ? { stored } : conflict(host, stored)
}

/** The client needs no second request to see what stands there. */
function conflict(host: ServiceHost, current: StoredSession): ServiceResponse {
  return respondPayload(412, headersOf(host, current), current.payload)
}

async function touch(
  host: ServiceHost,
  request: ServiceRequest,
  key: string,
  deadline: Deadline,
): Promise<ServiceResponse> {
  const expireDate = readExpires(request.header(expiresHeader))
  if (expireDate === null) return withoutExpiry()
  return (await host.store.touch(key, expireDate, deadline)) ? respond(204) : missing()
}

async function remove(
  host: ServiceHost,
  request: ServiceRequest,
  key: string,
  deadline: Deadline,
): Promise<ServiceResponse> {
  const etag = request.header('if-match')
  const previous = etag === null ? null : await findPrevious(host, key, etag, deadline)
  if (previous && !('stored' in previous)) return previous
  const deleted = await host.store.delete(key, previous?.stored, deadline)
  if (deleted === 'missing') return missing()
  return deleted === 'deleted' ? respond(204) : refuse(412, 'Something else stands there now.')
}
