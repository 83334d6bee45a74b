/**
 * `async-django/service`: the session service, a store over HTTP.
 *
 * @module
 */
export {
  createSessionService,
  type ServiceFailure,
  type ServiceRequest,
  type ServiceResponse,
  type ServiceSettings,
  type SessionService,
  type SessionServiceOptions,
} from './session-service.ts'
