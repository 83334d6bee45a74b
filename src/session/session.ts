/**
 * A visitor's session. Mirrors `django.contrib.sessions.backends.base.SessionBase`; where Django
 * loads on first use, here one awaits `load()`.
 *
 * @module
 */
import type { Expiry, ExpiryOptions } from './expiry.ts'
import { expiryKey, storedExpiry } from './expiry.ts'
import type { SessionHost } from './host.ts'
import { SessionCore, type SessionOrigin } from './session-core.ts'

/** The data of a session: the declared keys, none of which need be there, and any others. */
export type LiveData<D extends object = Record<string, unknown>> = Partial<D> & {
  [key: string]: unknown
}

/** A key of the data: a declared one, or any other. */
export type DataKey<D extends object = Record<string, unknown>> = (keyof D & string) | (string & {})

/** What there is at a key that is there: of the declared type, or of one that is not known. */
export type DataValue<D extends object, K extends string> = (Required<D> & {
  [key: string]: unknown
})[K]

/** What a function returns that is done when it returns: no promise. */
export type Synchronous<T> = T extends PromiseLike<unknown> ? never : T

/** How to save. */
export interface SaveOptions {
  /** Write in any case, also an empty new session, as Django does. Default false. */
  readonly force?: boolean
}

const testCookieName = 'testcookie'
const testCookieValue = 'worked'

let readCore: (session: object) => SessionCore
let readOrigin: (session: object) => SessionOrigin | null

/** The machinery of a session, for this package. */
export function coreOf(session: object): SessionCore {
  return readCore(session)
}

/** Where a session comes from; null for what is none. */
export function originOf(session: object): SessionOrigin | null {
  return readOrigin(session)
}

/** A session that can be read only: it has no method that writes, and never sets a cookie. */
export class ReadOnlySession<D extends object = Record<string, unknown>> {
  readonly #host: SessionHost
  readonly #origin: SessionOrigin
  /** Made at the first use: until then a session costs nothing. */
  #opened: SessionCore | null = null

  static {
    readCore = (session) => (session as ReadOnlySession).#core
    readOrigin = (session) => (#origin in session ? session.#origin : null)
  }

  /** Use `django.sessions.get(key)`. */
  constructor(host: SessionHost, origin: SessionOrigin) {
    this.#host = host
    this.#origin = origin
  }

  get #core(): SessionCore {
    return (this.#opened ??= new SessionCore(this.#host, this.#origin))
  }

  /** The session key; null for a new visitor, and for a key that turned out to be unknown. */
  get key(): string | null {
    return this.#core.row.key
  }

  /** When the stored session expires, where the store tells. */
  get expireDate(): Date | null {
    return this.#core.row.expireDate
  }

  /**
   * Reads the session, once; answers this object, loaded.
   *
   * @throws StoreError; SessionDataError where the data does not fit the schema.
   */
  load(): Promise<this> {
    return this.#core.loadChecked(this)
  }

  /** Reads the session again, as others may have changed it. Own changes that wait for `save()` stay. */
  async reload(): Promise<this> {
    await this.#core.reload()
    this.#core.checkSchema()
    return this
  }

  /** The data: a plain object that can be read and changed; `save()` finds the changes. */
  get data(): LiveData<D> {
    return this.#core.draft.live as LiveData<D>
  }

  /** The value at a key, or a fallback; null without one. */
  get<K extends DataKey<D>>(key: K): DataValue<D, K> | null
  get<K extends DataKey<D>, F>(key: K, fallback: F): DataValue<D, K> | F
  get(key: string, fallback: unknown = null): unknown {
    return this.#core.draft.get(key) ?? (this.has(key) ? null : fallback)
  }

  /** Whether there is a value at a key. */
  has(key: string): boolean {
    return this.#core.draft.has(key)
  }

  /** The keys of the data. */
  keys(): string[] {
    return Object.keys(this.data)
  }

  /** The values of the data. */
  values(): unknown[] {
    return Object.values(this.data)
  }

  /** Pairs of key and value. */
  items(): Array<[string, unknown]> {
    return Object.entries(this.data)
  }

  /** Whether there is neither a key nor data. */
  isEmpty(): boolean {
    return this.#core.isEmpty
  }

  /** Whether the session was loaded or written. */
  get accessed(): boolean {
    return this.#core.accessed
  }

  /**
   * Seconds until the session ends.
   *
   * @throws SessionDataError for an expiry that is no date.
   */
  getExpiryAge(options: ExpiryOptions = {}): number {
    const expiry = 'expiry' in options ? options.expiry : this.#core.expiry
    return this.#core.reader.expiry.age(expiry, options.modification)
  }

  /**
   * When the session ends.
   *
   * @throws SessionDataError for an expiry that is no date.
   */
  getExpiryDate(options: ExpiryOptions = {}): Date {
    const expiry = 'expiry' in options ? options.expiry : this.#core.expiry
    return this.#core.reader.expiry.date(expiry, options.modification)
  }

  /** Whether the cookie goes when the browser is closed. */
  getExpireAtBrowserClose(): boolean {
    return this.#core.reader.expiry.atBrowserClose(this.#core.expiry)
  }

  /** Seconds that sessions live by the settings. */
  getSessionCookieAge(): number {
    return this.#core.host.settings.sessionCookieAge
  }

  /** Whether the browser sent back the cookie that `setTestCookie()` made it take. */
  testCookieWorked(): boolean {
    return this.get(testCookieName) === testCookieValue
  }

  /** The data, for `JSON.stringify`; integers past 2^53 become text. */
  toJSON(): unknown {
    return plain(this.#core.draft.live)
  }
}

/** A visitor's session. */
export class Session<D extends object = Record<string, unknown>> extends ReadOnlySession<D> {
  /** Whether the session was loaded or written. */
  override get accessed(): boolean {
    return coreOf(this).accessed
  }

  override set accessed(value: boolean) {
    coreOf(this).accessed = value
  }

  /**
   * Whether the session was written to, through its methods. Set it to true to have the session
   * saved in any case, to false to have what was changed until now taken for what is stored.
   */
  get modified(): boolean {
    return coreOf(this).modified
  }

  set modified(value: boolean) {
    coreOf(this).modified = value
  }

  /** Gives a key a value. */
  set<K extends DataKey<D>>(key: K, value: DataValue<D, K>): void {
    coreOf(this).set(key, value)
  }

  /** Removes a key. Answers whether it was there. */
  delete(key: string): boolean {
    return coreOf(this).delete(key)
  }

  /** Removes a key and answers its value, or a fallback; null without one. */
  pop<K extends DataKey<D>>(key: K): DataValue<D, K> | null
  pop<K extends DataKey<D>, F>(key: K, fallback: F): DataValue<D, K> | F
  pop(key: string, fallback: unknown = null): unknown {
    const value: unknown = this.get(key, fallback)
    this.delete(key)
    return value
  }

  /** The value at a key; where there is none, gives it this one. */
  setdefault<K extends DataKey<D>>(key: K, value: DataValue<D, K>): DataValue<D, K> {
    if (this.has(key)) return this.data[key] as DataValue<D, K>
    this.set(key, value)
    return value
  }

  /** Gives several keys their values. */
  update(values: Partial<D> | LiveData<D>): void {
    coreOf(this).update(values)
  }

  /** Removes all keys. The session key stays; see `flush()`. */
  clear(): void {
    coreOf(this).clear()
  }

  /**
   * Gives the session an end of its own: in so many seconds of inactivity, with the browser (0), at
   * a moment, after a length of time; null returns to the general rule.
   */
  setExpiry(expiry: Expiry): void {
    const core = coreOf(this)
    if (expiry === null) return void core.delete(expiryKey)
    const { settings, now } = core.host
    core.set(expiryKey, storedExpiry(expiry, settings, now))
  }

  /** Leaves a mark by which the next request can tell that the browser takes cookies. */
  setTestCookie(): void {
    coreOf(this).set(testCookieName, testCookieValue)
  }

  /** Removes that mark. */
  deleteTestCookie(): void {
    this.delete(testCookieName)
  }

  /**
   * Stores what changed, and nothing if nothing did. What others wrote meanwhile is kept: changes
   * are replayed key by key on what stands in the store. The snapshot is taken at once.
   *
   * @returns Whether anything was written.
   * @throws SessionInterruptedError where the session was deleted; SessionConflictError;
   *   SessionDataError for data that cannot be stored; SecretMismatchError; HeadersSentError;
   *   StoreError.
   */
  save(options: SaveOptions = {}): Promise<boolean> {
    return coreOf(this).save(options.force ?? false)
  }

  /**
   * Read, change and write that nobody can come between: runs the function on the data as it stands
   * in the store now, and again after a conflict. For counters, carts and lists.
   *
   * @param run - Changes the data; must be synchronous. If it throws, nothing is written.
   * @returns What the function returned.
   * @throws SessionConflictError after fifty conflicts; else as `save()`.
   * @example
   * ```ts
   * await session.change((data) => { data.visits = (data.visits ?? 0) + 1 })
   * ```
   */
  change<T>(run: (data: LiveData<D>) => Synchronous<T>): Promise<T> {
    return coreOf(this).change((data) => run(data as LiveData<D>) as T)
  }

  /** Stores the data under a new key, whatever there is under the present one. Throws as `save()`. */
  create(): Promise<void> {
    return coreOf(this).create()
  }

  /**
   * Moves the session, with its data, to a new key, so that the old one is worth nothing any more:
   * at a login, say. Throws as `save()`.
   */
  cycleKey(): Promise<void> {
    return coreOf(this).cycleKey()
  }

  /** Deletes the session, data and key: the logout. Throws as `save()`. */
  flush(): Promise<void> {
    return coreOf(this).flush()
  }
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    Object.defineProperty(copy, key, { value: plain(member), enumerable: true })
  }
  return copy
}
