/**
 * What every case of the adapter suite works with: a store that can be watched and stopped, sites
 * that are served over HTTP, and a clock that can be set.
 *
 * @module
 */
import type { Guard } from '../auth/guards.ts'
import type { UserStoreFactory } from '../auth/user-store-factory.ts'
import type { createDjango, Django, DjangoOptions } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import type { SessionStore, SessionStoreFactory } from '../session/store.ts'
import { Site } from './_adapter-site.ts'
import { check } from './_assert.ts'

/** The session that a handler sees, whatever it may be typed as. */
export type AnySession = ReturnType<Django['sessions']['get']>

/** The user that a handler sees, whatever it may be typed as. */
export type AnyUser = ReturnType<Django['users']['fromSession']>

/** A session, loaded. */
export type LoadedSession = Awaited<ReturnType<AnySession['load']>>

/** What a handler is given. */
export interface AdapterVisit {
  /** What the adapter hands out; looking at this property must be what asks the adapter for it. */
  readonly session: AnySession
  /** The same, of the visitor; the suite looks only where there are users. */
  readonly user: AnyUser
}

/** How a handler answers. */
export interface AdapterAnswer {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text that is sent whole, or parts that are sent as they come; default: nothing. */
  readonly body?: string | AsyncIterable<string>
}

/** What the suite has a site do with each of its requests. */
export type AdapterHandler = (visit: AdapterVisit) => Promise<AdapterAnswer>

/** A site that is served. */
export interface ServedSite {
  /** Where, without a slash at the end. */
  readonly url: string
  close(): Promise<void>
}

/** What is to be tested, and what is needed for it. */
export interface AdapterSuite {
  readonly createDjango: typeof createDjango
  /** A store to work with: `memoryStore()` will do. */
  store(): SessionStoreFactory
  /** A store of users: `memoryUserStore()` will do. */
  users(): UserStoreFactory
  /**
   * Serves a site over HTTP, by the adapter with these options, and with a guard before its handler
   * if there is one. Errors go to `fail`, as the
   * framework's own error handling has them: what that answers is to be what `fail` returns.
   */
  serve(site: {
    readonly django: Django
    readonly options: AdapterOptions
    readonly guard: Guard | null
    readonly handle: AdapterHandler
    readonly fail: (error: unknown) => AdapterAnswer
  }): Promise<ServedSite>
}

/** One promise of the contract. */
export interface Case {
  readonly name: string
  run(kit: Kit): Promise<void>
}

/** How a site is set up. */
export interface SiteOptions extends Omit<DjangoOptions, 'settings' | 'store' | 'now'> {
  readonly settings?: Partial<DjangoOptions['settings']>
  readonly adapter?: AdapterOptions
  readonly guard?: Guard
  /** One that is there already. Default: one that is made with these options. */
  readonly django?: Django
}

type Operation = 'load' | 'exists' | 'create' | 'update' | 'touch' | 'delete'

const operations: readonly Operation[] = ['load', 'exists', 'create', 'update', 'touch', 'delete']

/** A name that the suite's own error page is known by. */
export const errorHeader = 'x-error'

/** One test's surroundings. */
export class Kit {
  /** What servers take for the present, in milliseconds. */
  now: number = Date.parse('2030-01-01T00:00:00Z')
  /** The store's calls since somebody last cleared them. */
  readonly calls: Operation[] = []
  readonly #suite: AdapterSuite
  readonly #served: ServedSite[] = []
  readonly #store: SessionStoreFactory
  /** What a site with users is set up with: all of a test have the same ones. */
  readonly withUsers: SiteOptions
  #opened: SessionStore | null = null
  readonly #before = new Map<Operation, () => unknown>()

  constructor(suite: AdapterSuite) {
    this.#suite = suite
    this.#store = suite.store()
    this.withUsers = { users: suite.users(), djangoVersion: '5.2' }
  }

  /** A process over this test's store, that no site is served by. */
  process(options: SiteOptions = {}): Django {
    const { adapter: _adapter, guard: _guard, django: _django, settings, ...rest } = options
    return this.#suite.createDjango({
      ...rest,
      settings: { secretKey: 'the secret of the adapter suite', ...settings },
      store: (context) => this.#watch((this.#opened ??= this.#store(context))),
      now: () => new Date(this.now),
    }) as Django
  }

  /** Runs a task before every call of an operation: throw, or wait. */
  before(operation: Operation, task: () => unknown): void {
    this.#before.set(operation, task)
  }

  #watch(store: SessionStore): SessionStore {
    const watched = operations.map((operation) => {
      const method = store[operation] as (...args: readonly unknown[]) => unknown
      const call = async (...args: readonly unknown[]): Promise<unknown> => {
        this.calls.push(operation)
        await this.#before.get(operation)?.()
        return Reflect.apply(method, store, args)
      }
      return [operation, call]
    })
    return { ...store, ...(Object.fromEntries(watched) as object) }
  }

  /** Serves a site. */
  async serve(handle: AdapterHandler, options: SiteOptions = {}): Promise<Site> {
    const errors: unknown[] = []
    const served = await this.#suite.serve({
      django: options.django ?? this.process(options),
      options: options.adapter ?? {},
      guard: options.guard ?? null,
      handle,
      fail: (error) => {
        errors.push(error)
        return errorPage(error)
      },
    })
    this.#served.push(served)
    return new Site(served.url, errors)
  }

  /** Stores a session. Answers its key. */
  async makeSession(data: Readonly<Record<string, unknown>> = { kept: true }): Promise<string> {
    const session = this.process().sessions.get(null)
    session.update(data)
    await session.save()
    check(session.key !== null, 'a session that is saved has a key')
    this.calls.length = 0
    return session.key
  }

  /** What stands in the store; null for no session. */
  async dataOf(key: string): Promise<object | null> {
    const session = await this.process().sessions.get(key).load()
    return session.key === null ? null : { ...session.data }
  }

  /** Whether there is a session, expired or not. */
  exists(key: string): Promise<boolean> {
    return this.process().sessions.exists(key)
  }

  async close(): Promise<void> {
    for (const served of this.#served) await served.close()
  }
}

function errorPage(error: unknown): AdapterAnswer {
  const isObject = typeof error === 'object' && error !== null
  const status: unknown = isObject ? Reflect.get(error, 'status') : null
  const code: unknown = isObject ? Reflect.get(error, 'code') : null
  return {
    status: typeof status === 'number' ? status : 500,
    headers: { [errorHeader]: String(code) },
    body: 'the error page',
  }
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Has so many wait for each other, and gives each its number. */
export function barrier(count: number): () => Promise<number> {
  let arrived = 0
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return async () => {
    const number = ++arrived
    if (arrived === count) open()
    await opened
    return number
  }
}
