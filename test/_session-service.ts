/**
 * Session services for tests, each on a port of its own.
 *
 * @module
 */
import type { SessionStoreFactory } from 'async-django'
import { createSessionService, type SessionServiceOptions } from 'async-django/service'
import { serveSessions, type SessionServer } from 'async-django/service/node'

/** The token of these services. */
export const serviceToken = 'a-token-of-these-tests-of-some-length'

/** Starts a service over a store. */
export function startService(
  store: SessionStoreFactory,
  options: Partial<SessionServiceOptions> = {},
): Promise<SessionServer> {
  const service = createSessionService({ store, tokens: [serviceToken], ...options })
  return serveSessions(service, { port: 0, shutdownMs: 5000 })
}
