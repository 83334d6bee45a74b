import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { startClearing } from './clearing.ts'
import { createDjango, type Django } from './django.ts'
import type { ClearOptions, SessionStore } from './session/store.ts'
import { memoryStore } from './stores/memory.ts'
import { signedCookiesStore } from './stores/signed-cookies.ts'

const settings = { secretKey: 'a secret that only tests have' }
const hourMs = 3_600_000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A django over a store of which only clearing is another. */
function over(change: (store: SessionStore) => Partial<SessionStore>): Django {
  return createDjango({
    settings,
    store(context) {
      const store = memoryStore()(context)
      return { ...store, ...change(store) }
    },
  })
}

function watched(): { django: Django; runs: () => number; asked: ClearOptions[] } {
  const asked: ClearOptions[] = []
  const django = over((store) => ({
    clearExpired(options) {
      asked.push(options)
      return store.clearExpired(options)
    },
  }))
  return { django, runs: () => asked.length, asked }
}

async function makeExpired(django: Django, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    const session = await django.sessions.get(null).load()
    session.setExpiry(-60)
    await session.save()
  }
}

describe('startClearing', () => {
  test('clears within a minute, and then once in a while, more or less', async () => {
    const { django, runs } = watched()
    const clearing = startClearing(django, { everyMinutes: 60 })
    expect(runs()).toBe(0)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(runs()).toBe(1)
    await vi.advanceTimersByTimeAsync(0.89 * hourMs - 60_000)
    expect(runs()).toBe(1)
    await vi.advanceTimersByTimeAsync(0.22 * hourMs)
    expect(runs()).toBe(2)
    await vi.advanceTimersByTimeAsync(10 * 1.1 * hourMs)
    expect(runs()).toBeGreaterThanOrEqual(12)
    await clearing.stop()
  })

  test('tells of every batch, and passes on how large they are', async () => {
    const { django, asked } = watched()
    await makeExpired(django, 7)
    const told: unknown[] = []
    django.on('sessions.cleared', (message) => told.push(message))
    const clearing = startClearing(django, { everyMinutes: 1, batchSize: 3, maxMs: 5000 })
    await vi.advanceTimersByTimeAsync(60_000)
    // It begins at some moment of the minute, and may have been at it once more.
    expect(told.slice(0, 3)).toEqual([
      { deleted: 3, total: 3, done: false },
      { deleted: 3, total: 6, done: false },
      { deleted: 1, total: 7, done: true },
    ])
    expect(asked[0]).toMatchObject({ batchSize: 3, maxMs: 5000 })
    await clearing.stop()
  })

  test('goes on after a failure, which it tells without what is in it', async () => {
    let runs = 0
    const django = over((store) => ({
      async *clearExpired(options) {
        runs += 1
        if (runs === 1) throw Object.assign(new Error('of key abc'), { code: 'ECONNREFUSED' })
        yield* store.clearExpired(options)
      },
    }))
    const told: unknown[] = []
    django.on('sessions.notCleared', (message) => told.push(message))
    const clearing = startClearing(django, { everyMinutes: 10 })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(told).toEqual([{ store: 'memoryStore', code: 'ECONNREFUSED' }])
    await vi.advanceTimersByTimeAsync(11 * 60_000)
    expect(runs).toBe(2)
    expect(told).toHaveLength(1)
    await clearing.stop()
  })

  test('stops after the batch that is under way, and does not start again', async () => {
    const { django, runs } = watched()
    await makeExpired(django, 9)
    const told: unknown[] = []
    const clearing = startClearing(django, { everyMinutes: 1, batchSize: 2 })
    const stopping: Promise<void>[] = []
    django.on('sessions.cleared', (message) => {
      told.push(message)
      stopping.push(clearing.stop())
    })
    await vi.advanceTimersByTimeAsync(60_000)
    await Promise.all(stopping)
    expect(told).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(hourMs)
    expect(runs()).toBe(1)
  })

  test('stops before its first run', async () => {
    const { django, runs } = watched()
    await startClearing(django, { everyMinutes: 1 }).stop()
    await vi.advanceTimersByTimeAsync(hourMs)
    expect(runs()).toBe(0)
  })

  test('never runs twice at the same time', async () => {
    let underWay = 0
    let most = 0
    const django = over(() => ({
      async *clearExpired() {
        underWay += 1
        most = Math.max(most, underWay)
        await new Promise((resolve) => setTimeout(resolve, hourMs))
        underWay -= 1
        yield { deleted: 0, done: true }
      },
    }))
    const clearing = startClearing(django, { everyMinutes: 1 })
    await vi.advanceTimersByTimeAsync(5 * hourMs)
    expect(most).toBe(1)
    const stopping = clearing.stop()
    await vi.advanceTimersByTimeAsync(hourMs)
    await stopping
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 30_001])(
    'refuses %j minutes',
    (everyMinutes) => {
      const { django } = watched()
      expect(() => startClearing(django, { everyMinutes })).toThrow(TypeError)
    },
  )

  test('refuses who only reads, and a store that has nothing to clear', () => {
    const reading = createDjango({ settings, store: memoryStore(), readOnly: true })
    expect(() => startClearing(reading as Django, { everyMinutes: 1 })).toThrow(/only reads/)
    const cookies = createDjango({ settings, store: signedCookiesStore() })
    expect(() => startClearing(cookies, { everyMinutes: 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_STORE_CAPABILITY' }),
    )
  })
})
