/**
 * What every user of one `django` shares.
 *
 * @module
 */
import type { SessionHost } from '../session/host.ts'
import type { GuardedUserStore } from './guarded-user-store.ts'
import type { PasswordHashing } from './password-hashing.ts'
import type { PasswordValidation } from './password-validation.ts'

/** The surroundings of a user. */
export interface UsersHost {
  readonly store: GuardedUserStore
  readonly sessions: SessionHost
  readonly hashing: PasswordHashing
  readonly validation: PasswordValidation
  readonly readOnly: boolean
  readonly now: () => Date
}
