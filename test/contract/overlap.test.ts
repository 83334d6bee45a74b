import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { Child } from '../_child.ts'
import { type Engine, type OpenEngine, share as shareOf, SHARED_ENGINES } from '../setup.ts'
import {
  watchedDjango,
  type Done,
  type Share,
  work,
  type Work,
  wrongLogin,
} from './overlap-writers.ts'

const processes = 4
/** For the slowest machine: nothing here depends on it. */
const timeoutMs = 600_000

/** What is in the memory of one process is not shared. */
const inOneProcess = ['memory', 'cached db']

describe.each(SHARED_ENGINES)('$name', (engine: Engine) => {
  const times = shareOf(engine.name, 50)
  describe.skipIf(engine.skipReason !== null)('writers that overlap', () => {
    let opened: OpenEngine
    beforeAll(async () => {
      opened = await engine.open()
    })
    afterAll(() => opened.close())

    describe('in one process', () => {
      promises(engine.name, times, () => ({
        opened,
        async share([first, ...others]) {
          const writers = [first, ...others].flatMap((one) => one?.writers ?? [])
          return first ? [await work(opened.store, { ...first, writers })] : []
        },
      }))
    })

    describe.each(inOneProcess.includes(engine.name) ? [] : [processes])('in %i processes', () => {
      let children: Child[] = []
      beforeAll(async () => {
        const file = new URL('overlap-process.ts', import.meta.url)
        children = Array.from({ length: processes }, () => new Child(file, opened.address))
        await Promise.all(children.map((child) => child.receive()))
      })
      afterAll(async () => {
        for (const child of children) child.send({ share: null })
        await Promise.all(children.map((child) => child.end()))
      })

      promises(`${engine.name}, ${processes} processes`, times, () => ({
        opened,
        async share(shares) {
          for (const [at, child] of children.entries()) child.send({ share: shares[at] })
          return Promise.all(children.map((child) => child.receive<Done>()))
        },
      }))
    })
  })
})

interface Place {
  readonly opened: OpenEngine
  /** Has as many shares done as there are processes, all at once. */
  share(shares: readonly Share[]): Promise<readonly Done[]>
}

/** What is promised wherever the writers are, of so many saves by each. */
function promises(where: string, times: number, place: () => Place): void {
  /** Has writers work on a new session; answers what they did, and what is there. */
  async function overlap(
    kind: Work,
    writers: number,
    eachTimes = times,
  ): Promise<{ done: Done; data: Record<string, unknown> }> {
    const { opened, share } = place()
    const { django } = watchedDjango(opened.store)
    const session = django.sessions.get(null)
    await session.create()
    const key = session.key ?? ''
    const names = Array.from({ length: writers }, (_, writer) => `w${writer}`)
    const shares = Array.from({ length: processes }, (_, process) => ({
      work: kind,
      key,
      times: eachTimes,
      writers: names.filter((__, writer) => writer % processes === process),
    }))
    const done = sum(await share(shares))
    print(`${where}, ${kind}`, done)
    return { done, data: (await django.sessions.get(key).load()).data }
  }

  test(
    `20 keep their own keys: ${20 * times} of ${20 * times}`,
    { timeout: timeoutMs },
    async () => {
      const { done, data } = await overlap('ownKeys', 20)
      expect(done.saved.length).toBe(20 * times)
      expect(Object.keys(data).sort()).toEqual(done.saved.toSorted())
    },
  )

  test(`20 count to ${20 * times}`, { timeout: timeoutMs }, async () => {
    const { done, data } = await overlap('counter', 20)
    expect(done.saved.length).toBe(20 * times)
    expect(data).toEqual({ count: 20 * times })
  })

  test(`10 append ${10 * times} items to a list, each once`, { timeout: timeoutMs }, async () => {
    const { done, data } = await overlap('list', 10)
    expect(done.saved.length).toBe(10 * times)
    expect((data['list'] as string[]).toSorted()).toEqual(done.saved.toSorted())
  })

  test(
    'logins, new passwords and logouts leave one whole login, or none',
    { timeout: timeoutMs },
    async () => {
      const { done, data } = await overlap('logins', 20, 15)
      expect(done.wrongs).toEqual([])
      expect(wrongLogin(data)).toBeNull()
      for (const name of done.saved) expect(data).toHaveProperty(name, true)
      for (const name of done.refused) expect(data).not.toHaveProperty(name)
    },
  )
}

function sum(parts: readonly Done[]): Done {
  return {
    saved: parts.flatMap(({ saved }) => saved),
    refused: parts.flatMap(({ refused }) => refused),
    conflicts: parts.reduce((total, { conflicts }) => total + conflicts, 0),
    wrongs: parts.flatMap(({ wrongs }) => wrongs),
  }
}

function print(what: string, { saved, refused, conflicts }: Done): void {
  console.log(
    `${what}: ${saved.length} saved, ${refused.length} refused; ${conflicts} conflicts were met`,
  )
}
