/**
 * A session before it is loaded.
 *
 * @module
 */
import type { Expiry } from './expiry.ts'
import type {
  DataKey,
  DataValue,
  LiveData,
  ReadOnlySession,
  SaveOptions,
  Session,
  Synchronous,
} from './session.ts'

/**
 * A session of which nothing has been read yet: it costs nothing until `load()`. Writes that need no
 * read are kept until `save()`, which loads, applies and compares; nothing is written blind.
 */
export interface LazySession<D extends object = Record<string, unknown>> {
  /** The session key; null for a new visitor. */
  readonly key: string | null
  /** Whether the session was loaded or written. */
  accessed: boolean
  /** Whether the session was written. */
  modified: boolean

  /** Reads the session, once; answers the same object, loaded. */
  load(): Promise<Session<D>>
  set<K extends DataKey<D>>(key: K, value: DataValue<D, K>): void
  update(values: Partial<D> | LiveData<D>): void
  delete(key: string): void
  clear(): void
  setExpiry(expiry: Expiry): void
  setTestCookie(): void
  deleteTestCookie(): void
  save(options?: SaveOptions): Promise<boolean>
  change<T>(run: (data: LiveData<D>) => Synchronous<T>): Promise<T>
  create(): Promise<void>
  cycleKey(): Promise<void>
  flush(): Promise<void>
}

/** The same where nothing may be written. */
export interface LazyReadOnlySession<D extends object = Record<string, unknown>> {
  /** The session key; null for a new visitor. */
  readonly key: string | null
  /** Reads the session, once; answers the same object, loaded. */
  load(): Promise<ReadOnlySession<D>>
}
