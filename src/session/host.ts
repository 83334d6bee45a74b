/**
 * What every session of one `django` shares.
 *
 * @module
 */
import type { Diagnostics } from '../diagnostics.ts'
import type { Settings } from '../settings.ts'
import type { ExpiryRule } from './expiry.ts'
import type { GuardedStore } from './guarded-store.ts'
import type { KeyedQueue } from './keyed-queue.ts'
import type { Limits } from './limits.ts'
import type { Moves } from './moves.ts'
import type { Proof } from './proof.ts'
import type { DataSchema } from './schema.ts'

/** What `onConflict` says: merge, or refuse where both sides changed the same key. */
export type ConflictPolicy = 'merge' | 'throw'

/** What `onStoreError` says: fail the request, or treat the visitor as anonymous. */
export type OutagePolicy = 'throw' | 'anonymous'

/** The surroundings of a session. */
export interface SessionHost {
  readonly store: GuardedStore
  readonly settings: Settings
  readonly limits: Limits
  readonly expiry: ExpiryRule
  readonly proof: Proof
  readonly diagnostics: Diagnostics
  readonly changes: KeyedQueue
  readonly moves: Moves
  readonly djangoExact: boolean
  /** Whether a look may write, as it does in some of Django's engines. */
  readonly renews: boolean
  readonly onConflict: ConflictPolicy
  readonly onStoreError: OutagePolicy
  readonly storeTimeoutMs: number
  readonly sessionColumns: SessionColumns | null
  readonly schema: DataSchema | null
}

/** Values for extra columns of a session's row, from its data. */
export type SessionColumns = (data: Record<string, unknown>) => Record<string, unknown>
