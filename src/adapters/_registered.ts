/**
 * Frameworks whose types are global have one type for all sessions: that of `Register`.
 *
 * @module
 */
import type { ReadOnlyDjango, Register, RegisteredSession, RequestSession } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'

/** Refuses a `django` whose sessions are not what `request.session` is typed as. */
export type AsRegistered<Dj extends ReadOnlyDjango, O extends AdapterOptions, R = Register> =
  RequestSession<Dj, O> extends RegisteredSession<R>
    ? unknown
    : { readonly 'request.session has another type: see Register of async-django': never }
