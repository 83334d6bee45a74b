/**
 * Django's session engines, and the stores of this package that stand in their place.
 *
 * @module
 */
import type { SessionStoreFactory } from 'async-django'
import { kyselyStore } from 'async-django/stores/kysely'

import { openDatabase } from '../_databases.ts'

/** The engines that there is a store for. Opened at the first use: Django makes its database before. */
export const engines: Readonly<Record<string, () => SessionStoreFactory>> = {
  db: once(() => kyselyStore(openDatabase(process.env['CONFORMANCE_DATABASE'] ?? ''))),
}

function once<T>(make: () => T): () => T {
  let made: T | null = null
  return () => (made ??= make())
}
