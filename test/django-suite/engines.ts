/**
 * Django's session engines, and the stores of this package that stand in their place.
 *
 * @module
 */
import type { SessionStoreFactory } from 'async-django'
import { cachedDbStore } from 'async-django/stores/cached-db'
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

/** The engines of Django, all of which there is a store for. */
export const engines: Readonly<Record<string, (settings: EngineSettings) => SessionStoreFactory>> =
  {
    db: () => database(null),
    cached_db: (settings) => cachedDbStore(database(null), cache(settings)),
    cache: (settings) => cache(settings),
    file: ({ sessionFilePath }) => fileStore({ sessionFilePath }),
    signed_cookies: () => signedCookiesStore(),
  }

/** The engines that keep sessions in Redis. */
export const redisEngines: readonly string[] = ['cache', 'cached_db']

const database = once(() => kyselyStore(openDatabase(process.env['CONFORMANCE_DATABASE'] ?? '')))
const redis = once((location: string) => new Redis(location))

function cache({ location, keyPrefix, version }: EngineSettings): SessionStoreFactory {
  return redisStore(redis(location), { keyPrefix, version })
}

/** Opened at the first use: Django makes its database before. */
function once<Given, T>(make: (given: Given) => T): (given: Given) => T {
  let made: T | null = null
  return (given) => (made ??= make(given))
}
