/**
 * `/sessions`: several sessions at once, and those that have expired.
 *
 * @module
 */
import type { StoredSession } from '../session/store.ts'
import {
  decodeBody,
  mostKeys,
  readExpires,
  type WireSession,
  writeExpires,
} from '../stores/_http-wire.ts'
import type { ServiceHost } from './service-host.ts'
import {
  refuse,
  respondJson,
  type ServiceRequest,
  type ServiceResponse,
} from './service-request.ts'

/** Answers a request for several sessions. Nobody is told the keys of sessions. */
export async function answerSessions(
  host: ServiceHost,
  request: ServiceRequest,
  query: URLSearchParams,
): Promise<ServiceResponse> {
  switch (request.method) {
    case 'GET':
      return tellTime(host)
    case 'POST':
      return loadMany(host, request)
    case 'DELETE':
      return clear(host, query)
    default:
      return refuse(405, 'This method is not known here.', { allow: 'GET, POST, DELETE' })
  }
}

async function tellTime(host: ServiceHost): Promise<ServiceResponse> {
  const time = (await host.store.serverTime(host.deadline())) ?? host.now()
  return respondJson(200, { time: writeExpires(time) })
}

async function loadMany(host: ServiceHost, request: ServiceRequest): Promise<ServiceResponse> {
  const body = await request.body(host.maxPayloadBytes)
  const keys = body === null ? null : readKeys(body)
  if (keys === null) {
    return refuse(400, `The body must be {"keys": […]}, of at most ${mostKeys} keys, in UTF-8.`)
  }
  const deadline = host.deadline()
  const found = await Promise.all(keys.map((key) => host.store.load(key, deadline)))
  const sessions = keys.flatMap((key, at) => {
    const stored = found[at]
    return stored ? [wireSession(host, key, stored)] : []
  })
  return respondJson(200, { sessions })
}

/** null for what is no list of keys. */
function readKeys(body: Uint8Array): readonly string[] | null {
  try {
    const { keys } = JSON.parse(decodeBody(body)) as { keys?: unknown }
    if (!Array.isArray(keys) || keys.length > mostKeys) return null
    return keys.every((key) => typeof key === 'string') ? [...new Set(keys)] : null
  } catch {
    return null
  }
}

function wireSession({ seen }: ServiceHost, key: string, stored: StoredSession): WireSession {
  const { payload, expireDate } = stored
  const expires = expireDate && writeExpires(expireDate)
  return { key, payload, expires, etag: seen.add(stored) }
}

/** One batch. What only one of two clocks takes for expired stays. */
async function clear(host: ServiceHost, query: URLSearchParams): Promise<ServiceResponse> {
  const asked = readExpires(query.get('expired-before'))
  const batchSize = Number(query.get('batch-size'))
  if (asked === null || !Number.isSafeInteger(batchSize) || batchSize < 1) {
    return refuse(400, 'Say ?expired-before=<ISO 8601, with an offset>&batch-size=<number>.')
  }
  const now = host.now()
  return respondJson(200, await host.clearBatch(asked < now ? asked : now, { batchSize }))
}
