/**
 * A process of writers: see `overlap.test.ts`.
 *
 * @module
 */
import { Parent } from '../_child.ts'
import { openDatabase } from '../_databases.ts'
import { openStores, type StorePlace } from '../_stores.ts'
import { type Share, work } from './overlap-writers.ts'

/** Opens the database, and does its share whenever it is told one, until it is told null. */
export async function main({ url, client }: Omit<StorePlace, 'db'>): Promise<void> {
  const parent = new Parent()
  const db = openDatabase(url)
  const { storeAt, close } = await openStores({ url, client, db })
  try {
    parent.send({ ready: true })
    for (;;) {
      const { share } = await parent.receive<{ share: Share | null }>()
      if (share === null) return
      parent.send(await work(storeAt({}), share))
    }
  } finally {
    await close()
    await db.destroy()
  }
}
