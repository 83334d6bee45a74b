/**
 * Redis is killed and started again under a bounded load of requests: each of them ends in time, and
 * what was acknowledged is there, if Redis writes down what it acknowledges. By itself it does not,
 * which is shown beside it. `FAULT_KILLS` asks for more kills.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type OwnRedis, startRedis } from '../_own-redis.ts'
import { findProgram } from '../_own-servers.ts'
import { openRedisStore, redisAddress, redisClientNames } from '../_redis.ts'
import { formatOutcome, killUnderLoad, slackMs, storeTimeoutMs } from './fault-load.ts'

const kills = Number(process.env['FAULT_KILLS'] ?? 2)
const isMissing = findProgram('redis-server') === null && process.env['CI'] !== 'true'
if (isMissing) console.warn('Killing Redis is skipped: install its server.')

const modes = [
  { mode: 'appendfsync always', settings: ['--appendonly', 'yes', '--appendfsync', 'always'] },
  { mode: 'default settings', settings: [] },
]

describe.skipIf(isMissing).each(modes)('Redis, killed and started again, $mode', (given) => {
  const { mode, settings } = given
  const forgets = mode === 'default settings'
  let server: OwnRedis
  beforeAll(async () => {
    server = await startRedis(settings)
  })
  afterAll(() => server.close())

  test.each(redisClientNames)('by %s', { timeout: 600_000 }, async (client) => {
    const { store, close } = await openRedisStore(redisAddress(server.url, client))
    const outcome = await killUnderLoad(store, server, kills, { forgets })
    await close()

    console.log(formatOutcome(`${client}, ${mode}, ${kills} kills`, outcome))
    expect(outcome.oddities).toEqual([])
    expect(outcome.acknowledged).toBeGreaterThan(0)
    expect(outcome.longestMs).toBeLessThan(storeTimeoutMs + slackMs)
    expect(outcome.lost > 0, 'acknowledged saves are lost').toBe(forgets)
  })
})
