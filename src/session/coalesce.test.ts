import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { PreciseDate } from '../formats/datetime.ts'
import { memoryStore } from '../stores/memory.ts'
import type { Codec } from './codec.ts'
import { Deadline } from './deadline.ts'
import { GuardedStore } from './guarded-store.ts'
import { readRelease, resolveSettings } from '../settings.ts'
import { defaultLimits } from './limits.ts'
import type { Call, SessionStore, StoredSession } from './store.ts'

/** Something that the store was asked, until it answers. */
interface Question {
  readonly method: 'load' | 'loadMany'
  readonly keys: readonly string[]
  readonly call: Call
  answer(payload?: string): void
  fail(error: unknown): void
}

const base: SessionStore = memoryStore()({
  settings: resolveSettings({}, readRelease('5.2')),
  codecs: { signed: () => ({}) as Codec, legacy: () => ({}) as Codec },
  limits: defaultLimits,
  now: () => new Date(),
})

/** A store that answers when it is told to. */
class SlowStore {
  readonly questions: Question[] = []

  /** What it was asked, in short. */
  get asked(): string[] {
    return this.questions.map(({ method, keys }) => `${method} ${keys.join()}`)
  }

  /** A question by its place, from the end where that is negative. */
  question(at: number): Question {
    const question = this.questions.at(at)
    if (!question) throw new Error(`There is no question ${at}.`)
    return question
  }

  async load(key: string, call: Call = {}): Promise<StoredSession | null> {
    const payload = await this.#ask('load', [key], call)
    return payload === null ? null : stored(payload)
  }

  async loadMany(
    keys: readonly string[],
    call: Call = {},
  ): Promise<ReadonlyMap<string, StoredSession>> {
    const payload = await this.#ask('loadMany', keys, call)
    return new Map(payload === null ? [] : keys.map((key) => [key, stored(`${payload} ${key}`)]))
  }

  #ask(method: Question['method'], keys: readonly string[], call: Call): Promise<string | null> {
    return new Promise((resolve, reject) => {
      const answer = (payload?: string): void => resolve(payload ?? null)
      this.questions.push({ method, keys, call, answer, fail: reject })
    })
  }
}

function stored(payload: string): StoredSession {
  return { payload, expireDate: new PreciseDate(1_800_000_000_000, 123) }
}

/** Lets the event loop take its I/O in, and whatever was gathered go out. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

const payloadOf = (session: StoredSession | null): string | null => session?.payload ?? null

const codeOf = (error: unknown): unknown => Reflect.get(Object(error), 'code')

let store: SlowStore
let guarded: GuardedStore

const load = (key: string, timeoutMs = 5000): Promise<StoredSession | null> =>
  guarded.load(key, new Deadline(timeoutMs))

beforeEach(() => {
  store = new SlowStore()
  guarded = new GuardedStore({
    ...base,
    load: (key, call) => store.load(key, call),
    loadMany: (keys, call) => store.loadMany(keys, call),
  })
})

describe('when loads are sent', () => {
  test('at once while nothing is in flight', () => {
    void load('a')
    expect(store.asked).toEqual(['load a'])
  })

  test('at once again after the answer', async () => {
    const first = load('a')
    store.question(0).answer('1')
    await first
    void load('b')
    expect(store.asked).toEqual(['load a', 'load b'])
  })

  test('those of one turn as one, whatever ran between them', async () => {
    void load('a')
    void load('b')
    await Promise.resolve()
    void load('c')
    await new Promise<void>((resolve) => process.nextTick(resolve))
    void load('d')
    expect(store.asked).toEqual(['load a'])
    await turn()
    expect(store.asked).toEqual(['load a', 'loadMany b,c,d'])
  })

  test('without waiting for the answers to others', async () => {
    for (const key of ['a', 'b', 'c']) {
      void load(key)
      await turn()
    }
    expect(store.asked).toEqual(['load a', 'load b', 'load c'])
  })

  test('not before an answer, where 8 are not answered', async () => {
    for (let at = 0; at < 10; at++) {
      void load(`${at}`)
      await turn()
    }
    expect(store.asked).toHaveLength(8)
    store.question(3).answer('1')
    await turn()
    expect(store.asked.at(-1)).toBe('loadMany 8,9')
    expect(store.asked).toHaveLength(9)
  })

  test('no more than 200 as one', async () => {
    void load('first')
    for (let at = 0; at < 450; at++) void load(`${at}`)
    await turn()
    expect(store.questions.map(({ keys }) => keys.length)).toEqual([1, 200, 200, 50])
  })

  test('one by one, and at once, where the store answers no more than one', async () => {
    guarded = new GuardedStore({ ...base, load: (key, call) => store.load(key, call) })
    void load('a')
    void load('b')
    void load('a')
    expect(store.asked).toEqual(['load a', 'load b', 'load a'])
    await turn()
    expect(store.asked).toHaveLength(3)
  })
})

describe('what loads are answered', () => {
  test('each its own session, or null', async () => {
    const first = load('a')
    const others = Promise.all([load('b'), load('c')])
    await turn()
    store.question(0).answer()
    store.question(1).answer('many')
    expect(await first).toBeNull()
    expect((await others).map(payloadOf)).toEqual(['many b', 'many c'])
  })

  test('null for what is not among the answers', async () => {
    void load('a')
    const others = Promise.all([load('b'), load('c')])
    await turn()
    store.question(1).answer()
    expect(await others).toEqual([null, null])
  })

  test('never from what was sent before they were asked', async () => {
    const early = [load('a'), load('b'), load('c')]
    await turn()
    const late = [load('a'), load('b')]
    await turn()
    expect(store.asked).toEqual(['load a', 'loadMany b,c', 'loadMany a,b'])
    store.question(2).answer('new')
    expect((await Promise.all(late)).map(payloadOf)).toEqual(['new a', 'new b'])
    store.question(1).answer('old')
    store.question(0).answer('old')
    expect((await Promise.all(early)).map(payloadOf)).toEqual(['old', 'old b', 'old c'])
  })

  test('the payload of the same row, but no date that others may set', async () => {
    void load('a')
    const [b, c, alsoB] = [load('b'), load('c'), load('b')]
    await turn()
    expect(store.asked.at(-1)).toBe('loadMany b,c')
    store.question(-1).answer('many')
    const [one, other] = await Promise.all([b, alsoB])
    expect([one, other].map(payloadOf)).toEqual(['many b', 'many b'])
    one?.expireDate?.setTime(0)
    expect(other?.expireDate).toEqual(new PreciseDate(1_800_000_000_000, 123))
    expect(payloadOf(await c)).toBe('many c')
  })

  test('as by a plain load, where all of them ask for one key', async () => {
    void load('a')
    const others = Promise.all([load('b'), load('b')])
    await turn()
    expect(store.asked.at(-1)).toBe('load b')
    store.question(-1).answer('row')
    const [one, other] = await others
    expect([one, other].map(payloadOf)).toEqual(['row', 'row'])
    expect(one?.expireDate).not.toBe(other?.expireDate)
  })
})

describe('where a batch fails', () => {
  test('each load is asked again by itself, and fails by itself', async () => {
    void load('a')
    const others = ['b', 'c', 'd'].map((key) => load(key))
    await turn()
    store.question(-1).fail(new Error('of the driver'))
    await turn()
    expect(store.asked.slice(2)).toEqual(['load b', 'load c', 'load d'])
    store.question(2).answer('b')
    store.question(3).fail(new Error('of the driver'))
    store.question(4).answer('d')
    const [b, c, d] = await Promise.allSettled(others)
    expect(b).toMatchObject({ status: 'fulfilled', value: { payload: 'b' } })
    expect(c).toMatchObject({ status: 'rejected', reason: { code: 'ERR_STORE' } })
    expect(d).toMatchObject({ status: 'fulfilled', value: { payload: 'd' } })
  })

  test('a batch of one load is not', async () => {
    void load('a')
    const alone = load('b').catch(codeOf)
    await turn()
    store.question(-1).fail(new Error('of the driver'))
    expect(await alone).toBe('ERR_STORE')
    expect(store.asked).toEqual(['load a', 'load b'])
  })

  test('a store that throws fails like one that rejects', async () => {
    const broken = (): never => {
      throw new Error('of the driver')
    }
    guarded = new GuardedStore({ ...base, load: broken, loadMany: broken })
    const loads = await Promise.allSettled(['a', 'b', 'c'].map((key) => load(key)))
    expect(loads).toHaveLength(3)
    for (const settled of loads) {
      expect(settled).toMatchObject({ status: 'rejected', reason: { code: 'ERR_STORE' } })
    }
  })
})

describe('when the time of loads is over', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const outcomeOf = (promise: Promise<StoredSession | null>): Promise<unknown> =>
    promise.then(payloadOf, codeOf)

  test('each ends by its own, whatever it was asked together with', async () => {
    void load('a')
    const short = outcomeOf(load('b', 100))
    const long = outcomeOf(load('c', 300))
    await turn()
    expect(store.asked.at(-1)).toBe('loadMany b,c')
    vi.advanceTimersByTime(200)
    expect(await short).toBe('ERR_STORE_TIMEOUT')
    store.question(-1).answer('many')
    expect(await long).toBe('many c')
  })

  test('a batch is given up once nobody waits for it, and not before', async () => {
    void load('a')
    const loads = [load('b', 100), load('c', 300)].map(outcomeOf)
    await turn()
    const { call } = store.question(-1)
    let told = 0
    call.onTimeout?.(() => (told += 1))
    vi.advanceTimersByTime(200)
    expect([call.signal?.aborted, told]).toEqual([false, 0])
    vi.advanceTimersByTime(200)
    expect([call.signal?.aborted, told]).toEqual([true, 1])
    expect(await Promise.all(loads)).toEqual(['ERR_STORE_TIMEOUT', 'ERR_STORE_TIMEOUT'])
  })

  test('one that still waits is not sent', async () => {
    for (let at = 0; at < 8; at++) {
      void outcomeOf(load(`${at}`))
      await turn()
    }
    const short = outcomeOf(load('short', 100))
    void outcomeOf(load('long'))
    vi.advanceTimersByTime(200)
    expect(await short).toBe('ERR_STORE_TIMEOUT')
    store.question(0).answer()
    await turn()
    expect(store.asked.at(-1)).toBe('load long')
  })

  test('a batch that fails is not asked again for it', async () => {
    void outcomeOf(load('a'))
    const short = outcomeOf(load('b', 100))
    void outcomeOf(load('c'))
    await turn()
    vi.advanceTimersByTime(200)
    expect(await short).toBe('ERR_STORE_TIMEOUT')
    store.question(-1).fail(new Error('of the driver'))
    await turn()
    expect(store.asked.slice(2)).toEqual(['load c'])
  })

  test('a store that never answers takes no place from those that come later', async () => {
    for (let at = 0; at < 8; at++) {
      void outcomeOf(load(`${at}`, 100))
      await turn()
    }
    vi.advanceTimersByTime(200)
    void outcomeOf(load('later'))
    expect(store.asked.at(-1)).toBe('load later')
  })
})
