/**
 * Frameworks whose types are global have one type for all sessions, and one for all users: those of `Register`.
 *
 * @module
 */
import type {
  ReadOnlyDjango,
  Register,
  RegisteredSession,
  RegisteredUser,
  RequestSession,
  RequestUser,
} from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'

/** Refuses a `django` whose sessions and users are not what those of requests are typed as. */
export type AsRegistered<Dj extends ReadOnlyDjango, O extends AdapterOptions, R = Register> =
  RequestSession<Dj, O> extends RegisteredSession<R>
    ? RequestUser<Dj> extends RegisteredUser<R>
      ? unknown
      : { readonly 'request.user has another type: see Register of async-django': never }
    : { readonly 'request.session has another type: see Register of async-django': never }
