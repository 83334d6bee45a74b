/**
 * What comes of opening a store.
 *
 * @module
 */
import type { SessionStoreFactory } from '../session/store.ts'

/** A store, and how its connections end. */
export interface OpenedStore {
  readonly store: SessionStoreFactory
  /** Where it is, without a secret. */
  readonly place: string
  close(): Promise<void>
}

/** What a store may be opened with. */
export interface StoreOptions {
  readonly table: string | null
  readonly connections: number
  /** Told what happens to idle connections. */
  onError(error: unknown): void
}
