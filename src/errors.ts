/**
 * Every error that this package throws, with its stable code. No message and no property ever
 * holds a session key, a payload, a cookie, a token, a password hash or a secret.
 *
 * @module
 */
export {
  AsyncDjangoError,
  type ErrorCode,
  invalidArgument,
  isAsyncDjangoError,
} from './errors/base.ts'
export {
  ImproperlyConfiguredError,
  MissingPackageError,
  StoreCapabilityError,
} from './errors/set-up.ts'
export {
  BadSignatureError,
  PayloadError,
  type PayloadProblem,
  SignatureExpiredError,
} from './errors/signing.ts'
export {
  type DataIssue,
  HeadersSentError,
  SessionDataError,
  SessionTooLargeError,
} from './errors/sessions.ts'
export {
  SecretMismatchError,
  SessionConflictError,
  SessionInterruptedError,
  SessionKeyCollisionError,
} from './errors/rows.ts'
export {
  ServiceError,
  StoreError,
  type StoreFailure,
  StoreTimeoutError,
  StoreUnavailableError,
} from './errors/stores.ts'
export {
  HasherBusyError,
  LoginThrottledError,
  PasswordHashError,
  type PasswordHashProblem,
  type PasswordProblem,
  PasswordValidationError,
  PermissionDeniedError,
  UnknownHasherError,
  UserDoesNotExistError,
  UserExistsError,
  UserKeyError,
} from './errors/users.ts'
export { CsrfError, type CsrfReason, DisallowedHostError } from './errors/requests.ts'
