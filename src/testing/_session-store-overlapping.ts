/**
 * The session store suite: writers that overlap. Nothing that was saved is lost.
 *
 * @module
 */
import type { StoredSession, Updated } from '../session/store.ts'
import { check, same } from './_assert.ts'
import { type Case, type Data, type Kit, sleep } from './_session-store-kit.ts'

/** Cases about several writers of one session. */
export const overlapping: readonly Case[] = [
  {
    name: 'saves one of many updates that read the same, and tells the others what it wrote',
    needs: 'compareAndSwap',
    async run(kit) {
      for (let round = 0; round < 5; round++) {
        const { key, stored } = await kit.create()
        const asked = Array.from({ length: 12 }, (_, whose) => kit.next({ whose }))
        const answers = await Promise.all(asked.map((next) => kit.store.update(key, next, stored)))
        const winners = asked.filter((_, at) => answers[at]?.outcome === 'saved')
        same(winners.length, 1, 'updates that were saved')
        for (const answer of answers) {
          if (answer.outcome === 'saved') continue
          check(answer.outcome === 'conflict', 'the others are told of a conflict')
          same(answer.current.payload, winners[0]?.payload, 'what stands there')
        }
      }
    },
  },
  {
    name: 'keeps what 12 writers change, each its own key, each over what it read',
    needs: 'compareAndSwap',
    async run(kit) {
      const { key } = await kit.create()
      const writers = Array.from({ length: 12 }, (_, at) => `writer ${at}`)
      await Promise.all(
        writers.map((writer) => change(kit, key, (data) => ({ ...data, [writer]: true }))),
      )
      const written = Object.keys(kit.data((await kit.load(key)).payload))
      same(written.sort(), writers.sort(), 'the keys in the end')
    },
  },
  {
    name: 'counts every one of 12 times 5 increments',
    needs: 'compareAndSwap',
    async run(kit) {
      const { key } = await kit.create(kit.next({ count: 0 }))
      const increment = async (): Promise<void> => {
        for (let time = 0; time < 5; time++) {
          await change(kit, key, ({ count }) => ({ count: Number(count) + 1 }))
        }
      }
      await Promise.all(Array.from({ length: 12 }, increment))
      same(kit.data((await kit.load(key)).payload), { count: 60 }, 'the data in the end')
    },
  },
  {
    name: 'lets either an update or a deletion of what was read win, never both',
    needs: 'compareAndSwap',
    async run(kit) {
      for (let round = 0; round < 20; round++) {
        const { key, stored } = await kit.create()
        const write = (): Promise<Updated<unknown>> =>
          kit.store.update(key, kit.next({ round }), stored)
        const early = round % 2 === 0 ? write() : null
        const deleting = kit.store.delete(key, stored)
        const [updated, deleted] = await Promise.all([early ?? write(), deleting])
        const isUpdated = updated.outcome === 'saved'
        same(deleted, isUpdated ? 'conflict' : 'deleted', 'the deletion beside that update')
        same(await kit.store.exists(key), isUpdated, 'exists() in the end')
      }
    },
  },
]

async function change(kit: Kit, key: string, run: (data: Data) => Data): Promise<void> {
  let stored: StoredSession<unknown> = await kit.load(key)
  for (let attempt = 1; attempt <= 200; attempt++) {
    const updated = await kit.store.update(key, kit.next(run(kit.data(stored.payload))), stored)
    if (updated.outcome === 'saved') return
    check(updated.outcome === 'conflict', 'a session that nobody deletes is there')
    stored = updated.current
    await sleep(Math.random() * Math.min(attempt, 20))
  }
  check(false, 'one of 12 writers succeeds within 200 attempts')
}
