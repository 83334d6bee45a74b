/**
 * Loads on their way to a store that answers several as one.
 *
 * @module
 */
import { PreciseDate } from '../formats/datetime.ts'
import type { QuestionSender } from './coalesce.ts'
import type { SessionStore, StoredSession } from './store.ts'

/** A store that answers several loads at once. */
export type ManyLoadingStore<P> = Pick<SessionStore<P>, 'load'> &
  Required<Pick<SessionStore<P>, 'loadMany'>>

/** What a load is answered. */
export type Loaded<P> = StoredSession<P> | null

/** Sends loads, by their keys. */
export function loadSender<P>(store: ManyLoadingStore<P>): QuestionSender<string, Loaded<P>> {
  return {
    isWriting: false,
    leastInBatch: 2,
    mostInBatch: 200,
    sendOne: (key, call) => store.load(key, call),
    async sendMany(asked, call) {
      const keys = [...new Set(asked)]
      const [key] = keys
      const isOne = key !== undefined && keys.length === 1
      const found: ReadonlyMap<string, Loaded<P>> = isOne
        ? new Map([[key, await store.load(key, call)]])
        : await store.loadMany(keys, call)
      const answers = asked.map((one) => found.get(one) ?? null)
      return keys.length === asked.length ? answers : answers.map(copyOf)
    },
  }
}

/** Loads of one key share its payload, and no date: that could be set. */
function copyOf<P>(stored: Loaded<P>): Loaded<P> {
  if (stored === null) return null
  const { payload, expireDate, version } = stored
  const date = expireDate && PreciseDate.from(expireDate)
  return {
    payload,
    expireDate: date && new PreciseDate(date.getTime(), date.microsecond),
    ...(version !== undefined && { version }),
  }
}
