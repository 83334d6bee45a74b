/**
 * How long whoever was in another's way waits before trying again.
 *
 * @module
 */
import { platform } from '#platform'

/** Milliseconds: at random, up to twice as many each time, and never none. */
export function backOffMs(attempt: number, longestMs: number): number {
  const [random = 0] = platform.randomBytes(1)
  return (Math.min(2 ** attempt, longestMs) * (random + 1)) / 256
}

/** Waits that long. */
export function backOff(attempt: number, longestMs: number): Promise<void> {
  return new Promise((resolve) => platform.delay(resolve, backOffMs(attempt, longestMs)))
}
