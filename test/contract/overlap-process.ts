/**
 * A process of writers: see `overlap.test.ts`.
 *
 * @module
 */
import { Parent } from '../_child.ts'
import { openStoreAt, type StoreAddress } from '../_stores.ts'
import { type Share, work } from './overlap-writers.ts'

/** Opens the store, and does its share whenever it is told one, until it is told null. */
export async function main(address: StoreAddress): Promise<void> {
  const parent = new Parent()
  const { store, close } = await openStoreAt(address)
  try {
    parent.send({ ready: true })
    for (;;) {
      const { share } = await parent.receive<{ share: Share | null }>()
      if (share === null) return
      parent.send(await work(store, share))
    }
  } finally {
    await close()
  }
}
