/**
 * The session store suite: what `clearExpired` promises.
 *
 * @module
 */
import type { ClearOptions, ClearProgress } from '../session/store.ts'
import { check, same } from './_assert.ts'
import type { Case, Kit } from './_session-store-kit.ts'

/** Cases about expired sessions. */
export const clearing: readonly Case[] = [
  {
    name: 'removes expired sessions, and no others',
    needs: 'clear',
    async run(kit) {
      const live = await fill(kit, 5, 60)
      const now = await fill(kit, 1, 0)
      const expired = await fill(kit, 7, -60)
      same(total(await clear(kit)), 7, 'sessions removed')
      for (const key of expired) same(await kit.store.exists(key), false, 'exists() of an expired')
      for (const key of [...live, ...now]) same(await kit.store.exists(key), true, 'exists()')
    },
  },
  {
    name: 'says that it is done where there is nothing to do',
    needs: 'clear',
    async run(kit) {
      same(await clear(kit), [{ deleted: 0, done: true }], 'reports from an empty store')
    },
  },
  {
    name: 'goes by batches, and says in the last that it is done',
    needs: 'clear',
    async run(kit) {
      await fill(kit, 23, -60)
      const reports = await clear(kit, { batchSize: 5 })
      same(total(reports), 23, 'sessions removed')
      check(reports.length >= 5, 'there are as many batches as it takes')
      for (const { deleted } of reports) check(deleted <= 5, 'no batch is over batchSize')
      same(
        reports.map(({ done }) => done),
        reports.map((_, at) => at === reports.length - 1),
        'done in each report',
      )
    },
  },
  {
    name: 'stops between two batches when its time is over',
    needs: 'clear',
    async run(kit) {
      await fill(kit, 12, -60)
      same(
        await clear(kit, { batchSize: 5, maxMs: 0 }),
        [{ deleted: 5, done: false }],
        'reports with no time at all',
      )
      same(total(await clear(kit, { batchSize: 5 })), 7, 'sessions removed the next time')
    },
  },
  {
    name: 'lets others clear after it was left halfway',
    needs: 'clear',
    async run(kit) {
      await fill(kit, 12, -60)
      for await (const { deleted } of kit.store.clearExpired({ batchSize: 5 })) {
        same(deleted, 5, 'sessions removed by the first batch')
        break
      }
      same(total(await clear(kit, { batchSize: 5 })), 7, 'sessions removed the next time')
    },
  },
  {
    name: 'removes each session once where several clear at the same time',
    needs: 'clear',
    async run(kit) {
      const live = await fill(kit, 5, 60)
      await fill(kit, 60, -60)
      const reports = await Promise.all(
        Array.from({ length: 4 }, () => clear(kit, { batchSize: 7 })),
      )
      const rest = await clear(kit)
      same(total([...reports.flat(), ...rest]), 60, 'sessions removed by all together')
      for (const key of live) await kit.load(key)
    },
  },
  {
    name: 'leaves a session that was saved again after its end',
    needs: 'clear',
    async run(kit) {
      const { key, stored } = await kit.create(kit.next({}, -60))
      await kit.store.update(key, kit.next({ again: true }), stored)
      same(total(await clear(kit)), 0, 'sessions removed')
      await kit.load(key)
    },
  },
  {
    name: 'clears while sessions are made and saved',
    needs: 'clear',
    async run(kit) {
      await fill(kit, 40, -60)
      const [reports, live] = await Promise.all([
        clear(kit, { batchSize: 3 }),
        Promise.all(Array.from({ length: 20 }, () => createAndSave(kit))),
      ])
      same(total([...reports, ...(await clear(kit))]), 40, 'sessions removed')
      for (const key of live) same(kit.data((await kit.load(key)).payload), { a: 1 }, 'the data')
    },
  },
]

async function fill(kit: Kit, count: number, inSeconds: number): Promise<string[]> {
  const keys: string[] = []
  for (let at = 0; at < count; at++) keys.push((await kit.create(kit.next({ at }, inSeconds))).key)
  return keys
}

async function clear({ store }: Kit, options: ClearOptions = {}): Promise<ClearProgress[]> {
  const reports: ClearProgress[] = []
  for await (const report of store.clearExpired(options)) reports.push(report)
  return reports
}

function total(reports: readonly ClearProgress[]): number {
  return reports.reduce((sum, { deleted }) => sum + deleted, 0)
}

async function createAndSave(kit: Kit): Promise<string> {
  const { key, stored } = await kit.create()
  const updated = await kit.store.update(key, kit.next({ a: 1 }), stored)
  same(updated.outcome, 'saved', 'an update while the store is cleared')
  return key
}
