/**
 * Opens PostgreSQL for the command line, through `pg`.
 *
 * @module
 */
import type pg from 'pg'

import { MissingPackageError } from '../errors.ts'
import { postgresStore } from '../stores/postgres.ts'
import type { OpenedStore, StoreOptions } from './opened-store.ts'

/** @throws MissingPackageError */
export async function openPostgres(
  url: string,
  { table, connections, onError }: StoreOptions,
): Promise<OpenedStore> {
  const { Pool } = await importPg()
  const pool = new Pool({ connectionString: url, max: connections, pipeline: true })
  pool.on('error', onError)
  const { host, pathname } = new URL(url)
  return {
    store: postgresStore(pool, table === null ? {} : { table }),
    place: `PostgreSQL at ${host}${pathname}`,
    close: () => pool.end(),
  }
}

async function importPg(): Promise<Pick<typeof pg, 'Pool'>> {
  try {
    return await import('pg')
  } catch (cause) {
    throw new MissingPackageError('pg', 'async-django serve --store postgres://', { cause })
  }
}
