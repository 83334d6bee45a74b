/**
 * The session store suite: what `create` promises.
 *
 * @module
 */
import { check, rejects, same } from './_assert.ts'
import { type Case, firedSignal, type Kit } from './_session-store-kit.ts'

/** Cases about new sessions. */
export const creating: readonly Case[] = [
  {
    name: 'stores a session, and answers what load() will',
    async run(kit) {
      const next = kit.next({ a: 1 })
      const created = await kit.create(next)
      same(created.stored.payload, next.payload, 'the answered payload')
      await kit.holds(created.key, next)
      same(await kit.store.exists(created.key), true, 'exists() of a new session')
    },
  },
  {
    name: 'answers null for a key that is taken, and leaves the session there alone',
    needs: 'revoke',
    async run(kit) {
      const first = kit.next({ whose: 'first' })
      const { key } = await kit.create(first)
      same(await kit.store.create(key, kit.next({ whose: 'second' })), null, 'a taken key')
      same(await kit.store.create(key, first), null, 'a taken key, and the same session')
      await kit.holds(key, first)
    },
  },
  {
    name: 'answers null for a key that an expired session has',
    needs: 'clear',
    async run(kit) {
      const { key } = await kit.create(kit.next({ whose: 'first' }, -60))
      same(await kit.store.create(key, kit.next({ whose: 'second' })), null, 'a taken key')
      same(await kit.store.load(key), null, 'the expired session stays expired')
    },
  },
  {
    name: 'gives a key to one of many that ask for it at once',
    needs: 'revoke',
    async run(kit) {
      for (let round = 0; round < 5; round++) {
        const key = kit.key()
        const asked = Array.from({ length: 12 }, (_, whose) => kit.next({ whose }))
        const answers = await Promise.all(asked.map((next) => kit.store.create(key, next)))
        const winners = asked.filter((_, at) => answers[at] !== null)
        same(winners.length, 1, 'creators that got the key')
        for (const winner of winners) await kit.holds(key, winner)
      }
    },
  },
  {
    name: 'stores many sessions at once',
    async run(kit) {
      const asked = Array.from({ length: 40 }, (_, whose) => kit.next({ whose }))
      const made = await Promise.all(asked.map((next) => kit.create(next)))
      for (const [at, { key }] of made.entries()) {
        same(kit.data((await kit.load(key)).payload), { whose: at }, 'the data of one of many')
      }
    },
  },
  {
    name: 'stores nothing for a call whose time is over',
    async run(kit) {
      const key = kit.key()
      const call = { signal: firedSignal() }
      await rejects(kit.store.create(key, kit.next(), call), 'create() with a fired signal')
      same(await kit.store.exists(key), false, 'exists() afterwards')
    },
  },
  {
    name: 'fills extra columns',
    needs: 'columns',
    async run(kit) {
      const columns = columnsOf(kit)
      const { key } = await kit.create({ ...kit.next(), columns: columns.values })
      same(await columns.read(key), columns.values, 'what stands in the columns')
      const second = await kit.create()
      check((await kit.load(second.key)) !== null, 'a session without columns is stored too')
    },
  },
  {
    name: 'leaves extra columns as they are when it updates',
    needs: 'columns',
    async run(kit) {
      const columns = columnsOf(kit)
      const { key, stored } = await kit.create({ ...kit.next(), columns: columns.values })
      const updated = await kit.store.update(key, kit.next({ a: 1 }), stored)
      same(updated.outcome, 'saved', 'an update')
      same(await columns.read(key), columns.values, 'what stands in the columns')
    },
  },
]

function columnsOf({ opened }: Kit): NonNullable<Kit['opened']['columns']> {
  check(opened.columns !== undefined, 'the suite is told of columns, as can.columns is true')
  return opened.columns
}
