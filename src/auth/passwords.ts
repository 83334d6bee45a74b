/**
 * Passwords as Django stores, checks and judges them, without users. Equals
 * `django.contrib.auth.hashers` and `django.contrib.auth.password_validation`.
 *
 * @module
 */
export type { HashLimits } from './hash-queue.ts'
export type { DecodedHash, Password, PasswordHasher } from './hashers/hasher.ts'
export {
  type GivenHasherParameters,
  type HasherParameters,
  type PasswordHasherName,
  type PasswordHasherPath,
} from './password-hashers.ts'
export {
  type CheckPasswordOptions,
  createPasswordHashing,
  type HashingCall,
  isPasswordUsable,
  type MakePasswordOptions,
  type PasswordHashing,
  type PasswordHashingOptions,
} from './password-hashing.ts'
export {
  createPasswordValidation,
  type PasswordValidation,
  type PasswordValidationOptions,
  type PasswordValidatorEntry,
} from './password-validation.ts'
export type {
  CommonPasswordOptions,
  MinimumLengthOptions,
  PasswordValidator,
  UserAttributeSimilarityOptions,
} from './password-validators.ts'
