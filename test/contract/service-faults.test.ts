/**
 * The session service, and the PostgreSQL behind it, are killed and started again under a bounded load
 * of requests: each of them ends in time, and what was acknowledged is there. `FAULT_KILLS` asks for
 * more kills.
 *
 * @module
 */
import { createSessionTable } from 'async-django/stores/kysely'
import { httpStore } from 'async-django/stores/http'
import { nodeFetch } from 'async-django/stores/http-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openDatabase } from '../_databases.ts'
import { findProgram, freePort, type OwnPostgres, startPostgres } from '../_own-servers.ts'
import { ServeCommand } from '../_serve-command.ts'
import { serviceToken } from '../_session-service.ts'
import { formatOutcome, killUnderLoad, slackMs, type Victim } from './fault-load.ts'

/** A request goes through three processes here, and two of them start anew. */
const timeoutMs = 5000
const kills = Number(process.env['FAULT_KILLS'] ?? 2)
const isMissing = findProgram('initdb') === null && process.env['CI'] !== 'true'
if (isMissing) console.warn('Killing the session service is skipped: install PostgreSQL.')

describe.skipIf(isMissing)('killed and started again', () => {
  let postgres: OwnPostgres
  let service: ServeCommand
  let url: string
  beforeAll(async () => {
    postgres = await startPostgres()
    const db = openDatabase(postgres.url)
    await createSessionTable(db)
    await db.destroy()
    const port = await freePort()
    service = new ServeCommand(postgres.url, port)
    await service.start()
    url = `http://127.0.0.1:${port}`
  })
  afterAll(async () => {
    await service.end()
    await postgres.close()
  })

  const victims: ReadonlyArray<readonly [name: string, victim: () => Victim]> = [
    [
      'the session service',
      () => ({
        kill: () => service.kill(),
        async start() {
          await service.start()
        },
      }),
    ],
    ['PostgreSQL behind it', () => postgres],
  ]

  test.each(victims)('%s', { timeout: 600_000 }, async (name, victim) => {
    const store = httpStore(url, { token: serviceToken, fetch: nodeFetch() })
    const outcome = await killUnderLoad(store, victim(), kills, { timeoutMs })
    console.log(formatOutcome(`${name}, ${kills} kills`, outcome))
    expect(outcome).toMatchObject({ lost: 0, oddities: [] })
    expect(outcome.acknowledged).toBeGreaterThan(0)
    expect(outcome.longestMs).toBeLessThan(timeoutMs + slackMs)
  })
})
