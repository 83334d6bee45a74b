/**
 * Django's signals of logins. Mirrors `django.contrib.auth.signals`.
 *
 * @module
 */
import type { User } from './user.ts'

/** A session that an event is about. */
export interface EventSession {
  readonly key: string | null
}

/** The events, with what each tells. */
export interface UserEvents<U extends object> {
  /** Somebody logged in; the session is not saved yet. */
  readonly userLoggedIn: { readonly user: User<U>; readonly session: EventSession }
  /** Somebody logged out; null where nobody was logged in. The session is still there. */
  readonly userLoggedOut: { readonly user: User<U> | null; readonly session: EventSession }
  /** Credentials that no backend took, with what is secret in them left out. */
  readonly userLoginFailed: {
    readonly credentials: Readonly<Record<string, unknown>>
    readonly exchange: unknown
  }
}

/** The name of an event. */
export type UserEvent = keyof UserEvents<object>

/** Told of an event, and waited for: what it throws, the login or logout throws. */
export type UserListener<U extends object, E extends UserEvent> = (
  event: UserEvents<U>[E],
) => Promise<void> | void

/** Tells listeners, one after the other. */
export class UserSignals<U extends object> {
  readonly #listeners = new Map<UserEvent, Set<UserListener<U, never>>>()

  /** Calls the listener at every such event, until the returned function is called. */
  on<E extends UserEvent>(event: E, listener: UserListener<U, E>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set()
    listeners.add(listener)
    this.#listeners.set(event, listeners)
    return () => listeners.delete(listener)
  }

  /** Whether anybody listens. */
  has(event: UserEvent): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0
  }

  async send<E extends UserEvent>(event: E, told: UserEvents<U>[E]): Promise<void> {
    for (const listener of this.#listeners.get(event) ?? []) {
      await (listener as UserListener<U, E>)(told)
    }
  }
}
