/**
 * A store that may be down, without the site being down: calls end in time, a store that fails again
 * and again is left alone for a while, and what happens meanwhile is for you to choose. Needs
 * `cockatiel` 3.2 or later.
 *
 * - *A typed error*: requests that need their session fail at once with a 503, and others do not.
 * - *Anonymous and read-only*: the same store, and `createDjango({ onStoreError: 'anonymous' })`.
 * - *A second store*: what begins meanwhile is kept there, and moved when the first is back. A session
 *   that is in the first store is not in the second: to its visitor one of the above applies.
 *
 * While a session cannot be read, its cookie is neither set nor deleted.
 *
 * @module
 */
import { ImproperlyConfiguredError } from '../errors.ts'
import type {
  ClearOptions,
  ClearProgress,
  SessionStore,
  SessionStoreFactory,
  StoredSession,
} from '../session/store.ts'
import { Breaker, isOutage } from './_fallback-breaker.ts'
import { HeldSessions, isHeldKey } from './_fallback-held.ts'
import { platform } from '#platform'

/** What happens to the stores, for operators. */
export type FallbackEvent =
  /** The first store is left alone. */
  | { readonly type: 'down' }
  /** It answers again. */
  | { readonly type: 'up' }
  /** So many sessions were moved from the second store to the first. */
  | { readonly type: 'saved'; readonly sessions: number }
  /** So many were changed in both stores; what was in the second is dropped. */
  | { readonly type: 'unsaved'; readonly sessions: number }

/** Options of `fallbackStore`. */
export interface FallbackStoreOptions {
  /**
   * Where sessions that begin while the first store is down are kept until it is back: a store of its
   * own, which all processes of the site share and nobody else uses. Default: nowhere.
   */
  readonly second?: SessionStoreFactory
  /** What a call of either store may take, in milliseconds. Default 1,000. */
  readonly timeoutMs?: number
  /** Calls in a row that fail before a store is left alone. Default 5. */
  readonly failures?: number
  /** For how long, in milliseconds, before one call tries it again. Default 5,000. */
  readonly retryAfterMs?: number
  /** Told of what happens. Default: what was not saved is a warning of the process. */
  readonly onEvent?: (event: FallbackEvent) => void
}

/**
 * Keeps sessions where `first` does, as long as that answers.
 *
 * @throws ImproperlyConfiguredError for an option that cannot be, and, in `createDjango`, for two
 *   stores whose payloads are not alike.
 * @example
 * ```ts
 * const store = fallbackStore(postgresStore(pool), { second: postgresStore(poolElsewhere) })
 * const django = createDjango({ settings, store, onStoreError: 'anonymous' })
 * ```
 */
export function fallbackStore(
  first: SessionStoreFactory,
  options: FallbackStoreOptions = {},
): SessionStoreFactory {
  const { second, onEvent = warnOfLoss } = options
  const limits = {
    timeoutMs: positive('timeoutMs', options.timeoutMs ?? 1000),
    failures: positive('failures', options.failures ?? 5),
    retryAfterMs: positive('retryAfterMs', options.retryAfterMs ?? 5000),
  }
  const breaker = new Breaker(limits)
  breaker.onChange((isDown) => onEvent({ type: isDown ? 'down' : 'up' }))
  return (context) => {
    const inner = first(context)
    const store = guarded(inner, breaker)
    if (!second) return store
    const holder = guarded(second(context), new Breaker(limits))
    checkPair(store, holder)
    const age = context.settings.sessionCookieAge * 1000
    const held = new HeldSessions(
      inner,
      holder,
      breaker,
      {
        onSaved: (sessions) => onEvent({ type: 'saved', sessions }),
        onUnsaved: (sessions) => onEvent({ type: 'unsaved', sessions }),
      },
      () => new Date(context.now().getTime() + age),
    )
    breaker.onSuccess(() => void held.saveKnown())
    breaker.onChange((isDown) => {
      if (!isDown) void held.saveAll()
    })
    return paired(store, holder, held)
  }
}

function warnOfLoss({ type }: FallbackEvent): void {
  if (type !== 'unsaved') return
  platform.warn(
    'fallbackStore',
    'fallbackStore() dropped changes that were made while the store was down: the same session was ' +
      'changed there since. Give it onEvent to be told of each.',
  )
}

function positive(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new ImproperlyConfiguredError(option, 'must be a whole number above 0.')
}

/** Sessions move from one to the other as they are. */
function checkPair(first: SessionStore, second: SessionStore): void {
  if (first.codec.name !== second.codec.name) {
    throw new ImproperlyConfiguredError(
      'second',
      `keeps payloads as "${second.codec.name}", and the first store as "${first.codec.name}".`,
    )
  }
  for (const needed of ['compareAndSwap', 'revoke'] as const) {
    if (first.can[needed] && second.can[needed]) continue
    throw new ImproperlyConfiguredError('second', `both stores must be able to ${needed}.`)
  }
}

/** A store whose calls go through a breaker. Clearing does not: nobody waits for it. */
function guarded(store: SessionStore, breaker: Breaker): SessionStore {
  const { loadMany, newest, serverTime } = store
  return {
    name: 'fallbackStore',
    codec: store.codec,
    can: store.can,
    load: (key, call) => breaker.run('load', (own) => store.load(key, own), call),
    ...(loadMany && {
      loadMany: (keys, call) =>
        breaker.run('loadMany', (own) => loadMany.call(store, keys, own), call),
    }),
    exists: (key, call) => breaker.run('exists', (own) => store.exists(key, own), call),
    create: (key, next, call) => breaker.run('create', (own) => store.create(key, next, own), call),
    update: (key, next, previous, call) =>
      breaker.run('update', (own) => store.update(key, next, previous, own), call),
    touch: (key, expireDate, call) =>
      breaker.run('touch', (own) => store.touch(key, expireDate, own), call),
    delete: (key, previous, call) =>
      breaker.run('delete', (own) => store.delete(key, previous, own), call),
    clearExpired: (options) => store.clearExpired(options),
    ...(newest && {
      newest: (count, call) => breaker.run('newest', (own) => newest.call(store, count, own), call),
    }),
    ...(serverTime && {
      serverTime: (call) => breaker.run('serverTime', (own) => serverTime.call(store, own), call),
    }),
  }
}

/** The same with a second store. Only what was made there is looked for there. */
function paired(first: SessionStore, second: SessionStore, held: HeldSessions): SessionStore {
  const { loadMany } = first
  return {
    ...first,
    can: {
      ...first.can,
      touch: first.can.touch && second.can.touch,
      columns: first.can.columns && second.can.columns,
    },
    load: (key, call) => (isHeldKey(key) ? held.load(key, call) : first.load(key, call)),
    ...(loadMany && {
      async loadMany(keys, call) {
        const found = new Map<string, StoredSession>()
        for (const key of keys.filter(isHeldKey)) {
          const stored = await held.load(key, call)
          if (stored) found.set(key, stored)
        }
        const others = keys.filter((key) => !isHeldKey(key))
        if (others.length === 0) return found
        return new Map([...found, ...(await loadMany(others, call))])
      },
    }),
    exists: (key, call) => (isHeldKey(key) ? held.exists(key, call) : first.exists(key, call)),
    async create(key, next, call) {
      try {
        return await first.create(key, next, call)
      } catch (error) {
        // If it was made all the same, nobody is told its key, and it expires.
        if (isOutage(error)) return held.create(key, next, call)
        throw error
      }
    },
    async update(key, next, previous, call) {
      const updated = await held.update(key, next, previous, call)
      return updated ?? first.update(key, next, previous, call)
    },
    touch: (key, expireDate, call) =>
      isHeldKey(key) ? held.touch(key, expireDate, call) : first.touch(key, expireDate, call),
    delete: (key, previous, call) =>
      isHeldKey(key) ? held.delete(key, previous, call) : first.delete(key, previous, call),
    clearExpired: (options) => clearBoth(first, second, options),
  }
}

async function* clearBoth(
  first: SessionStore,
  second: SessionStore,
  options: ClearOptions,
): AsyncGenerator<ClearProgress> {
  if (second.can.clear) {
    for await (const { deleted } of second.clearExpired(options)) {
      if (deleted > 0) yield { deleted, done: false }
    }
  }
  yield* first.clearExpired(options)
}
