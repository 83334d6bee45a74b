/**
 * Django's session engines, and the stores of this package that stand in their place.
 *
 * @module
 */
import type { SessionStoreFactory } from 'async-django'
import { fileStore } from 'async-django/stores/file'
import { kyselyStore } from 'async-django/stores/kysely'
import { redisStore } from 'async-django/stores/redis'
import { signedCookiesStore } from 'async-django/stores/signed-cookies'
import { Redis } from 'ioredis'

import { openDatabase } from '../_databases.ts'

/** What Django's settings say of an engine. */
export interface EngineSettings {
  readonly name: string
  readonly sessionFilePath: string
  /** Of a cache. */
  readonly location: string
  readonly keyPrefix: string
  readonly version: number
}

/** The engines that there is a store for. */
export const engines: Readonly<Record<string, (settings: EngineSettings) => SessionStoreFactory>> =
  {
    db: once(() => kyselyStore(openDatabase(process.env['CONFORMANCE_DATABASE'] ?? ''))),
    file: ({ sessionFilePath }) => fileStore({ sessionFilePath }),
    cache: ({ location, keyPrefix, version }) =>
      redisStore(redis({ location }), { keyPrefix, version }),
    signed_cookies: () => signedCookiesStore(),
  }

/** The engines that keep sessions in Redis. */
export const redisEngines: readonly string[] = ['cache']

const redis = once(({ location }: { location: string }) => new Redis(location))

/** Opened at the first use: Django makes its database before. */
function once<Given, T>(make: (given: Given) => T): (given: Given) => T {
  let made: T | null = null
  return (given) => (made ??= make(given))
}
