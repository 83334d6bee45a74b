/**
 * An empty database on each database server that is here, for the stores that need one.
 *
 * @module
 */
import { administer } from '../_databases.ts'
import type { ServerName } from './_suites.ts'

/** The databases. */
export interface OpenServers {
  /** Where they are, by servers; those that are not here are left out. */
  readonly urls: Readonly<Partial<Record<ServerName, string>>>
  /** Removes them. */
  close(): Promise<void>
}

const known: Readonly<Record<ServerName, string>> = {
  POSTGRES: process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  MARIADB: process.env['MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3306/',
}

/**
 * Makes the databases. Says in a line what is missing.
 *
 * @throws The driver's error with `CI=true`, where nothing may be missing.
 */
export async function openServers(): Promise<OpenServers> {
  const name = `async_django_runtimes_${process.pid}`
  const urls: Partial<Record<ServerName, string>> = {}
  for (const server of Object.keys(known) as ServerName[]) {
    try {
      await administer(known[server], `CREATE DATABASE ${name}`)
      urls[server] = new URL(`/${name}`, known[server]).href
    } catch (error) {
      if (process.env['CI'] === 'true') throw error
      console.warn(`Skipped: ${server}: ${String(Reflect.get(Object(error), 'code'))}`)
    }
  }
  return {
    urls,
    async close() {
      for (const server of Object.keys(urls) as ServerName[]) {
        await administer(known[server], `DROP DATABASE ${name}`)
      }
    },
  }
}
