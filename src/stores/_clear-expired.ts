/**
 * How stores remove expired sessions: batch by batch, never all under one lock.
 *
 * @module
 */
import { invalidArgument } from '../errors.ts'
import type { ClearOptions, ClearProgress } from '../session/store.ts'
import { platform } from '#platform'

/** What came of one batch. */
export interface ClearedBatch {
  readonly deleted: number
  /** Nothing expired is left, or another worker is at it. */
  readonly isLast: boolean
}

/**
 * Removes batches until the last one.
 *
 * @throws TypeError for a size that is none.
 */
export async function* clearInBatches(
  clearBatch: (batchSize: number) => Promise<ClearedBatch>,
  { batchSize = 1000, maxMs = Number.POSITIVE_INFINITY }: ClearOptions,
): AsyncGenerator<ClearProgress> {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw invalidArgument('batchSize must be a whole number above 0.')
  }
  const startedAt = performance.now()
  for (;;) {
    const { deleted, isLast } = await clearBatch(batchSize)
    yield { deleted, done: isLast }
    if (isLast || performance.now() - startedAt >= maxMs) return
    await turn()
  }
}

/** Lets other work in: a driver that answers at once would hold the event loop from batch to batch. */
function turn(): Promise<void> {
  return new Promise((resolve) => platform.afterTurn(resolve))
}
