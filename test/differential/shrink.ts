/**
 * Makes a history as short as it can be.
 *
 * @module
 */
import type { History } from './history.ts'

/** The shortest history that still has what was looked for. */
export async function shrink(
  history: History,
  hasIt: (history: History) => Promise<boolean>,
): Promise<History> {
  const steps = await shrinkList(history.steps, (some) => hasIt({ ...history, steps: some }))
  const settings = await shrinkList(Object.entries(history.settings), (some) =>
    hasIt({ ...history, steps, settings: Object.fromEntries(some) }),
  )
  return { ...history, steps, settings: Object.fromEntries(settings) }
}

/** Leaves out ever smaller parts, until none can go. */
async function shrinkList<T>(
  items: readonly T[],
  isEnough: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let rest = items
  for (
    let size = Math.ceil(items.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < rest.length;) {
      const without = [...rest.slice(0, at), ...rest.slice(at + size)]
      if (await isEnough(without)) rest = without
      else at += size
    }
  }
  return rest
}
