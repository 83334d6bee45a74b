/**
 * A Redis Cluster under a bounded load of requests: a master is killed, so that its replica takes its
 * place, and slots move from one master to another. Each request ends in time. Replicas trail behind
 * their masters, so acknowledged saves may be lost with a master: how many is printed, not promised.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  ask,
  type ClusterNode,
  type OwnRedisCluster,
  startRedisCluster,
  until,
} from '../_own-redis.ts'
import { findProgram } from '../_own-servers.ts'
import { openRedisStore, redisAddress, redisClientNames } from '../_redis.ts'
import { formatOutcome, Load, slackMs, storeTimeoutMs } from './fault-load.ts'

const isMissing = findProgram('redis-server') === null && process.env['CI'] !== 'true'
if (isMissing) console.warn('Killing masters of Redis Cluster is skipped: install redis-server.')

/** Enough for each master to have some. */
const sessions = 12
const requestsOfStage = 300

describe.skipIf(isMissing).each(redisClientNames)('Redis Cluster, by %s', (client) => {
  let cluster: OwnRedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster({ replicas: true })
  })
  afterAll(() => cluster.close())

  test('a master is killed', { timeout: 600_000 }, async () => {
    const { store, close } = await openRedisStore(
      redisAddress(cluster.url, client, { isCluster: true }),
    )
    const [, victim] = cluster.masters
    const [, heir] = cluster.replicas
    if (!victim || !heir) throw new TypeError('There are masters and replicas.')
    const load = new Load(store, { sessions, forgets: true })
    await load.begin()
    await load.untilSaved(requestsOfStage)
    load.beginOutage()
    await victim.kill()
    const killedAt = performance.now()
    await until(async () => String(await ask(heir.port, 'ROLE')).startsWith('master'))
    const awayMs = performance.now() - killedAt
    await load.endOutage()
    await load.untilSaved(requestsOfStage)
    await victim.start()
    await load.untilSaved(requestsOfStage)
    const outcome = await load.end()
    await close()

    const away = `another master after ${(awayMs / 1000).toFixed(1)} s`
    console.log(`${formatOutcome(`${client}, a master killed`, outcome)}; ${away}`)
    expect(outcome.oddities).toEqual([])
    expect(outcome.failed).toBeGreaterThan(0)
    expect(outcome.longestMs).toBeLessThan(storeTimeoutMs + slackMs)
  })

  test('slots move', { timeout: 600_000 }, async () => {
    const { store, close } = await openRedisStore(
      redisAddress(cluster.url, client, { isCluster: true }),
    )
    const [first, , third] = cluster.masters
    if (!first || !third) throw new TypeError('There are masters.')
    // Longer than any machine takes: nothing fails, however slow it is.
    const load = new Load(store, { sessions, timeoutMs: 120_000 })
    await load.begin()
    await load.untilSaved(requestsOfStage)
    const moved = await moveSessions(first, third)
    await load.untilSaved(requestsOfStage)
    const outcome = await load.end()
    await close()

    console.log(formatOutcome(`${client}, ${moved} sessions moved`, outcome))
    expect(moved).toBeGreaterThan(0)
    expect(outcome).toMatchObject({ lost: 0, failed: 0, oddities: [] })
  })
})

/** Moves all slots of a master that hold sessions, as `redis-cli --cluster reshard` does. */
async function moveSessions(from: ClusterNode, to: ClusterNode): Promise<number> {
  const keys = (await ask(from.port, 'KEYS', '*')) as string[]
  const slots = await Promise.all(keys.map((key) => ask(from.port, 'CLUSTER', 'KEYSLOT', key)))
  for (const slot of new Set(slots.map(String))) {
    await ask(to.port, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
    await ask(from.port, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
    const inSlot = (await ask(from.port, 'CLUSTER', 'GETKEYSINSLOT', slot, '100')) as string[]
    for (const key of inSlot) {
      await ask(from.port, 'MIGRATE', '127.0.0.1', String(to.port), key, '0', '5000')
    }
    for (const { port } of [to, from]) {
      await ask(port, 'CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
    }
  }
  return keys.length
}
