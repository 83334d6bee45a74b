/**
 * The session store suite: what `delete` promises.
 *
 * @module
 */
import { rejects, same } from './_assert.ts'
import { type Case, firedSignal, lookalikes } from './_session-store-kit.ts'

/** Cases about sessions that end. */
export const deleting: readonly Case[] = [
  {
    name: 'deletes a session, and says whether there was one',
    needs: 'revoke',
    async run(kit) {
      const { key } = await kit.create()
      const other = await kit.create()
      same(await kit.store.delete(key), 'deleted', 'delete() of a session')
      await kit.isGone(key)
      same(await kit.store.delete(key), 'missing', 'delete() once more')
      await kit.load(other.key)
    },
  },
  {
    name: 'deletes an expired session',
    needs: 'clear',
    async run(kit) {
      const { key } = await kit.create(kit.next({}, -60))
      same(await kit.store.delete(key), 'deleted', 'delete() of an expired session')
      same(await kit.store.exists(key), false, 'exists() afterwards')
    },
  },
  {
    name: 'deletes what is still as it was read',
    needs: 'revoke',
    async run(kit) {
      const { key, stored } = await kit.create()
      same(await kit.store.delete(key, stored), 'deleted', 'delete() of what was read')
      same(await kit.store.delete(key, stored), 'missing', 'delete() once more')
      await kit.isGone(key)
    },
  },
  {
    name: 'leaves what was written over since it was read',
    needs: 'compareAndSwap',
    async run(kit) {
      const { key, stored } = await kit.create()
      const theirs = kit.next({ whose: 'theirs' })
      await kit.store.update(key, theirs, stored)
      same(
        await kit.store.delete(key, stored),
        'conflict',
        'delete() of what is not there any more',
      )
      await kit.holds(key, theirs)
      same(await kit.store.delete(key, await kit.load(key)), 'deleted', 'delete() of what is there')
    },
  },
  {
    name: 'compares byte for byte before it deletes',
    needs: 'compareAndSwap',
    async run(kit) {
      const text = 'a session of no great interest'
      const { key, stored } = await kit.create(kit.next({ text }))
      for (const other of lookalikes(text)) {
        const previous = { ...stored, payload: kit.payload({ text: other }), version: 'unknown' }
        same(await kit.store.delete(key, previous), 'conflict', `delete() of ${other}`)
      }
      await kit.load(key)
    },
  },
  {
    name: 'deletes whatever its date is, as long as the payload is the same',
    needs: 'touch',
    async run(kit) {
      const { key, stored } = await kit.create()
      await kit.store.touch(key, kit.date(9000))
      same(await kit.store.delete(key, stored), 'deleted', 'delete() after touch()')
    },
  },
  {
    name: 'tells one of many that delete at once that it was the one',
    needs: 'revoke',
    async run(kit) {
      for (const conditional of [false, true]) {
        const { key, stored } = await kit.create()
        const previous = conditional ? stored : undefined
        const answers = await Promise.all(
          Array.from({ length: 12 }, () => kit.store.delete(key, previous)),
        )
        same(answers.filter((answer) => answer === 'deleted').length, 1, 'answers "deleted"')
        same(answers.filter((answer) => answer === 'missing').length, 11, 'answers "missing"')
      }
    },
  },
  {
    name: 'deletes nothing for a call whose time is over',
    needs: 'revoke',
    async run(kit) {
      const { key, stored } = await kit.create()
      const call = { signal: firedSignal() }
      await rejects(kit.store.delete(key, undefined, call), 'delete() with a fired signal')
      await rejects(kit.store.delete(key, stored, call), 'delete() with a fired signal')
      await kit.load(key)
    },
  },
]
