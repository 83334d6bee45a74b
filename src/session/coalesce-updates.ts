/**
 * Updates on their way to a store that takes several as one.
 *
 * @module
 */
import type { QuestionSender } from './coalesce.ts'
import type { KeyedUpdate, SessionStore, Updated } from './store.ts'

/** A store that takes several updates at once. */
export type ManyUpdatingStore<P> = Pick<SessionStore<P>, 'update'> &
  Required<Pick<SessionStore<P>, 'updateMany'>>

/** Sends updates. Of those of one session, the first goes with others. */
export function updateSender<P>(
  store: ManyUpdatingStore<P>,
): QuestionSender<KeyedUpdate<P>, Updated<P>> {
  return {
    isWriting: true,
    leastInBatch: 4,
    mostInBatch: 50,
    sendOne: ({ key, next, previous }, call) => store.update(key, next, previous, call),
    async sendMany(updates, call) {
      const firsts = new Map<string, KeyedUpdate<P>>()
      for (const update of updates) if (!firsts.has(update.key)) firsts.set(update.key, update)
      const outcomes = await store.updateMany([...firsts.values()], call)
      return updates.map((update) =>
        firsts.get(update.key) === update ? outcomes.get(update.key) : undefined,
      )
    },
  }
}
