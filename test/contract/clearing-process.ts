/**
 * A process that clears now and then, and has nothing else to do: see `clearing.test.ts`.
 *
 * @module
 */
import { createDjango } from 'async-django'
import { startClearing } from 'async-django/clearing'
import { memoryStore } from 'async-django/stores/memory'

import { Parent } from '../_child.ts'

/** Starts, and leaves it at that. */
export async function main(): Promise<void> {
  const django = createDjango({ settings: { secretKey: 'secret' }, store: memoryStore() })
  startClearing(django, { everyMinutes: 60 })
  new Parent().send({ started: true })
}
