/**
 * A process of writers: see `overlap.test.ts`.
 *
 * @module
 */
import { kyselyStore } from 'async-django/stores/kysely'

import { Parent } from '../_child.ts'
import { openDatabase } from '../_databases.ts'
import { type Share, work } from './overlap-writers.ts'

/** Opens the database, and does its share whenever it is told one, until it is told null. */
export async function main({ url }: { url: string }): Promise<void> {
  const parent = new Parent()
  const db = openDatabase(url)
  try {
    parent.send({ ready: true })
    for (;;) {
      const { share } = await parent.receive<{ share: Share | null }>()
      if (share === null) return
      parent.send(await work(kyselyStore(db), share))
    }
  } finally {
    await db.destroy()
  }
}
