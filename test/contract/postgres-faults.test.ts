/**
 * PostgreSQL is killed and started again under a bounded load of requests: each of them ends in
 * time, and what was acknowledged is there. `FAULT_KILLS` asks for more kills.
 *
 * @module
 */
import { createSessionTable } from 'async-django/stores/kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openDatabase } from '../_databases.ts'
import { findProgram, type OwnPostgres, startPostgres } from '../_own-servers.ts'
import { openStores, type PostgresClientName } from '../_stores.ts'
import { formatOutcome, killUnderLoad, slackMs, storeTimeoutMs } from './fault-load.ts'

const kills = Number(process.env['FAULT_KILLS'] ?? 2)
const clients: readonly PostgresClientName[] = ['pool', 'pipelined pool', 'postgres.js']
const isMissing = findProgram('initdb') === null && process.env['CI'] !== 'true'
if (isMissing) console.warn('Killing PostgreSQL is skipped: install its server.')

describe.skipIf(isMissing)('PostgreSQL, killed and started again', () => {
  let server: OwnPostgres
  beforeAll(async () => {
    server = await startPostgres()
    const db = openDatabase(server.url)
    await createSessionTable(db)
    await db.destroy()
  })
  afterAll(() => server.close())

  test.each(clients)('by %s', { timeout: 600_000 }, async (client) => {
    const db = openDatabase(server.url)
    const { storeAt, close } = await openStores({ url: server.url, db, client })
    const outcome = await killUnderLoad(storeAt({}), server, kills)
    await close()
    await db.destroy()

    console.log(formatOutcome(`${client}, ${kills} kills`, outcome))
    expect(outcome).toMatchObject({ lost: 0, oddities: [] })
    expect(outcome.acknowledged).toBeGreaterThan(0)
    expect(outcome.longestMs).toBeLessThan(storeTimeoutMs + slackMs)
  })
})
