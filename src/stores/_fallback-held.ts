/**
 * Sessions that are held in a second store while the first is down, and moved there when it is back.
 *
 * @module
 */
import type {
  Call,
  Deleted,
  KeyedSession,
  NewSession,
  SessionStore,
  StoredSession,
  Updated,
} from '../session/store.ts'
import { type Breaker, isOutage } from './_fallback-breaker.ts'

/**
 * What the keys of sessions end with that were made in the second store: whoever meets one knows
 * where to look, in any process, and no other session depends on the second store. With it, keys are
 * 40 characters long, the width of Django's column.
 */
const mark = 'fallback'

/** What versions begin with of what was read in the second store. */
const heldVersion = 'held:'

/** Sessions that are moved at a time, by what the second store tells. */
const mostOfOthers = 1000

/** After a move that failed, in milliseconds. */
const pauseMs = 1000

/** Whether a session was made while the first store was down. */
export function isHeldKey(key: string): boolean {
  return key.endsWith(mark)
}

/** What became of sessions that were held. */
export interface HeldEvents {
  /** So many were moved to the first store. */
  onSaved(sessions: number): void
  /** So many were changed on both sides, and what was held of them was dropped. */
  onUnsaved(sessions: number): void
}

/** A pair of stores. */
export class HeldSessions {
  readonly #first: SessionStore
  readonly #second: SessionStore
  readonly #breaker: Breaker
  readonly #events: HeldEvents
  /** When sessions end whose second store does not tell. */
  readonly #defaultExpiry: () => Date
  /** Keys that this process knows to be held, with what was moved of them so far. */
  readonly #known = new Map<string, StoredSession | null>()
  readonly #moving = new Map<string, Promise<StoredSession | null>>()
  #isSaving = false
  #saveAgainAt = 0

  constructor(
    first: SessionStore,
    second: SessionStore,
    breaker: Breaker,
    events: HeldEvents,
    defaultExpiry: () => Date,
  ) {
    this.#first = first
    this.#second = second
    this.#breaker = breaker
    this.#events = events
    this.#defaultExpiry = defaultExpiry
  }

  /** Looks into the first store, and, where that is down or has none, into the second. */
  async load(key: string, call?: Call): Promise<StoredSession | null> {
    const found = await this.#orHeld(
      () => this.#breaker.run('load', (own) => this.#first.load(key, own), call),
      async () => {
        const held = await this.#second.load(key, call)
        return held && tag(held)
      },
    )
    return found ?? this.#move(key, call)
  }

  async exists(key: string, call?: Call): Promise<boolean> {
    const isThere = await this.#orHeld(
      () => this.#breaker.run('exists', (own) => this.#first.exists(key, own), call),
      async () => (await this.#second.exists(key, call)) || null,
    )
    return isThere || this.#second.exists(key, call)
  }

  async touch(key: string, expireDate: Date, call?: Call): Promise<boolean> {
    const isThere = await this.#orHeld(
      () => this.#breaker.run('touch', (own) => this.#first.touch(key, expireDate, own), call),
      async () => (await this.#second.touch(key, expireDate, call)) || null,
    )
    return isThere || this.#second.touch(key, expireDate, call)
  }

  /** Makes a session in the second store, under a key that says so. */
  async create(key: string, next: NewSession, call?: Call): Promise<KeyedSession | null> {
    const created = await this.#second.create(key + mark, next, call)
    if (created === null) return null
    this.#known.set(created.key, null)
    return { key: created.key, stored: tag(created.stored) }
  }

  /** Writes to where the session was read. Null: it was not read in the second store. */
  async update(
    key: string,
    next: NewSession,
    previous: StoredSession,
    call?: Call,
  ): Promise<Updated | null> {
    const held = untag(previous)
    if (held === null) return null
    const updated = await this.#second.update(key, next, held, call)
    switch (updated.outcome) {
      case 'saved':
        if (!this.#known.has(key)) this.#known.set(key, null)
        return { ...updated, stored: tag(updated.stored) }
      case 'conflict':
        return { ...updated, current: tag(updated.current) }
      default:
        // It was moved since it was read: the payload says whether it was changed, too.
        return this.#breaker.run(
          'update',
          (own) => this.#first.update(key, next, withoutVersion(held), own),
          call,
        )
    }
  }

  /** Deletes in both stores: it may have been moved. */
  async delete(key: string, previous: StoredSession | undefined, call?: Call): Promise<Deleted> {
    const held = previous && untag(previous)
    if (held === null) {
      return this.#breaker.run('delete', (own) => this.#first.delete(key, previous, own), call)
    }
    const deleted = await this.#second.delete(key, held, call)
    if (deleted === 'conflict') return deleted
    const moved = held && withoutVersion(held)
    try {
      const others = await this.#breaker.run(
        'delete',
        (own) => this.#first.delete(key, moved, own),
        call,
      )
      return deleted === 'deleted' ? deleted : others
    } catch (error) {
      if (isOutage(error) && deleted === 'deleted') return deleted
      throw error
    }
  }

  /** Moves what this process knows to be held. What fails is left to a later time. */
  async saveKnown(): Promise<void> {
    if (this.#known.size === 0 || performance.now() < this.#saveAgainAt) return
    await this.#save(() => Promise.resolve([...this.#known.keys()]))
  }

  /** The same with what other processes left, where the second store tells. */
  async saveAll(): Promise<void> {
    await this.#save(async () => {
      const others = (await this.#second.newest?.(mostOfOthers)) ?? []
      return [...this.#known.keys(), ...others.map(({ key }) => key).filter(isHeldKey)]
    })
  }

  async #save(find: () => Promise<readonly string[]>): Promise<void> {
    if (this.#isSaving) return
    this.#isSaving = true
    try {
      for (const key of new Set(await find())) await this.#move(key)
    } catch {
      // The first store is down again, or the second is.
      this.#saveAgainAt = performance.now() + pauseMs
    } finally {
      this.#isSaving = false
    }
  }

  /** What the first store answers; what is held while it is down, and an error where nothing is. */
  async #orHeld<T>(ask: () => Promise<T>, askSecond: () => Promise<T | null>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      const held = isOutage(error) ? await askSecond() : null
      if (held === null) throw error
      return held
    }
  }

  /** Whoever wants a session that is on its way waits for it. */
  #move(key: string, call?: Call): Promise<StoredSession | null> {
    const moving = this.#moving.get(key) ?? this.#moveAlone(key, call)
    this.#moving.set(key, moving)
    const forget = (): void => {
      if (this.#moving.get(key) === moving) this.#moving.delete(key)
    }
    moving.then(forget, forget)
    return moving
  }

  /**
   * Moves one session: made in the first store before it is deleted in the second, so that it is
   * always in one of them. Who made it there deletes it here, and nobody else.
   *
   * @returns What stands in the first store then.
   */
  async #moveAlone(key: string, call?: Call): Promise<StoredSession | null> {
    const held = await this.#second.load(key, call)
    const moved = this.#known.get(key) ?? null
    const present = held && (moved ?? (await this.#make(key, held, call)))
    if (held === null || present === null) {
      this.#known.delete(key)
      const isNew = held === null && moved === null
      return isNew ? null : this.#breaker.run('load', (own) => this.#first.load(key, own), call)
    }
    this.#known.set(key, present)
    const isSaved = await this.#letGo(key, held, present, call)
    this.#known.delete(key)
    if (isSaved) this.#events.onSaved(1)
    return this.#breaker.run('load', (own) => this.#first.load(key, own), call)
  }

  /** Null: another process made it. */
  async #make(key: string, held: StoredSession, call?: Call): Promise<StoredSession | null> {
    const { payload } = held
    const expireDate = held.expireDate ?? this.#defaultExpiry()
    const created = await this.#breaker.run(
      'create',
      (own) => this.#first.create(key, { payload, expireDate }, own),
      call,
    )
    return created?.stored ?? null
  }

  /**
   * Deletes what was moved; what was written to it meanwhile comes over first.
   *
   * @returns Whether the first store has now what was held.
   */
  async #letGo(
    key: string,
    first: StoredSession,
    base: StoredSession,
    call?: Call,
  ): Promise<boolean> {
    let [held, present] = [first, base]
    for (;;) {
      const isSame = held.payload === present.payload
      const updated = isSame ? null : await this.#bringOver(key, held, present, call)
      if (updated && updated.outcome !== 'saved') return this.#giveUp(key, held, updated, call)
      if (updated) present = updated.stored
      const deleted = await this.#second.delete(key, held, call)
      if (deleted === 'deleted') return true
      const next = deleted === 'conflict' ? await this.#second.load(key, call) : null
      if (next === null) return this.#undo(key, present, call)
      held = next
    }
  }

  #bringOver(
    key: string,
    held: StoredSession,
    present: StoredSession,
    call?: Call,
  ): Promise<Updated> {
    const next = { payload: held.payload, expireDate: held.expireDate ?? this.#defaultExpiry() }
    return this.#breaker.run('update', (own) => this.#first.update(key, next, present, own), call)
  }

  /** What was changed on both sides is reported; what was ended in the first store stays ended. */
  async #giveUp(
    key: string,
    held: StoredSession,
    { outcome }: Updated,
    call?: Call,
  ): Promise<false> {
    await this.#second.delete(key, held, call)
    if (outcome === 'conflict') this.#events.onUnsaved(1)
    return false
  }

  /** It was ended while it was moved: it must not live on. */
  async #undo(key: string, present: StoredSession, call?: Call): Promise<false> {
    await this.#breaker.run('delete', (own) => this.#first.delete(key, present, own), call)
    return false
  }
}

function tag(stored: StoredSession): StoredSession {
  const { payload, expireDate, version = '' } = stored
  return { payload, expireDate, version: heldVersion + version }
}

/** As the second store gave it; null for what it did not. */
function untag({ payload, expireDate, version }: StoredSession): StoredSession | null {
  if (!version?.startsWith(heldVersion)) return null
  const own = version.slice(heldVersion.length)
  return { payload, expireDate, ...(own !== '' && { version: own }) }
}

function withoutVersion({ payload, expireDate }: StoredSession): StoredSession {
  return { payload, expireDate }
}
