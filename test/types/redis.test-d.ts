import type { SessionStoreFactory } from 'async-django'
import { redisStore } from 'async-django/stores/redis'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { expectTypeOf, test } from 'vitest'

test('takes clients and clusters of both packages as they are', () => {
  expectTypeOf(redisStore(new Redis())).toEqualTypeOf<SessionStoreFactory>()
  expectTypeOf(redisStore(new Cluster([]))).toEqualTypeOf<SessionStoreFactory>()
  expectTypeOf(redisStore(createClient())).toEqualTypeOf<SessionStoreFactory>()
  expectTypeOf(redisStore(createCluster({ rootNodes: [] }))).toEqualTypeOf<SessionStoreFactory>()
  expectTypeOf(redisStore(createClient({ RESP: 2 }))).toEqualTypeOf<SessionStoreFactory>()
})

test('takes no other client, and no other option', () => {
  // @ts-expect-error no client
  redisStore({ query: () => null })
  // @ts-expect-error no client, but where one is
  redisStore('redis://localhost')
  // @ts-expect-error no serializer
  redisStore(new Redis(), { serializer: 'msgpack' })
  // @ts-expect-error no compressor by this name
  redisStore(new Redis(), { compressor: 'lz4' })
})
