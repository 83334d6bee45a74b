/**
 * Django's sessions, native to TypeScript servers.
 *
 * @module
 */
export {
  createDjango,
  type Django,
  type DjangoOptions,
  type DjangoTypes,
  type HeadersLike,
  type ReadOnlyDjango,
  type Register,
  type RegisteredSession,
  type RegisteredUser,
  type RequestSession,
  type RequestUser,
} from './django.ts'
export type { UserStoreFactory } from './auth/user-store-factory.ts'
export type { AuthOptions, ReadOnlyUsers, Users } from './auth/users.ts'
export type { DiagnosticsEvent, DiagnosticsEvents } from './diagnostics.ts'
export type { AdapterOptions, Exchange } from './http/exchange.ts'
export type { SessionExchange } from './http/middleware.ts'
export type { PartFactory } from './http/part.ts'
export { signCookie, type SignedCookieOptions, unsignCookie } from './http/signed-cookies.ts'
export { parseCookies } from './http/cookies.ts'
export type { CheckOptions, CheckProblem } from './session/check.ts'
export type { Codec, DataFormat } from './session/codec.ts'
export type { Expiry, ExpiryOptions, Timedelta } from './session/expiry.ts'
export type { ConflictPolicy, OutagePolicy, SessionColumns } from './session/host.ts'
export type { LazyReadOnlySession, LazySession } from './session/lazy-session.ts'
export type { Limits } from './session/limits.ts'
export type { StandardSchema } from './session/schema.ts'
export type {
  DataKey,
  DataValue,
  LiveData,
  ReadOnlySession,
  SaveOptions,
  Session,
  Synchronous,
} from './session/session.ts'
export type { ReadOnlySessions, Sessions } from './session/sessions.ts'
export type {
  Call,
  ClearOptions,
  ClearProgress,
  Codecs,
  Deleted,
  KeyedSession,
  KeyedUpdate,
  NewSession,
  SessionStore,
  SessionStoreFactory,
  StoreCapabilities,
  StoreContext,
  StoredSession,
  StoreSettings,
  Updated,
} from './session/store.ts'
export type {
  DjangoSeries,
  DjangoSettings,
  DjangoVersion,
  MessageStorageName,
  SameSite,
  Settings,
} from './settings.ts'
