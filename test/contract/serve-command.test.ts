/**
 * The program `async-django serve` over real engines: what it keeps there is what a store by itself
 * keeps.
 *
 * @module
 */
import { createDjango, type SessionStoreFactory } from 'async-django'
import { httpStore } from 'async-django/stores/http'
import { createSessionTable } from 'async-django/stores/kysely'
import { postgresStore } from 'async-django/stores/postgres'
import { redisStore } from 'async-django/stores/redis'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'

import { openDatabase } from '../_databases.ts'
import { startRedis } from '../_own-redis.ts'
import { findProgram, freePort, startPostgres } from '../_own-servers.ts'
import { ServeCommand } from '../_serve-command.ts'
import { serviceToken } from '../_session-service.ts'

const settings = { secretKey: 'a secret of these tests' }

/** An engine, by the URL that the program is given and by a store beside it. */
interface Behind {
  readonly url: string
  readonly store: SessionStoreFactory
}

async function postgres(): Promise<Behind> {
  const server = await startPostgres()
  onTestFinished(() => server.close())
  const db = openDatabase(server.url)
  await createSessionTable(db)
  await db.destroy()
  const pool = new Pool({ connectionString: server.url })
  onTestFinished(() => pool.end())
  return { url: server.url, store: postgresStore(pool) }
}

async function redis(): Promise<Behind> {
  const server = await startRedis()
  onTestFinished(() => server.close())
  const client = new Redis(server.port)
  onTestFinished(() => client.disconnect())
  return { url: `redis://127.0.0.1:${server.port}`, store: redisStore(client) }
}

const isStrict = process.env['CI'] === 'true'
const engines = [
  { name: 'PostgreSQL', program: 'initdb', open: postgres },
  { name: 'Redis', program: 'redis-server', open: redis },
]

describe.each(engines)('over $name', ({ name, program, open }) => {
  const isMissing = findProgram(program) === null && !isStrict
  if (isMissing) console.warn(`Serving ${name} is skipped: install its server.`)

  test.skipIf(isMissing)('sessions are shared with whoever is beside it', async () => {
    const { url, store } = await open()
    const port = await freePort()
    const service = new ServeCommand(url, port)
    expect(await service.start()).toMatch(new RegExp(`^Sessions of ${name} at 127\\.0\\.0\\.1:`))

    const beside = createDjango({ settings, store })
    const codec = (context: Parameters<SessionStoreFactory>[0]) => store(context).codec
    const through = createDjango({
      settings,
      store: httpStore(`http://127.0.0.1:${port}`, { token: serviceToken, codec }),
    })
    const session = through.sessions.get(null)
    session.update({ name: 'Zoë 漢字', visits: 1 })
    await session.save()
    const there = await beside.sessions.get(session.key).load()
    expect(there.data).toEqual({ name: 'Zoë 漢字', visits: 1 })

    there.set('theirs', true)
    await there.save()
    session.set('ours', true)
    await session.save()
    const merged = { name: 'Zoë 漢字', visits: 1, theirs: true, ours: true }
    expect((await beside.sessions.get(session.key).load()).data).toEqual(merged)

    await there.flush()
    expect((await through.sessions.get(session.key).load()).data).toEqual({})
    await service.end()
  })
})
