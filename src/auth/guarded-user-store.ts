/**
 * A user store whose calls end in time and fail with errors of this package.
 *
 * @module
 */
import { Deadline } from '../session/deadline.ts'
import { type Guard, GuardedCall } from '../session/guarded-call.ts'
import type { Call } from '../session/store.ts'
import { start } from '../session/timed-call.ts'
import { Timeouts } from '../session/timeouts.ts'
import type { UserModel } from './user-model.ts'
import type {
  StoredPermissions,
  StoredUser,
  UpdateOptions,
  UserChanges,
  UserKey,
  UserStore,
} from './user-store.ts'

/** The store's methods, each bounded by a deadline of its own. */
export class GuardedUserStore {
  readonly #store: UserStore
  readonly #guard: Guard
  readonly #timeoutMs: number

  constructor(store: UserStore, timeoutMs: number) {
    this.#store = store
    this.#guard = { name: store.name, timeouts: new Timeouts() }
    this.#timeoutMs = timeoutMs
  }

  get model(): UserModel {
    return this.#store.model
  }

  load(key: UserKey): Promise<StoredUser | null> {
    return this.#run('load', (call) => this.#store.load(key, call))
  }

  find(field: string, text: string): Promise<readonly StoredUser[]> {
    return this.#run('find', (call) => this.#store.find(field, text, call))
  }

  create(user: UserChanges): Promise<UserKey | null> {
    return this.#run('create', (call) => this.#store.create(user, call))
  }

  update(key: UserKey, changes: UserChanges, options: UpdateOptions = {}): Promise<boolean> {
    return this.#run('update', (call) => this.#store.update(key, changes, options, call))
  }

  permissions(key: UserKey): Promise<StoredPermissions> {
    return this.#run('permissions', (call) => this.#store.permissions(key, call))
  }

  allPermissions(): Promise<readonly string[]> {
    return this.#run('allPermissions', (call) => this.#store.allPermissions(call))
  }

  #run<T>(operation: string, work: (call: Call) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = new Deadline(this.#timeoutMs)
      const call = new GuardedCall(this.#guard, operation, deadline, resolve, reject)
      start(() => work(call)).then(
        (value) => call.succeed(value),
        (error: unknown) => call.fail(error),
      )
    })
  }
}
