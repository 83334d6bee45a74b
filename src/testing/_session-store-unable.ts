/**
 * The session store suite: a store that says it cannot do something is taken at its word, so it
 * must not do it either.
 *
 * @module
 */
import type { StoreCapabilities } from '../session/store.ts'
import { check, same } from './_assert.ts'
import type { Case, Kit } from './_session-store-kit.ts'

/** Cases about capabilities that a store declares not to have. */
export const unable: readonly Case[] = [
  unless('compareAndSwap', async (kit) => {
    const { key, stored } = await kit.create()
    await kit.store.update(key, kit.next({ whose: 'theirs' }), stored)
    const updated = await kit.store.update(key, kit.next({ whose: 'ours' }), stored)
    check(updated.outcome !== 'conflict', 'a store that finds conflicts declares compareAndSwap')
  }),
  unless('revoke', async (kit) => {
    const { key } = await kit.create()
    await kit.store.delete(key)
    check((await kit.store.load(key)) !== null, 'a store that ends sessions declares revoke')
  }),
  unless('touch', async (kit) => {
    const { key } = await kit.create()
    const isTouched = await kit.store.touch(key, kit.date(-1)).catch(() => false)
    check(!isTouched, 'a store that moves dates declares touch')
    check((await kit.store.load(key)) !== null, 'a store that moves dates declares touch')
  }),
  unless('clear', async (kit) => {
    await kit.create(kit.next({}, -60))
    for await (const { deleted } of kit.store.clearExpired({})) {
      same(deleted, 0, 'sessions removed by a store that does not declare clear')
    }
  }),
  unless('columns', async ({ opened }) => {
    check(opened.columns === undefined, 'a store that fills columns declares columns')
  }),
]

function unless(capability: keyof StoreCapabilities, run: (kit: Kit) => Promise<void>): Case {
  return {
    name: `${capability}: can, or cannot as declared`,
    async run(kit) {
      if (!kit.store.can[capability]) await run(kit)
    },
  }
}
