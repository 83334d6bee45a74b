/**
 * The contract of a session store. `async-django/testing` holds the suite that every store passes.
 *
 * @module
 */
import type { Settings } from '../settings.ts'
import type { Codec } from './codec.ts'
import type { Limits } from './limits.ts'

/** The settings that a store may need; never a secret. */
export type StoreSettings = Pick<
  Settings,
  | 'sessionCookieAge'
  | 'sessionCookieName'
  | 'sessionCookieDomain'
  | 'sessionCookieHttponly'
  | 'sessionCookiePath'
  | 'sessionCookieSamesite'
  | 'sessionCookieSecure'
  | 'useTz'
  | 'timeZone'
>

/** The codecs a store may choose from. */
export interface Codecs {
  /** Signed JSON: what Django's database engine keeps since 3.1. Default salt: that engine's. */
  signed(salt?: string): Codec
  /** What Django's engines kept up to 3.0. */
  legacy(): Codec
}

/** What `createDjango` gives to every store. */
export interface StoreContext {
  readonly settings: StoreSettings
  readonly codecs: Codecs
  /** For a codec that the store brings along. */
  readonly limits: Limits
  readonly now: () => Date
  /** Which of Django's engines a cache is for: it begins its keys with that. Default `cache`. */
  readonly cacheEngine?: 'cache' | 'cached_db'
}

/** What a store's function, such as `kyselyStore(db)`, returns. */
export type SessionStoreFactory<P = string> = (context: StoreContext) => SessionStore<P>

/** One call of a store. */
export interface Call {
  /** Fires when the call's time is over; the store should then give up, on the server too. */
  readonly signal?: AbortSignal
  /**
   * Calls a function when the signal fires, or at once where it has: the same without the cost of a
   * signal, which is more than that of many a call.
   */
  onTimeout?(listener: () => void): void
}

/** A session as it stands in a store. */
export interface StoredSession<P = string> {
  readonly payload: P
  /** When it expires; null where the engine does not tell. */
  readonly expireDate: Date | null
  /** An ETag, a compare-and-swap id. Absent: the payload itself is compared, byte for byte. */
  readonly version?: string
}

/** A session to be stored. */
export interface NewSession<P = string> {
  readonly payload: P
  readonly expireDate: Date
  /** Values for extra columns, at `create` only. */
  readonly columns?: Readonly<Record<string, unknown>>
}

/** A session under the key that it has now: for cookie stores, that changes with every write. */
export interface KeyedSession<P = string> {
  readonly key: string
  readonly stored: StoredSession<P>
}

/** One of several updates: a session to be written over what was read under its key. */
export interface KeyedUpdate<P = string> {
  readonly key: string
  readonly next: NewSession<P>
  readonly previous: StoredSession<P>
}

/** What came of an update. */
export type Updated<P = string> =
  | ({ readonly outcome: 'saved' } & KeyedSession<P>)
  /** Somebody else wrote; this stands there now. */
  | { readonly outcome: 'conflict'; readonly current: StoredSession<P> }
  /** There is no such session any more. */
  | { readonly outcome: 'missing' }

/** What came of a deletion. */
export type Deleted = 'deleted' | 'missing' | 'conflict'

/** What a store can do; the contract suite holds it to its word. */
export interface StoreCapabilities {
  /** Writes only over what was read. */
  readonly compareAndSwap: boolean
  /** Ends a session for whoever still holds its key. */
  readonly revoke: boolean
  /** Moves the expiry without writing the payload. */
  readonly touch: boolean
  /** Removes expired sessions when told to. */
  readonly clear: boolean
  /** Fills extra columns. */
  readonly columns: boolean
}

/** How expired sessions are removed. */
export interface ClearOptions {
  /** Sessions per statement. Default 1,000. */
  readonly batchSize?: number
  /** Stop after so many milliseconds, between two batches. Default: no limit. */
  readonly maxMs?: number
}

/** How far the removal of expired sessions has come. */
export interface ClearProgress {
  /** Sessions removed by this batch. */
  readonly deleted: number
  /** True in the last report: nothing expired is left, or another worker is at it. */
  readonly done: boolean
}

/** Keeps sessions. Comparing is by bytes, also of keys. */
export interface SessionStore<P = string> {
  /** Its function's name, for messages. */
  readonly name: string
  readonly codec: Codec<P>
  readonly can: StoreCapabilities
  /** The longest key that it takes, where `limits` says less: that of a cookie that is a session. */
  readonly maxKeyLength?: number
  /** Unknown or expired is null. Never creates. */
  load(key: string, call?: Call): Promise<StoredSession<P> | null>
  /**
   * What `load` answers for each of these keys, without those for which it is null. No key is given
   * twice. Where a store has it, loads that are asked at the same time go as one.
   */
  loadMany?(keys: readonly string[], call?: Call): Promise<ReadonlyMap<string, StoredSession<P>>>
  /** Expired sessions count, as in Django. */
  exists(key: string, call?: Call): Promise<boolean>
  /** null: the key is taken. */
  create(key: string, next: NewSession<P>, call?: Call): Promise<KeyedSession<P> | null>
  /**
   * Writes only over `previous`, never creates. An equal payload that somebody else wrote meanwhile
   * is a conflict too: two writers that both add one to a counter make the same payload.
   */
  update(
    key: string,
    next: NewSession<P>,
    previous: StoredSession<P>,
    call?: Call,
  ): Promise<Updated<P>>
  /**
   * What `update` does and answers for each of these, without those that it leaves alone: they are
   * missing, or held by somebody for whom the others must not wait, and `update` sees to them. No key
   * is given twice. Where it is rejected, any of them may have been written, as with `update`: what
   * did nothing at all answers nothing. Where a store has it, updates that are asked at the same time
   * go as one.
   */
  updateMany?(
    updates: ReadonlyArray<KeyedUpdate<P>>,
    call?: Call,
  ): Promise<ReadonlyMap<string, Updated<P>>>
  /** Whether the session is there. */
  touch(key: string, expireDate: Date, call?: Call): Promise<boolean>
  /** With `previous`: only if unchanged since. */
  delete(key: string, previous?: StoredSession<P>, call?: Call): Promise<Deleted>
  clearExpired(options: ClearOptions): AsyncIterable<ClearProgress>
  /**
   * With `djangoExact`, after `load` answered null: whether Django's engine puts an empty session in
   * the place of what it could not read, or what had expired, which this removes. Default: no.
   */
  renews?(key: string, call?: Call): Promise<boolean>
  /** The live sessions that expire last, for `django.check()`. */
  newest?(count: number, call?: Call): Promise<readonly KeyedSession<P>[]>
  /** The engine's own clock, for `django.check()`. */
  serverTime?(call?: Call): Promise<Date>
}
