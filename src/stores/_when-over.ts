/**
 * What a store's work does when nobody waits for it any more.
 *
 * @module
 */
import type { Call } from '../session/store.ts'

/** The error of a call whose time is over, with a code by which it is told from others. */
export function callIsOver(code: string): Error {
  return Object.assign(new Error('The time of the call is over.'), { code })
}

/**
 * Calls a function once the time of a call is over, or at once where it is. A signal costs more than
 * many a command: it is asked for where there is nothing else.
 */
export function whenOver(call: Call, listener: () => void): void {
  if (call.onTimeout) return call.onTimeout(listener)
  const { signal } = call
  if (signal?.aborted) listener()
  else signal?.addEventListener('abort', listener, { once: true })
}
