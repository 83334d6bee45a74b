/**
 * Users: what works with `django.users`.
 *
 * @module
 */
export {
  type AuthenticationBackend,
  type BackendEntry,
  type BackendTools,
  type Credentials,
  emailBackend,
  modelBackend,
} from './backends.ts'
export type { NewUser } from './create-user.ts'
export {
  type Guard,
  type GuardOptions,
  type GuardVerdict,
  loginRequired,
  type PermissionGuardOptions,
  permissionRequired,
  staffRequired,
  userPassesTest,
  type Visitor,
} from './guards.ts'
export type { LazyReadOnlyUser, LazyUser } from './lazy-user.ts'
export {
  type AllowedRedirects,
  type LoginPage,
  loginRedirect,
  urlHasAllowedHostAndScheme,
} from './redirects.ts'
export type { SessionAuthHash } from './session-hashes.ts'
export {
  decodeUid,
  encodeUid,
  type PasswordResetOptions,
  type PasswordResetTokenGenerator,
  passwordResetTokenGenerator,
  type TokenUser,
} from './tokens.ts'
export type { UserEvent, UserEvents, UserListener } from './user-events.ts'
export type { FieldType, ModelField, UserField, UserKeyType, UserModel } from './user-model.ts'
export type {
  FieldValue,
  StoredPermissions,
  StoredUser,
  UpdateOptions,
  UserChanges,
  UserKey,
  UserStore,
  UserStoreContext,
} from './user-store.ts'
export { type UserStoreFactory, userStoreFactory } from './user-store-factory.ts'
export { type UserModelOptions, userModel } from './user-model.ts'
export {
  AnonymousUser,
  type DjangoUser,
  ReadOnlyUser,
  User,
  type UserFieldName,
  type UserFieldValue,
} from './user.ts'
export type { AuthOptions, LoginOptions, ReadOnlyUsers, Users } from './users.ts'
export type { AnySession, Throttle } from './users-core.ts'
