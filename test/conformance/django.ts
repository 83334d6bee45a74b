/**
 * A `django` with the settings of a vector, over the memory store, in everything as Django is.
 *
 * @module
 */
import {
  type Codecs,
  createDjango,
  type Django,
  type DjangoOptions,
  type DjangoVersion,
  type SessionStore,
  type StoreContext,
} from 'async-django'
import { memoryStore } from 'async-django/stores/memory'

import { PreciseDate } from '../../src/formats/datetime.ts'
import { releasesOf, type Vector } from './vector.ts'

/** What a check works with. */
export interface Site {
  readonly django: Django
  readonly store: SessionStore
  readonly codecs: Codecs
  /** The clock; it may be set. */
  now: Date
}

/** Names in a vector's settings that are no settings of ours: the clock, and how it was made. */
const foreign = /^(?:now|database|SESSION_ENGINE|DEFAULT_HASHING_ALGORITHM)$/

/**
 * Wires a site.
 *
 * @param release - Default: the newest of those that made the vector, or 4.2 where all are older.
 * @param keep - What becomes of the memory store, for a check that watches or replaces it.
 * @param parts - What takes part beside the session. Default nothing.
 */
export function djangoOf(
  vector: Vector,
  release: string = releasesOf(vector).at(-1) ?? '4.2',
  keep: (store: SessionStore, codecs: Codecs, context: StoreContext) => SessionStore = (store) =>
    store,
  parts: Pick<DjangoOptions, 'csrf' | 'messages'> = {},
): Site {
  const made: { store: SessionStore; codecs: Codecs }[] = []
  const clock = { now: momentOf(vector) }
  const django = createDjango({
    ...parts,
    settings: { secretKey: 'key', timeZone: 'UTC', useTz: true, ...settingsOf(vector) },
    djangoVersion: release as DjangoVersion,
    djangoExact: true,
    now: () => clock.now,
    store: (context) => {
      const store = keep(memoryStore()(context), context.codecs, context)
      made.push({ store, codecs: context.codecs })
      return store
    },
  })
  const [{ store, codecs }] = made as [{ store: SessionStore; codecs: Codecs }]
  return Object.assign(clock, { django, store, codecs })
}

/** `SESSION_COOKIE_AGE` is `sessionCookieAge`. */
function settingsOf({ settings }: Vector): object {
  const own = Object.entries(settings).filter(([name]) => !foreign.test(name))
  return Object.fromEntries(own.map(([name, value]) => [camelCase(name), value]))
}

function camelCase(name: string): string {
  return name.toLowerCase().replaceAll(/_(.)/g, (_all, letter: string) => letter.toUpperCase())
}

/** The frozen clock, to the microsecond: plain dates have no public form of that precision. */
export function momentOf({ settings }: Vector): PreciseDate {
  const micros = Math.round(Number(settings['now'] ?? 0) * 1e6)
  return new PreciseDate(Math.floor(micros / 1000), micros % 1000)
}
