/**
 * What all requests of a session service share.
 *
 * @module
 */
import { Deadline } from '../session/deadline.ts'
import { GuardedStore } from '../session/guarded-store.ts'
import { type Codec, jsonFormat } from '../session/codec.ts'
import { defaultLimits } from '../session/limits.ts'
import type {
  ClearOptions,
  ClearProgress,
  SessionStore,
  SessionStoreFactory,
  StoreContext,
} from '../session/store.ts'
import { defaultDjangoVersion, readRelease, resolveSettings } from '../settings.ts'
import { SeenSessions } from './seen-sessions.ts'

/** Settings of Django's that say how dates stand in its table. */
export interface ServiceSettings {
  /** `USE_TZ`. Default true. Must be as in Django. */
  readonly useTz?: boolean
  /** `TIME_ZONE`. Default `America/Chicago`. Matters where `useTz` is false. */
  readonly timeZone?: string
}

/** What the host is made of. */
export interface HostOptions {
  readonly store: SessionStoreFactory
  readonly settings: ServiceSettings
  readonly storeTimeoutMs: number
  readonly maxPayloadBytes: number
  readonly rememberedSize: number
  readonly now: () => Date
}

/** Payloads pass through as they are: whoever holds the secret reads them. */
const unread: Codec = {
  name: 'unread',
  format: jsonFormat(),
  decode: (payload) => payload,
  encode: (text) => text,
  signedAt: () => null,
}

/** The surroundings of a request. */
export class ServiceHost {
  readonly store: GuardedStore
  readonly seen: SeenSessions
  readonly maxPayloadBytes: number
  readonly now: () => Date
  readonly #factory: SessionStoreFactory
  readonly #context: StoreContext
  readonly #storeTimeoutMs: number

  /** @throws ImproperlyConfiguredError for a setting that cannot be. */
  constructor(options: HostOptions) {
    const { store, settings, storeTimeoutMs, maxPayloadBytes, rememberedSize, now } = options
    const codecs = { signed: () => unread, legacy: () => unread }
    this.#context = {
      settings: resolveSettings(settings, readRelease(defaultDjangoVersion)),
      codecs,
      limits: defaultLimits,
      now,
    }
    this.#factory = store
    this.#storeTimeoutMs = storeTimeoutMs
    this.store = new GuardedStore(store(this.#context))
    this.seen = new SeenSessions(rememberedSize)
    this.maxPayloadBytes = maxPayloadBytes
    this.now = now
  }

  /** The time that one request has for the store. */
  deadline(): Deadline {
    return new Deadline(this.#storeTimeoutMs)
  }

  /** Removes one batch of what has expired by this moment, which a store takes for the present. */
  async clearBatch(before: Date, options: ClearOptions): Promise<ClearProgress> {
    const store: SessionStore = this.#factory({ ...this.#context, now: () => before })
    for await (const progress of store.clearExpired(options)) return progress
    return { deleted: 0, done: true }
  }
}
