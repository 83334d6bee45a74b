/**
 * The session store suite: what `update` and `touch` promise.
 *
 * @module
 */
import type { KeyedUpdate, StoredSession, Updated } from '../session/store.ts'
import { check, rejects, same, sameMoment } from './_assert.ts'
import { type Case, firedSignal, type Kit, lookalikes, oddKeys } from './_session-store-kit.ts'

/** Cases about writing to a session that is there. */
export const updating: readonly Case[] = [
  {
    name: 'writes over what was read, payload and date',
    async run(kit) {
      const { key, stored } = await kit.create()
      const next = kit.next({ a: 2 }, 7200)
      const updated = await kit.store.update(key, next, stored)
      check(updated.outcome === 'saved', 'an update over what was read is saved')
      same(updated.stored.payload, next.payload, 'the answered payload')
      await kit.holds(updated.key, next)
    },
  },
  {
    name: 'writes again over what an update answered',
    async run(kit) {
      let { key, stored } = await kit.create()
      for (let count = 1; count <= 5; count++) {
        const updated = await kit.store.update(key, kit.next({ count }), stored)
        check(updated.outcome === 'saved', 'an update over an update is saved')
        key = updated.key
        stored = updated.stored
      }
      same(kit.data((await kit.load(key)).payload), { count: 5 }, 'the data at the end')
    },
  },
  {
    name: 'refuses what others wrote over meanwhile, and answers what they wrote',
    needs: 'compareAndSwap',
    async run(kit) {
      const { key, stored } = await kit.create()
      const theirs = kit.next({ whose: 'theirs' }, 7200)
      await kit.store.update(key, theirs, stored)
      const current = await conflict(kit, key, stored)
      same(current.payload, theirs.payload, 'what stands there, as the conflict answers it')
      sameMoment(current.expireDate, theirs.expireDate, 'its date')
      await kit.holds(key, theirs)
      const second = await kit.store.update(key, kit.next({ whose: 'both' }), current)
      same(second.outcome, 'saved', 'an update over what the conflict answered')
    },
  },
  {
    name: 'refuses what a stranger wrote over blindly',
    needs: 'compareAndSwap',
    async run(kit) {
      if (!kit.opened.write) return
      const { key, stored } = await kit.create()
      const theirs = kit.next({ whose: 'theirs' })
      await kit.opened.write(key, theirs.payload, theirs.expireDate)
      same((await conflict(kit, key, stored)).payload, theirs.payload, 'what stands there')
      await kit.holds(key, theirs)
    },
  },
  {
    name: 'makes no session of an update: one that was deleted does not come back',
    needs: 'revoke',
    async run(kit) {
      const { key, stored } = await kit.create()
      await kit.store.delete(key)
      const updated = await kit.store.update(key, kit.next({ whose: 'slow' }), stored)
      same(updated, { outcome: 'missing' }, 'an update of a deleted session')
      await kit.isGone(key)
    },
  },
  {
    name: 'saves what changes nothing, as often as it is written',
    async run(kit) {
      const next = kit.next({ a: 1 })
      let { key, stored } = await kit.create(next)
      for (let count = 0; count < 3; count++) {
        const updated = await kit.store.update(key, next, stored)
        check(updated.outcome === 'saved', 'an update that changes nothing is saved')
        key = updated.key
        stored = updated.stored
      }
      await kit.holds(key, next)
    },
  },
  {
    name: 'refuses also where others wrote the very same: who counts from 5 to 6 must count on',
    needs: 'compareAndSwap',
    async run(kit) {
      const { key, stored } = await kit.create(kit.next({ count: 5 }))
      const next = kit.next({ count: 6 })
      same((await kit.store.update(key, next, stored)).outcome, 'saved', 'the first to count')
      const second = await kit.store.update(key, next, stored)
      check(second.outcome === 'conflict', 'the second to count is told of the first')
      same(second.current.payload, next.payload, 'what stands there')
    },
  },
  {
    name: 'moves the date under an identical payload',
    async run(kit) {
      const { key, stored } = await kit.create()
      const later = { payload: stored.payload, expireDate: kit.date(9000) }
      const updated = await kit.store.update(key, later, stored)
      check(updated.outcome === 'saved', 'an update of the date alone is saved')
      await kit.holds(updated.key, later)
    },
  },
  {
    name: 'compares payloads byte for byte',
    needs: 'compareAndSwap',
    async run(kit) {
      const text = 'a session of no great interest'
      const { key, stored } = await kit.create(kit.next({ text }))
      for (const other of lookalikes(text)) {
        const previous = { ...stored, payload: kit.payload({ text: other }), version: 'unknown' }
        const updated = await kit.store.update(key, kit.next({ text: 'new' }), previous)
        same(updated.outcome, 'conflict', `an update over ${JSON.stringify(other)}`)
      }
      same(kit.data((await kit.load(key)).payload), { text }, 'the data')
    },
  },
  {
    name: 'saves a session that expired while it was used, as Django does',
    needs: 'clear',
    async run(kit) {
      const { key, stored } = await kit.create(kit.next({}, 60))
      kit.now += 61_000
      const next = kit.next({ a: 1 })
      same((await kit.store.update(key, next, stored)).outcome, 'saved', 'an update after the end')
      await kit.holds(key, next)
    },
  },
  {
    name: 'writes nothing for a call whose time is over',
    async run(kit) {
      const next = kit.next({ a: 1 })
      const { key, stored } = await kit.create(next)
      const call = { signal: firedSignal() }
      const late = kit.store.update(key, kit.next({ late: true }), stored, call)
      await rejects(late, 'update() with a fired signal')
      await rejects(kit.store.load(key, call), 'load() with a fired signal')
      await kit.holds(key, next)
    },
  },
  {
    name: 'updates many at once as it updates each, if it does',
    async run(kit) {
      const { store } = kit
      if (!store.updateMany) return
      for (const count of [1, 2, 5, 21]) {
        const news = await Promise.all(Array.from({ length: count }, () => updateOf(kit)))
        const saved = [...news, await updateOf(kit, 'old')]
        const conflicts = [await updateOf(kit), await updateOf(kit)]
        const standing = [kit.next({ data: 'theirs' }, 60), conflicts[1]?.next ?? kit.next()]
        for (const [at, { key, previous }] of conflicts.entries()) {
          await store.update(key, standing[at] ?? kit.next(), previous)
        }
        const gone = await updateOf(kit)
        await store.delete(gone.key)
        const missing = [gone.key, kit.key(), ...lookalikes(gone.key), ...oddKeys]
        const outcomes = await store.updateMany([
          ...missing.map((key) => ({ ...gone, key })),
          ...conflicts,
          ...saved,
        ])
        for (const { key, next } of saved) {
          const updated = outcomes.get(key)
          check(updated?.outcome === 'saved', 'an update over what was read is saved')
          same(updated.stored.payload, next.payload, 'the answered payload')
          sameMoment(updated.stored.expireDate, next.expireDate, 'the answered date')
          await kit.holds(updated.key, next)
        }
        for (const [at, { key }] of conflicts.entries()) {
          const theirs = standing[at] ?? kit.next()
          const updated = outcomes.get(key)
          check(updated?.outcome === 'conflict', 'an update over what others wrote is a conflict')
          same(updated.current.payload, theirs.payload, 'what stands there')
          sameMoment(updated.current.expireDate, theirs.expireDate, 'its date')
          await kit.holds(key, theirs)
        }
        for (const key of missing) {
          same(outcomes.get(key)?.outcome ?? 'missing', 'missing', 'an update of no session')
          await kit.isGone(key)
        }
      }
    },
  },
  {
    name: 'updates none of many for a call whose time is over, if it updates many',
    async run(kit) {
      const updates = await Promise.all([updateOf(kit), updateOf(kit)])
      const late = kit.store.updateMany?.(updates, { signal: firedSignal() })
      if (!late) return
      await rejects(late, 'updateMany() with a fired signal')
      for (const { key, previous } of updates) {
        same((await kit.load(key)).payload, previous.payload, 'the stored payload')
      }
    },
  },
  {
    name: 'touches: moves the date and nothing else',
    needs: 'touch',
    async run(kit) {
      const next = kit.next({ a: 1 })
      const { key } = await kit.create(next)
      for (const date of [kit.date(9000, 123), kit.date(9000, 123), kit.date(60)]) {
        same(await kit.store.touch(key, date), true, 'touch() of a session')
        await kit.holds(key, { ...next, expireDate: date })
      }
    },
  },
  {
    name: 'touches so that a session ends',
    needs: 'touch',
    async run(kit) {
      const { key } = await kit.create()
      await kit.store.touch(key, kit.date(-1))
      same(await kit.store.load(key), null, 'load() after the date was moved to the past')
    },
  },
  {
    name: 'touches without getting in the way of an update',
    needs: 'touch',
    async run(kit) {
      const { key, stored } = await kit.create()
      await kit.store.touch(key, kit.date(9000))
      const updated = await kit.store.update(key, kit.next({ a: 1 }), stored)
      same(updated.outcome, 'saved', 'an update over a payload whose date was moved')
    },
  },
]

/** An update of a session that was just made with old data. */
async function updateOf(kit: Kit, data = 'new'): Promise<KeyedUpdate<unknown>> {
  const { key, stored } = await kit.create(kit.next({ data: 'old' }))
  const next = { payload: kit.payload({ data }), expireDate: kit.date(7200, 123) }
  return { key, next, previous: stored }
}

async function conflict(
  kit: Kit,
  key: string,
  previous: StoredSession<unknown>,
): Promise<StoredSession<unknown>> {
  const updated: Updated<unknown> = await kit.store.update(
    key,
    kit.next({ whose: 'ours' }),
    previous,
  )
  check(updated.outcome === 'conflict', 'an update over what is not there any more is a conflict')
  return updated.current
}
