/**
 * Opens Redis for the command line, through `redis`.
 *
 * @module
 */
import type { createClient } from 'redis'

import { MissingPackageError } from '../errors.ts'
import { redisStore } from '../stores/redis.ts'
import type { OpenedStore, StoreOptions } from './opened-store.ts'

/** @throws MissingPackageError; the client's error where Redis is not there. */
export async function openRedis(url: string, { onError }: StoreOptions): Promise<OpenedStore> {
  const redis = await importRedis()
  const client = redis.createClient({ url, disableOfflineQueue: true })
  client.on('error', onError)
  await client.connect()
  const { host, pathname } = new URL(url)
  return {
    store: redisStore(client),
    place: `Redis at ${host}${pathname}`,
    close: () => client.close(),
  }
}

async function importRedis(): Promise<{ readonly createClient: typeof createClient }> {
  try {
    return await import('redis')
  } catch (cause) {
    throw new MissingPackageError('redis', 'async-django serve --store redis://', { cause })
  }
}
