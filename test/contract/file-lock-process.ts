/**
 * A process that holds a lock until it is told otherwise, or dies: see `file-store.test.ts`.
 *
 * @module
 */
import { FileLocks } from '../../src/stores/_file-lock.ts'
import { Parent } from '../_child.ts'

/** @param path - That of the lock. */
export async function main(path: string): Promise<void> {
  const parent = new Parent()
  await new FileLocks().run(path, async () => {
    parent.send({ held: true })
    await parent.receive()
  })
}
