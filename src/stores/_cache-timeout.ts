/**
 * How long caches are told to keep sessions. Django tells them the session's age; a store is given
 * its date, which was worked out from that age a moment ago.
 *
 * @module
 */

/** Milliseconds until a date, at least 0. What is 0 is not kept at all, as in Django. */
export function millisecondsUntil(expireDate: Date, now: Date): number {
  return Math.max(expireDate.getTime() - now.getTime(), 0)
}

/**
 * Seconds until a date, at least 0: the session's age again where it is a whole number, and never
 * less than what is left.
 */
export function secondsUntil(expireDate: Date, now: Date): number {
  return Math.ceil(millisecondsUntil(expireDate, now) / 1000)
}
