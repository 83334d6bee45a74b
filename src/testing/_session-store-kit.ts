/**
 * What every case of the session store suite works with: a store, a clock that can be set, and
 * sessions to put into it.
 *
 * @module
 */
import { PreciseDate } from '../formats/datetime.ts'
import { type Codec, jsonFormat } from '../session/codec.ts'
import { defaultLimits } from '../session/limits.ts'
import type {
  KeyedSession,
  NewSession,
  SessionStore,
  SessionStoreFactory,
  StoreCapabilities,
  StoredSession,
  StoreSettings,
} from '../session/store.ts'
import { check, same, sameMoment } from './_assert.ts'

/** An empty store, opened for one test. */
export interface OpenedSessionStore<P = string> {
  /** What `createDjango` would be given. Called again, it answers the same store. */
  readonly factory: SessionStoreFactory<P>
  /** Ends it, and removes what was stored. */
  close(): Promise<void>
  /** The longest text of data that it takes, where that is less than a million characters. */
  readonly longest?: number
  /** Writes as a stranger does, past the store and blind. Default: tests with strangers are left out. */
  write?(key: string, payload: P, expireDate: Date): Promise<void>
  /** Where `can.columns` is true: values for extra columns, and a look at what stands in them. */
  readonly columns?: {
    readonly values: Readonly<Record<string, unknown>>
    read(key: string): Promise<Readonly<Record<string, unknown>>>
  }
}

/** One promise of the contract. */
export interface Case {
  readonly name: string
  /** The capability that it is about. Without it, the case is left out, and the store says so. */
  readonly needs?: keyof StoreCapabilities
  run(kit: Kit): Promise<void>
}

/** Data of a session. */
export type Data = Readonly<Record<string, unknown>>

const plainCodec: Codec = {
  name: 'plain',
  format: jsonFormat(),
  decode: (payload) => payload,
  encode: (text) => text,
  signedAt: () => null,
}

const defaultSettings: StoreSettings = {
  sessionCookieAge: 1_209_600,
  sessionCookieName: 'sessionid',
  sessionCookieDomain: null,
  sessionCookieHttponly: true,
  sessionCookiePath: '/',
  sessionCookieSamesite: 'Lax',
  sessionCookieSecure: false,
  useTz: true,
  timeZone: 'America/Chicago',
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** A store under test. Of what type its payloads are, only its codec needs to know. */
export class Kit {
  readonly opened: OpenedSessionStore<unknown>
  readonly store: SessionStore<unknown>
  /** What the store takes for the present, in milliseconds. */
  now: number = Date.now()

  constructor(opened: OpenedSessionStore<unknown>) {
    this.opened = opened
    this.store = this.open()
  }

  /** The same store, in the eyes of a process with other settings. */
  open(settings: Partial<StoreSettings> = {}): SessionStore<unknown> {
    return this.opened.factory({
      settings: { ...defaultSettings, ...settings },
      codecs: { signed: () => plainCodec, legacy: () => plainCodec },
      limits: defaultLimits,
      now: () => new Date(this.now),
    })
  }

  /** A key such as sessions have. */
  key(): string {
    let key = ''
    while (key.length < 32) key += alphabet.charAt(Math.floor(Math.random() * alphabet.length))
    return key
  }

  /** A payload that says so. */
  payload(data: Data): unknown {
    return this.store.codec.encode(JSON.stringify(data))
  }

  /** The data that a payload says. */
  data(payload: unknown): Data {
    return JSON.parse(this.store.codec.decode(payload)) as Data
  }

  /** So many seconds from now. */
  date(inSeconds: number, microsecond = 0): PreciseDate {
    return new PreciseDate(this.now + inSeconds * 1000, microsecond)
  }

  /** A session to be stored. */
  next(data: Data = {}, inSeconds = 3600): NewSession<unknown> {
    return { payload: this.payload(data), expireDate: this.date(inSeconds) }
  }

  /** Stores a session under a key that is free. */
  async create(next: NewSession<unknown> = this.next()): Promise<KeyedSession<unknown>> {
    const created = await this.store.create(this.key(), next)
    check(created !== null, 'a free key is not taken')
    return created
  }

  /** Loads what must be there. */
  async load(key: string): Promise<StoredSession<unknown>> {
    const stored = await this.store.load(key)
    check(stored !== null, 'the session is there')
    return stored
  }

  /** Looks whether exactly this stands in the store. */
  async holds(key: string, next: NewSession<unknown>): Promise<void> {
    const stored = await this.load(key)
    same(stored.payload, next.payload, 'the stored payload')
    sameMoment(stored.expireDate, next.expireDate, 'the stored date')
  }

  /** Looks whether there is no session under this key, expired or not. */
  async isGone(key: string): Promise<void> {
    const what = `of a key without a session (${JSON.stringify(key.slice(0, 40))})`
    same(await this.store.load(key), null, `load() ${what}`)
    same(await this.store.exists(key), false, `exists() ${what}`)
  }

  /** Looks whether every method knows that there is no session under this key. */
  async isUnknown(key: string): Promise<void> {
    const { store } = this
    const next = this.next({ whose: 'nobody' })
    await this.isGone(key)
    same(await store.update(key, next, next), { outcome: 'missing' }, 'update() of no session')
    same(await store.delete(key), 'missing', 'delete() of no session')
    same(await store.delete(key, next), 'missing', 'conditional delete() of no session')
    if (store.can.touch) same(await store.touch(key, this.date(60)), false, 'touch() of no session')
    await this.isGone(key)
  }
}

/** The signal of a call whose time is over. */
export function firedSignal(): AbortSignal {
  return AbortSignal.abort()
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Strings that a careless comparison takes for this one: only what stands between letters differs. */
export function lookalikes(text: string): string[] {
  return [
    text.toUpperCase(),
    text.replace(/[aeiou]/, (vowel) => `${vowel}\u0301`.normalize('NFC')),
    `${text} `,
    ` ${text}`,
    `${text}\t`,
  ].filter((other) => other !== text)
}

/** Keys that no session has. None of them may fail. */
export const oddKeys: readonly string[] = [
  '',
  'a\u0000bcdefghij',
  '\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000',
  'lone-surrogate-\ud800',
  "' OR '1'='1' -- ",
  '" OR ""="',
  '%%%%%%%%%%',
  '__________',
  '\\\\\\\\\\\\\\\\\\\\',
  '$1$2$3$4$5',
  '????????:name',
  '../../../../etc/passwd',
  'naïve-ключ-鍵-🔑',
  'line\nbreak\r\nand\ttab',
  'x'.repeat(10_000),
]
