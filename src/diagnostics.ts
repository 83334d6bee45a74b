/**
 * What happens inside, for operators: typed listeners on one `django`, and Node's
 * `diagnostics_channel` under the name `async-django:<event>`. No event holds a session key, a
 * payload or a secret; a visitor is named by a digest.
 *
 * @module
 */
import type { CsrfReason, PayloadProblem } from './errors.ts'
import { platform } from '#platform'

/** The events, with what each tells. */
export interface DiagnosticsEvents {
  /**
   * A stored session cannot be decoded; it reads as empty. Django logs "Session data corrupted". No
   * session is named where a payload was decoded by itself.
   */
  'session.corrupt': {
    readonly session: string | null
    readonly reason: 'badSignature' | PayloadProblem
  }
  /** This request and another changed the same top-level keys; ours were kept, or deleted. */
  'session.conflict': { readonly session: string; readonly keys: readonly string[] }
  /** A session was moved to a new key, because its row cannot be decoded. */
  'session.moved': { readonly session: string }
  /** A session was deleted while a request used it. */
  'session.interrupted': { readonly session: string }
  /** The store failed, and the visitor is treated as anonymous, as `onStoreError` says. */
  'session.outage': { readonly store: string; readonly code: string }
  /** `startClearing` removed a batch of expired sessions; `total` counts those of this run. */
  'sessions.cleared': { readonly deleted: number; readonly total: number; readonly done: boolean }
  /** A run of `startClearing` failed; the next one comes at its time. */
  'sessions.notCleared': { readonly store: string; readonly code: string }
  /** A request carried a cookie of this name more than once; the last was taken, as in Django. */
  'cookie.duplicate': { readonly name: string; readonly count: number }
  /** A cookie with `Secure` was sent over a connection that does not look secure. */
  'cookie.insecureTransport': { readonly name: string; readonly host: string }
  /** A request was refused for its CSRF token, `Origin` or `Referer`. Django logs "Forbidden". */
  'csrf.rejected': { readonly reason: CsrfReason; readonly message: string; readonly path: string }
  /** A proxy seems to serve HTTPS, and `secureProxySslHeader` does not say so. */
  'proxy.undeclared': { readonly host: string }
  /** Messages were dropped, as the cookie that holds them has no room for more. */
  'messages.dropped': { readonly count: number }
}

/** The name of an event. */
export type DiagnosticsEvent = keyof DiagnosticsEvents

type Listener<E extends DiagnosticsEvent> = (message: DiagnosticsEvents[E]) => void

/** Tells listeners and channels; costs next to nothing where there are none. */
export class Diagnostics {
  readonly #listeners = new Map<DiagnosticsEvent, Set<Listener<never>>>()

  /** Calls the listener at every such event, until the returned function is called. */
  on<E extends DiagnosticsEvent>(event: E, listener: Listener<E>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set()
    listeners.add(listener)
    this.#listeners.set(event, listeners)
    return () => listeners.delete(listener)
  }

  /** The message is made only where somebody listens; a listener that throws stops nothing. */
  publish<E extends DiagnosticsEvent>(event: E, message: () => DiagnosticsEvents[E]): void {
    const channel = platform.channel(`async-django:${event}`)
    const listeners = this.#listeners.get(event)
    if (!channel.hasSubscribers && !listeners?.size) return
    const told = message()
    channel.publish(told)
    for (const listener of listeners ?? []) notify(listener as Listener<E>, told)
  }
}

function notify<E extends DiagnosticsEvent>(
  listener: Listener<E>,
  told: DiagnosticsEvents[E],
): void {
  try {
    listener(told)
  } catch (error) {
    platform.warn('listener', `A listener of async-django threw: ${String(error)}`)
  }
}

/** A name for a session that does not give its key away, the same wherever it is computed. */
export function sessionDigest(key: string): string {
  const digest = platform.hash('sha256', platform.encodeUtf8(`async-django.diagnostics:${key}`))
  return platform.encodeBase64url(digest).slice(0, 16)
}
