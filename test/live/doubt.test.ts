/**
 * Servers that are set up wrong, beside a real Django: with another secret, over another database,
 * over an old copy of the right one. Fifty visitors who are logged in at Django walk through them;
 * afterwards Django still knows all fifty, and every browser still has its cookie.
 *
 * @module
 */
import { copyFile } from 'node:fs/promises'

import type { AdapterOptions, DjangoSettings } from 'async-django'
import { createSessionTable } from 'async-django/stores/kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Beside, openBeside, openDjango, secretKey } from './_beside.ts'
import { type LiveDatabase, makeDatabase } from './_databases.ts'
import { type Answer, type Door, doors, idle, looks, type OpenDoor, writes } from './_doors.ts'
import { liveReleases } from './_pythons.ts'
import { ResultTable } from './_results.ts'

const release = (await liveReleases()).find(({ series }) => series === '5.2')
const zone = { useTz: true, timeZone: 'UTC' }
const names = Array.from({ length: 50 }, (_, at) => `visitor-${at}`)

/** How a server may be set up beyond the one mistake. */
interface SetUp {
  readonly settings?: DjangoSettings
  readonly options?: AdapterOptions
  readonly checksItself?: boolean
  readonly readOnly?: boolean
}

const setUps: ReadonlyArray<SetUp & { readonly name: string }> = [
  { name: 'plain' },
  { name: 'autoload', options: { autoload: true } },
  { name: 'rolling', options: { autoload: true, rolling: { everySeconds: 0 } } },
  { name: 'saves every request', settings: { sessionSaveEveryRequest: true } },
  { name: 'checked at start', checksItself: true },
  { name: 'read-only', readOnly: true },
]

const known = new ResultTable('Django knows')
const kept = new ResultTable('browsers that kept their cookie')
afterAll(() => console.log(`${known.format()}\n\n${kept.format()}`))

/** The cookies of fifty browsers: as in a browser, what a server sets takes the place of what was. */
class Browsers {
  /** All that was answered to them. */
  readonly statuses = new Set<number>()
  readonly #cookies: string[]

  constructor(keys: readonly string[]) {
    this.#cookies = [...keys]
  }

  get keys(): readonly string[] {
    return this.#cookies
  }

  async walk(door: Door, method: 'GET' | 'HEAD' | 'POST', path: string): Promise<Answer[]> {
    return Promise.all(
      this.#cookies.map(async (key, at) => {
        const answer = await door.visit({ method, path, cookie: `sessionid=${key}` })
        this.statuses.add(answer.status)
        for (const cookie of answer.cookies) {
          this.#cookies[at] = /^sessionid="?([^";]*)/.exec(cookie)?.[1] ?? key
        }
        return answer
      }),
    )
  }
}

let beside: Beside
let keys: readonly string[] = []
/** The database as it was before anybody had logged in, and when half of the visitors had. */
let copies: readonly LiveDatabase[] = []

beforeAll(async () => {
  if (!release?.python) return
  beside = await openBeside(release, 'sqlite3', zone)
  const before = await copyDatabase()
  const early = await beside.real.logIn(names.slice(0, 25))
  copies = [before, await copyDatabase()]
  keys = [...early, ...(await beside.real.logIn(names.slice(25)))]
})

afterAll(async () => {
  for (const copy of copies) await copy.close()
  await beside?.close()
})

async function copyDatabase(): Promise<LiveDatabase> {
  const copy = await makeDatabase('sqlite3')
  await copyFile(fileOf(beside.database), fileOf(copy))
  return copy
}

function fileOf({ django }: LiveDatabase): string {
  return String(django['NAME'])
}

/** A server's mistake. */
interface Mistake {
  readonly name: string
  readonly make: () => Promise<Mistaken>
  /** The server meets sessions that it can read, and so takes keys that it does not know for ended. */
  readonly isProven?: boolean
}

/** What a server that makes it has. */
interface Mistaken {
  readonly database: LiveDatabase
  readonly settings?: DjangoSettings
  /** A session that is known there, and only there. */
  readonly ownKey?: string
  close?(): Promise<void>
}

const mistakes: readonly Mistake[] = [
  {
    name: 'another secret',
    make: async () => ({
      database: beside.database,
      settings: { secretKey: 'not-the-secret-of-the-site' },
    }),
  },
  { name: 'another database', make: () => makeOther() },
  { name: 'another database, in use', make: () => makeOther({ seen: 'there' }), isProven: true },
  { name: 'a copy from before they came', make: async () => ({ database: copyAt(0) }) },
  { name: 'a copy with half of them', make: async () => ({ database: copyAt(1) }), isProven: true },
]

async function makeOther(data?: Record<string, unknown>): Promise<Mistaken> {
  const database = await makeDatabase('sqlite3')
  await createSessionTable(database.db)
  const close = (): Promise<void> => database.close()
  if (data === undefined) return { database, close }
  const django = openDjango(database, { settings: { secretKey } })
  const session = await django.sessions.get(null).load()
  session.update(data)
  await session.save()
  return { database, close, ...(session.key && { ownKey: session.key }) }
}

function copyAt(at: number): LiveDatabase {
  return copies[at] ?? beside.database
}

describe.skipIf(!release?.python)('a server that is set up wrong logs nobody out', () => {
  for (const { name: mistake, make, isProven = false } of mistakes) {
    describe(`with ${mistake}`, () => {
      let mistaken: Mistaken
      beforeAll(async () => {
        mistaken = await make()
      })
      afterAll(() => mistaken?.close?.())

      for (const [adapter, openDoor] of Object.entries(doors)) {
        for (const setUp of setUps) {
          test(`${adapter}, ${setUp.name}: who looks`, async () => {
            const before = await beside.real.rows()
            const browsers = new Browsers(keys)
            await withDoor(mistaken, setUp, openDoor, async (door) => {
              if (mistaken.ownKey) await new Browsers([mistaken.ownKey]).walk(door, 'GET', '/look')
              for (const path of looks) {
                await browsers.walk(door, 'GET', path)
                await browsers.walk(door, 'HEAD', path)
              }
            })
            const seen = await beside.real.users(keys)
            known.add(`${mistake}, ${setUp.name}`, adapter, matches(seen, names), names.length)
            kept.add(
              `${mistake}, ${setUp.name}`,
              adapter,
              matches(browsers.keys, keys),
              keys.length,
            )
            expect(seen).toStrictEqual(names)
            expect(await beside.real.rows()).toStrictEqual(before)
            expect([...browsers.statuses]).toStrictEqual([200])
            // A table that `check()` finds empty proves too.
            const mayDelete = !setUp.readOnly && (isProven || setUp.checksItself)
            expect(browsers.keys).toStrictEqual(mayDelete ? browsers.keys : keys)
          })
        }
      }
    })
  }
})

describe.skipIf(!release?.python)('a server with another secret writes nothing', () => {
  for (const [adapter, openDoor] of Object.entries(doors)) {
    for (const verb of [...Object.keys(writes), ...Object.keys(idle)]) {
      test(`${adapter}, ${verb}`, async () => {
        const before = await beside.real.rows()
        const browsers = new Browsers(keys)
        const settings = { secretKey: 'not-the-secret-of-the-site' }
        await withDoor({ database: beside.database, settings }, {}, openDoor, async (door) => {
          for (const { status, text } of await browsers.walk(door, 'POST', `/write/${verb}`)) {
            const refusal = [503, 'ERR_SECRET_MISMATCH']
            expect([status, text]).toStrictEqual(verb in idle ? [200, 'written'] : refusal)
          }
        })
        const seen = await beside.real.users(keys)
        known.add('another secret, who writes', adapter, matches(seen, names), names.length)
        kept.add('another secret, who writes', adapter, matches(browsers.keys, keys), keys.length)
        expect(browsers.keys).toStrictEqual(keys)
        expect(await beside.real.rows()).toStrictEqual(before)
      })
    }
  }
})

function matches(seen: readonly unknown[], expected: readonly unknown[]): number {
  return seen.filter((each, at) => each === expected[at]).length
}

async function withDoor(
  { database, settings }: Mistaken,
  { settings: more, options = {}, checksItself = false, readOnly = false }: SetUp,
  openDoor: OpenDoor,
  walk: (door: Door) => Promise<void>,
): Promise<void> {
  const django = openDjango(database, {
    settings: { secretKey, ...more, ...settings },
    djangoVersion: '5.2',
    readOnly,
  })
  if (checksItself) await django.check()
  const door = await openDoor(django, options)
  try {
    await walk(door)
  } finally {
    await door.close()
  }
}
