/**
 * What every session of one `django` shares.
 *
 * @module
 */
import type { Diagnostics } from '../diagnostics.ts'
import type { Settings } from '../settings.ts'
import type { Late } from './late.ts'
import type { Limits } from './limits.ts'
import type { RowReader } from './row-reader.ts'
import type { ValidateData } from './schema.ts'
import type { SessionStore } from './store.ts'

/** What `onConflict` says: merge, or refuse where both sides changed the same key. */
export type ConflictPolicy = 'merge' | 'throw'

/** What `onStoreError` says: fail the request, or treat the visitor as anonymous. */
export type OutagePolicy = 'throw' | 'anonymous'

/** The surroundings of a session. */
export interface SessionHost {
  /** What the store is like: its calls go through the reader, and end in time. */
  readonly store: Pick<SessionStore, 'name' | 'codec' | 'can'>
  /** What reads sessions: loaded at the first one. */
  readonly reader: Late<RowReader>
  readonly settings: Settings
  readonly limits: Limits
  readonly now: () => Date
  readonly diagnostics: Diagnostics
  readonly djangoExact: boolean
  /** Whether a look may write, as it does in some of Django's engines. */
  readonly renews: boolean
  readonly onConflict: ConflictPolicy
  readonly onStoreError: OutagePolicy
  readonly storeTimeoutMs: number
  readonly sessionColumns: SessionColumns | null
  readonly schema: ValidateData | null
}

/** Values for extra columns of a session's row, from its data. */
export type SessionColumns = (data: Record<string, unknown>) => Record<string, unknown>
