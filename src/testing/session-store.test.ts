import { describe, expect, test } from 'vitest'

import type { KeyedUpdate, SessionStore, SessionStoreFactory, Updated } from '../session/store.ts'
import { memoryStore } from '../stores/memory.ts'
import { testSessionStore } from './session-store.ts'

/** Runs the suite, or the tests with such names, and answers the names of those that failed. */
async function failures(
  factory: () => SessionStoreFactory,
  only: RegExp = /./,
  close: () => Promise<void> = async () => {},
): Promise<string[]> {
  const declared = new Map<string, () => Promise<void>>()
  testSessionStore(
    { test: (name, run) => declared.set(name, run) },
    { open: async () => ({ factory: factory(), close }) },
  )
  const failed: string[] = []
  for (const [name, run] of declared) {
    if (only.test(name)) await run().catch(() => failed.push(name))
  }
  return failed
}

/** Stores that break one promise each, and the test that must fail there. */
const flaws: Readonly<Record<string, readonly [(store: SessionStore) => object, caught: RegExp]>> =
  {
    'loads what has expired': [
      (store) => ({
        load: async (key) => {
          const { stored } = (await store.newest?.(1000))?.find((row) => row.key === key) ?? {}
          return stored ?? (await store.load(key)) ?? ((await store.exists(key)) ? row : null)
        },
      }),
      /keeps an expired session to itself/,
    ],
    'makes a session of an unknown key': [
      (store) => ({
        async load(key) {
          if (!(await store.exists(key))) await store.create(key, row)
          return store.load(key)
        },
      }),
      /makes no session of it/,
    ],
    'does not count expired sessions': [
      (store) => ({ exists: async (key) => (await store.load(key)) !== null }),
      /counts expired sessions/,
    ],
    'takes keys in any case': [
      (store) => ({
        load: (key) => store.load(key.toLowerCase()),
        exists: (key) => store.exists(key.toLowerCase()),
      }),
      /takes no key for one that looks like it/,
    ],
    'trims keys': [
      (store) => ({ exists: (key) => store.exists(key.trim()) }),
      /takes no key for one that looks like it/,
    ],
    'chokes on NUL': [
      (store) => ({
        async load(key) {
          if (key.includes('\u0000')) throw new Error('invalid byte sequence')
          return store.load(key)
        },
      }),
      /takes any text for a key/,
    ],
    'writes over a taken key': [
      (store) => ({
        async create(key, next, call) {
          await store.delete(key)
          return store.create(key, next, call)
        },
      }),
      /answers null for a key that is taken/,
    ],
    'gives the key of an expired session away': [
      (store) => ({
        async create(key, next, call) {
          if ((await store.load(key)) === null) await store.delete(key)
          return store.create(key, next, call)
        },
      }),
      /answers null for a key that an expired session has/,
    ],
    'looks before it creates, and then creates': [
      (store) => ({
        async create(key, next) {
          if (await store.exists(key)) return null
          await new Promise((resolve) => setTimeout(resolve, 1))
          await store.delete(key)
          return store.create(key, next)
        },
      }),
      /gives a key to one of many/,
    ],
    'writes blindly': [
      (store) => ({
        async update(key, next) {
          const current = await store.load(key)
          return current ? store.update(key, next, current) : { outcome: 'missing' }
        },
      }),
      /refuses what others wrote over meanwhile/,
    ],
    'looks before it writes, and then writes': [
      (store) => ({
        async update(key, next, previous) {
          const current = await store.load(key)
          const isSame = current?.payload === previous.payload
          if (current && !isSame) return { outcome: 'conflict', current }
          await new Promise((resolve) => setTimeout(resolve, 1))
          return store.update(key, next, (await store.load(key)) ?? previous)
        },
      }),
      /keeps what 12 writers change/,
    ],
    'takes an equal payload for its own': [
      (store) => ({
        async update(key, next, previous) {
          const updated = await store.update(key, next, previous)
          const isEqual = updated.outcome === 'conflict' && updated.current.payload === next.payload
          return isEqual ? { outcome: 'saved', key, stored: updated.current } : updated
        },
      }),
      /increments/,
    ],
    'counts changed rows': [
      (store) => ({
        async update(key, next, previous) {
          const isSame = next.payload === previous.payload
          return isSame ? { outcome: 'missing' } : store.update(key, next, previous)
        },
      }),
      /saves what changes nothing/,
    ],
    'keeps the date of an identical payload': [
      (store) => ({
        async update(key, next, previous) {
          const isSame = next.payload === previous.payload
          return isSame
            ? { outcome: 'saved', key, stored: next }
            : store.update(key, next, previous)
        },
      }),
      /moves the date under an identical payload/,
    ],
    'brings a deleted session back': [
      (store) => ({
        async update(key, next, previous) {
          const updated = await store.update(key, next, previous)
          if (updated.outcome === 'missing') await store.create(key, next)
          return updated
        },
      }),
      /does not come back/,
    ],
    'answers a conflict with what was read': [
      (store) => ({
        async update(key, next, previous) {
          const updated = await store.update(key, next, previous)
          return updated.outcome === 'conflict' ? { ...updated, current: previous } : updated
        },
      }),
      /answers what they wrote/,
    ],
    'compares payloads in any case': [
      (store) => ({
        async update(key, next, previous) {
          const current = (await store.load(key)) ?? previous
          const isAlike = current.payload.toLowerCase() === previous.payload.toLowerCase()
          return store.update(key, next, isAlike ? current : previous)
        },
      }),
      /compares payloads byte for byte/,
    ],
    'refuses a session that expired meanwhile': [
      (store) => ({
        async update(key, next, previous) {
          const isThere = (await store.load(key)) !== null
          return isThere ? store.update(key, next, previous) : { outcome: 'missing' }
        },
      }),
      /saves a session that expired while it was used/,
    ],
    'writes many blindly': [
      (store) => ({
        updateMany: many(async ({ key, next }) => {
          const current = await store.load(key)
          return current ? store.update(key, next, current) : { outcome: 'missing' }
        }),
      }),
      /updates many at once/,
    ],
    'writes many and forgets one': [
      (store) => ({
        updateMany: many(({ key, next, previous }) => store.update(key, next, previous), 1),
      }),
      /updates many at once/,
    ],
    'writes many after their time is over': [
      (store) => ({
        updateMany: many(({ key, next, previous }) => store.update(key, next, previous)),
      }),
      /updates none of many/,
    ],
    'writes after its time is over': [
      (store) => ({ update: (key, next, previous) => store.update(key, next, previous) }),
      /writes nothing for a call whose time is over/,
    ],
    'creates after its time is over': [
      (store) => ({ create: (key, next) => store.create(key, next) }),
      /stores nothing for a call whose time is over/,
    ],
    'deletes after its time is over': [
      (store) => ({ delete: (key, previous) => store.delete(key, previous) }),
      /deletes nothing for a call whose time is over/,
    ],
    'touches what is not there': [
      (store) => ({ touch: (key, date) => store.touch(key, date).then(() => true) }),
      /takes any text for a key/,
    ],
    'does not touch': [() => ({ touch: async () => true }), /moves the date and nothing else/],
    'deletes whatever stands there': [
      (store) => ({ delete: (key, _previous, call) => store.delete(key, undefined, call) }),
      /leaves what was written over/,
    ],
    'says that it deleted what was not there': [
      (store) => ({
        delete: (key, previous, call) => store.delete(key, previous, call).then(() => 'deleted'),
      }),
      /says whether there was one/,
    ],
    'drops microseconds': [
      (store) => ({
        async load(key, call) {
          const stored = await store.load(key, call)
          return stored && { ...stored, expireDate: new Date(stored.expireDate ?? 0) }
        },
      }),
      /keeps dates to the microsecond/,
    ],
    'clears one batch and no more': [
      (store) => ({
        async *clearExpired(options) {
          for await (const report of store.clearExpired(options)) {
            yield { ...report, done: true }
            return
          }
        },
      }),
      /goes by batches/,
    ],
    'clears all in one batch': [
      (store) => ({
        clearExpired: () => store.clearExpired({}),
      }),
      /goes by batches/,
    ],
    'clears on and on': [
      (store) => ({
        clearExpired: ({ batchSize = 1000 }) => store.clearExpired({ batchSize }),
      }),
      /stops between two batches/,
    ],
    'never says that it is done': [
      (store) => ({
        async *clearExpired(options) {
          for await (const report of store.clearExpired(options)) yield { ...report, done: false }
        },
      }),
      /says that it is done/,
    ],
    'hands out what it keeps': [
      (store) => {
        const handedOut = new Map<string, Awaited<ReturnType<SessionStore['load']>>>()
        return {
          async load(key) {
            const stored = handedOut.get(key) ?? (await store.load(key))
            handedOut.set(key, stored)
            return stored
          },
        }
      },
      /hands out nothing that is still its own/,
    ],
    'names the sessions that expire first': [
      (store) => ({
        newest: async (count) => (await store.newest?.(1000))?.toReversed().slice(0, count) ?? [],
      }),
      /names the live sessions/,
    ],
    'tells another time': [
      () => ({ serverTime: async () => new Date(Date.now() + 172_800_000) }),
      /tells the time/,
    ],
    'is not modest about compareAndSwap': [
      ({ can }) => ({ can: { ...can, compareAndSwap: false } }),
      /^unable: compareAndSwap/,
    ],
    'is not modest about revoke': [
      ({ can }) => ({ can: { ...can, revoke: false } }),
      /^unable: revoke/,
    ],
    'is not modest about touch': [
      ({ can }) => ({ can: { ...can, touch: false } }),
      /^unable: touch/,
    ],
    'is not modest about clear': [
      ({ can }) => ({ can: { ...can, clear: false } }),
      /^unable: clear/,
    ],
    'boasts of columns': [({ can }) => ({ can: { ...can, columns: true } }), /extra columns/],
  } satisfies Record<string, readonly [(store: SessionStore) => Partial<SessionStore>, RegExp]>

/** An `updateMany` that is made of one, and forgets so many of the last. */
function many(
  one: (update: KeyedUpdate) => Promise<Updated>,
  forgotten = 0,
): NonNullable<SessionStore['updateMany']> {
  return async (updates) => {
    const outcomes = new Map<string, Updated>()
    for (const update of updates.slice(0, updates.length - forgotten)) {
      outcomes.set(update.key, await one(update))
    }
    return outcomes
  }
}

const row = { payload: '{}', expireDate: new Date(Date.now() + 60_000) }

describe('testSessionStore', () => {
  test('passes a store that keeps the contract', async () => {
    expect(await failures(() => memoryStore())).toEqual([])
  })

  test('passes one that updates many at once', async () => {
    const capable: SessionStoreFactory = (context) => {
      const store = memoryStore()(context)
      return {
        ...store,
        async updateMany(updates, call) {
          call?.signal?.throwIfAborted()
          return many(({ key, next, previous }) => store.update(key, next, previous))(updates)
        },
      }
    }
    expect(await failures(() => capable, /^updating/)).toEqual([])
  })

  test.each(Object.entries(flaws))('catches a store that %s', async (_name, [flaw, which]) => {
    const flawed = (): SessionStoreFactory => {
      const shared = memoryStore()
      return (context) => {
        const store = shared(context)
        return { ...store, ...flaw(store) }
      }
    }
    expect(await failures(flawed, which)).not.toEqual([])
  })

  test('tells of what a store declares that it cannot, once', async () => {
    const notes: string[] = []
    const runs: Array<() => Promise<void>> = []
    const modest: SessionStoreFactory = (context) => {
      const store = memoryStore()(context)
      return {
        ...store,
        can: { ...store.can, touch: false },
        touch: async () => false,
      }
    }
    testSessionStore(
      { test: (_name, run) => runs.push(run), note: (message) => notes.push(message) },
      { open: async () => ({ factory: modest, close: async () => {} }) },
    )
    for (const run of runs) await run()
    expect(notes.sort()).toEqual(['columns: cannot, as declared', 'touch: cannot, as declared'])
  })

  test('closes what it opened, also where a test fails', async () => {
    let open = 0
    const broken = (): SessionStoreFactory => {
      open += 1
      return (context) => ({ ...memoryStore()(context), load: async () => null })
    }
    const close = async (): Promise<void> => {
      open -= 1
    }
    expect((await failures(broken, /^(?:creating|deleting)/, close)).length).toBeGreaterThan(3)
    expect(open).toBe(0)
  })
})
