/**
 * A secret that is changed while visitors are logged in: the first request moves the login to the
 * new one. Twenty at the same time, here and at a Django alone.
 *
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type DjangoEngine, hasEngine, type LiveDatabase, makeDatabase } from './_databases.ts'
import { liveReleases } from './_pythons.ts'
import { UsersProcess } from './_users-process.ts'
import { Browser, openUsersDjango, usersSite } from './_users-site.ts'

const release = (await liveReleases()).find(({ series }) => series === '5.2')
const oldKey = 'the-secret-of-former-days-0123456789abcdefghijklmnopqr'
const newKey = 'the-secret-of-today-0123456789abcdefghijklmnopqrstuvwx'
const fast = 'django.contrib.auth.hashers.MD5PasswordHasher'
const engines: readonly DjangoEngine[] = ['sqlite3', 'postgresql', 'mysql']
const here = await Promise.all(
  engines.map(async (engine) => ({
    engine,
    isThere: (await hasEngine(engine)) && Boolean(release?.python),
  })),
)
const count = 20

describe.each(here)('$engine', ({ engine, isThere }) => {
  describe.skipIf(!isThere)('a change of the secret', () => {
    let database: LiveDatabase
    const processes: UsersProcess[] = []

    beforeAll(async () => {
      database = await makeDatabase(engine)
      await start(oldKey).migrate()
      await start(newKey, [oldKey]).createUser('ada', 'secret', { is_staff: true })
    })
    afterAll(async () => {
      for (const one of processes) await one.stop()
      await database?.close()
    })

    function start(secret: string, fallbacks: readonly string[] = []): UsersProcess {
      const made = new UsersProcess(release?.python ?? '', {
        SECRET_KEY: secret,
        SECRET_KEY_FALLBACKS: fallbacks,
        USE_TZ: true,
        TIME_ZONE: 'UTC',
        DATABASES: { default: database.django },
        PASSWORD_HASHERS: [fast],
      })
      processes.push(made)
      return made
    }

    async function rowsAdded(before: number): Promise<number> {
      return ((await processes[0]?.ask<number>('session_rows')) ?? 0) - before
    }

    test(`${count} requests at once leave one row and ${count} answers`, async () => {
      const [old, today] = processes as [UsersProcess, UsersProcess]
      const visit = usersSite(
        openUsersDjango(database, {
          settings: { secretKey: newKey, secretKeyFallbacks: [oldKey] },
          djangoVersion: '5.2',
          auth: { passwordHashers: [fast] },
        }),
      )
      const before = await old.ask<number>('session_rows')
      const key = await old.logIn('ada', 'secret')
      const browsers = Array.from({ length: count }, () => new Browser(visit, key))
      const seen = await Promise.all(browsers.map((browser) => browser.who()))
      const rows = await rowsAdded(before)
      const moved = browsers.filter((browser) => browser.key !== key)
      const alone = await old.logIn('ada', 'secret')
      const theirs = await old.ask<number>('session_rows')
      const names = await today.ask<unknown[]>('visit_at_once', { key: alone, count })
      const theirRows = 1 + (await rowsAdded(theirs))
      console.log(
        `${engine}: ${rows} row(s), ${seen.filter((name) => name !== 'ada').length} anonymous; ` +
          `Django alone: ${theirRows} row(s), ${names.filter((name) => name !== 'ada').length} anonymous or failed`,
      )
      expect(seen).toEqual(Array.from({ length: count }, () => 'ada'))
      expect(rows).toBe(1)
      expect(moved.length).toBe(1)
      expect(await today.who([moved[0]?.key ?? null])).toEqual(['ada'])
      expect(await moved[0]?.who()).toBe('ada')
    })

    test(`${count} requests over HTTP, as they come, are all answered`, async () => {
      const [old] = processes as [UsersProcess]
      const site = await serve(
        usersSite(
          openUsersDjango(database, {
            settings: { secretKey: newKey, secretKeyFallbacks: [oldKey] },
            djangoVersion: '5.2',
            auth: { passwordHashers: [fast] },
          }),
        ),
      )
      try {
        for (let round = 0; round < 5; round++) {
          const before = await old.ask<number>('session_rows')
          const key = await old.logIn('ada', 'secret')
          const headers = { cookie: `sessionid=${key ?? ''}` }
          const answers = await Promise.all(
            Array.from({ length: count }, async () => {
              const answer = await fetch(`${site.url}/who`, { headers })
              return [
                (await answer.json()) as unknown,
                answer.headers.getSetCookie().length,
              ] as const
            }),
          )
          expect(answers.map(([name]) => name)).toEqual(Array.from({ length: count }, () => 'ada'))
          expect(answers.filter(([, cookies]) => cookies > 0).length).toBe(1)
          expect(await rowsAdded(before)).toBe(1)
        }
      } finally {
        await site.close()
      }
    })

    test('one request after the other goes on under the new key', async () => {
      const [old, today] = processes as [UsersProcess, UsersProcess]
      const visit = usersSite(
        openUsersDjango(database, {
          settings: { secretKey: newKey, secretKeyFallbacks: [oldKey] },
          djangoVersion: '5.2',
          auth: { passwordHashers: [fast] },
        }),
      )
      const key = await old.logIn('ada', 'secret')
      const browser = new Browser(visit, key)
      expect([await browser.who(), await browser.who()]).toEqual(['ada', 'ada'])
      expect(browser.key).not.toBe(key)
      expect(await today.who([browser.key])).toEqual(['ada'])
    })
  })
})

/** A site behind a real socket. */
async function serve(
  visit: (request: Request) => Promise<Response>,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const headers = { cookie: request.headers.cookie ?? '' }
    const asked = new Request(`http://site.example${request.url ?? '/'}`, { headers })
    void visit(asked).then(async (answer) => {
      response.writeHead(answer.status, { 'set-cookie': answer.headers.getSetCookie() })
      response.end(await answer.text())
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => void server.close(resolve))
    },
  }
}
