/**
 * Does things at the same time, but not all.
 *
 * @module
 */

/** Calls a function with each item, with so many calls under way at most. */
export async function forEachOfSome<T>(
  items: readonly T[],
  atOnce: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values()
  const work = async (): Promise<void> => {
    for (const item of waiting) await run(item)
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}
