/**
 * A store whose calls end in time and fail with errors of this package.
 *
 * @module
 */
import { type Loaded, loadSender, type ManyLoadingStore } from './coalesce-loads.ts'
import { type ManyUpdatingStore, updateSender } from './coalesce-updates.ts'
import { Coalescer } from './coalesce.ts'
import type { Codec } from './codec.ts'
import type { Deadline } from './deadline.ts'
import { type Guard, GuardedCall, GuardedQuestion } from './guarded-call.ts'
import type {
  Call,
  Deleted,
  KeyedSession,
  KeyedUpdate,
  NewSession,
  SessionStore,
  StoreCapabilities,
  StoredSession,
  Updated,
} from './store.ts'
import { start } from './timed-call.ts'
import { Timeouts } from './timeouts.ts'

/** The store's methods, each bounded by a deadline. */
export class GuardedStore<P = string> {
  readonly #store: SessionStore<P>
  readonly #guard: Guard
  /** null where the store answers one load at a time. */
  readonly #loads: Coalescer<string, Loaded<P>> | null
  /** null where it takes one update at a time. */
  readonly #updates: Coalescer<KeyedUpdate<P>, Updated<P>> | null

  constructor(store: SessionStore<P>) {
    this.#store = store
    this.#guard = { name: store.name, timeouts: new Timeouts() }
    this.#loads = loadsMany(store) ? new Coalescer(loadSender(store)) : null
    this.#updates = updatesMany(store) ? new Coalescer(updateSender(store)) : null
  }

  get name(): string {
    return this.#store.name
  }

  get codec(): Codec<P> {
    return this.#store.codec
  }

  get can(): StoreCapabilities {
    return this.#store.can
  }

  load(key: string, deadline: Deadline): Promise<StoredSession<P> | null> {
    const loads = this.#loads
    if (loads) return this.#ask(loads, 'load', key, deadline)
    return this.#run('load', deadline, (call) => this.#store.load(key, call))
  }

  exists(key: string, deadline: Deadline): Promise<boolean> {
    return this.#run('exists', deadline, (call) => this.#store.exists(key, call))
  }

  create(key: string, next: NewSession<P>, deadline: Deadline): Promise<KeyedSession<P> | null> {
    return this.#run('create', deadline, (call) => this.#store.create(key, next, call))
  }

  update(
    key: string,
    next: NewSession<P>,
    previous: StoredSession<P>,
    deadline: Deadline,
  ): Promise<Updated<P>> {
    const updates = this.#updates
    if (updates) return this.#ask(updates, 'update', { key, next, previous }, deadline)
    return this.#run('update', deadline, (call) => this.#store.update(key, next, previous, call))
  }

  touch(key: string, expireDate: Date, deadline: Deadline): Promise<boolean> {
    return this.#run('touch', deadline, (call) => this.#store.touch(key, expireDate, call))
  }

  delete(
    key: string,
    previous: StoredSession<P> | undefined,
    deadline: Deadline,
  ): Promise<Deleted> {
    return this.#run('delete', deadline, (call) => this.#store.delete(key, previous, call))
  }

  /** Whether Django's engine puts an empty session where there is none to load. */
  renews(key: string, deadline: Deadline): Promise<boolean> {
    const { renews } = this.#store
    if (!renews) return Promise.resolve(false)
    return this.#run('renews', deadline, (call) => renews.call(this.#store, key, call))
  }

  /** null where the store cannot tell. */
  newest(count: number, deadline: Deadline): Promise<readonly KeyedSession<P>[] | null> {
    const { newest } = this.#store
    if (!newest) return Promise.resolve(null)
    return this.#run('newest', deadline, (call) => newest.call(this.#store, count, call))
  }

  /** null where the store cannot tell. */
  serverTime(deadline: Deadline): Promise<Date | null> {
    const { serverTime } = this.#store
    if (!serverTime) return Promise.resolve(null)
    return this.#run('serverTime', deadline, (call) => serverTime.call(this.#store, call))
  }

  #ask<Q, T>(
    coalescer: Coalescer<Q, T>,
    operation: string,
    question: Q,
    deadline: Deadline,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      coalescer.ask(
        new GuardedQuestion(this.#guard, operation, deadline, question, resolve, reject),
      )
    })
  }

  #run<T>(operation: string, deadline: Deadline, work: (call: Call) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = new GuardedCall(this.#guard, operation, deadline, resolve, reject)
      start(() => work(call)).then(
        (value) => call.succeed(value),
        (error: unknown) => call.fail(error),
      )
    })
  }
}

function loadsMany<P>(store: SessionStore<P>): store is SessionStore<P> & ManyLoadingStore<P> {
  return store.loadMany !== undefined
}

function updatesMany<P>(store: SessionStore<P>): store is SessionStore<P> & ManyUpdatingStore<P> {
  return store.updateMany !== undefined
}
