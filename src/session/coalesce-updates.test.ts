import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { memoryStore } from '../stores/memory.ts'
import type { Codec } from './codec.ts'
import { Deadline } from './deadline.ts'
import { GuardedStore } from './guarded-store.ts'
import { readRelease, resolveSettings } from '../settings.ts'
import { defaultLimits } from './limits.ts'
import type {
  Call,
  KeyedUpdate,
  NewSession,
  SessionStore,
  StoredSession,
  Updated,
} from './store.ts'

/** Something that the store was asked, until it answers. */
interface Question {
  readonly method: 'update' | 'updateMany'
  readonly keys: readonly string[]
  readonly call: Call
  /** Saves these, or all of them, and leaves the others alone. */
  save(keys?: readonly string[]): void
  fail(error: unknown): void
}

const base: SessionStore = memoryStore()({
  settings: resolveSettings({}, readRelease('5.2')),
  codecs: { signed: () => ({}) as Codec, legacy: () => ({}) as Codec },
  limits: defaultLimits,
  now: () => new Date(),
})

const previous: StoredSession = { payload: 'previous', expireDate: null }

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

  async update(
    key: string,
    next: NewSession,
    stored: StoredSession,
    call: Call = {},
  ): Promise<Updated> {
    const saved = await this.#ask('update', [{ key, next, previous: stored }], call)
    return saved.get(key) ?? { outcome: 'missing' }
  }

  updateMany(
    updates: readonly KeyedUpdate[],
    call: Call = {},
  ): Promise<ReadonlyMap<string, Updated>> {
    return this.#ask('updateMany', updates, call)
  }

  #ask(
    method: Question['method'],
    updates: readonly KeyedUpdate[],
    call: Call,
  ): Promise<ReadonlyMap<string, Updated>> {
    const all = updates.map(({ key }) => key)
    return new Promise((resolve, reject) => {
      const save = (keys: readonly string[] = all): void => {
        const saved = updates.filter(({ key }) => keys.includes(key))
        resolve(
          new Map(saved.map(({ key, next }) => [key, { outcome: 'saved', key, stored: next }])),
        )
      }
      this.questions.push({ method, keys: all, call, save, fail: reject })
    })
  }
}

/** Lets the event loop take its I/O in, and whatever was gathered go out. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

/** The payload that was saved, what came of it else, or the code of the failure. */
function outcomeOf(promise: Promise<Updated>): Promise<unknown> {
  return promise.then(
    (updated) => (updated.outcome === 'saved' ? updated.stored.payload : updated.outcome),
    (error: unknown): unknown => Reflect.get(Object(error), 'code'),
  )
}

let store: SlowStore
let guarded: GuardedStore

const update = (key: string, payload = `of ${key}`, timeoutMs = 5000): Promise<unknown> =>
  outcomeOf(
    guarded.update(key, { payload, expireDate: new Date() }, previous, new Deadline(timeoutMs)),
  )

beforeEach(() => {
  store = new SlowStore()
  guarded = new GuardedStore({
    ...base,
    update: (...args) => store.update(...args),
    updateMany: (...args) => store.updateMany(...args),
  })
})

describe('when updates are sent', () => {
  test('at once while nothing is in flight, and at once again after the answer', async () => {
    const first = update('a')
    expect(store.asked).toEqual(['update a'])
    store.question(0).save()
    await first
    void update('b')
    expect(store.asked).toEqual(['update a', 'update b'])
  })

  test('those of one turn as one', async () => {
    void update('a')
    void update('b')
    await Promise.resolve()
    for (const key of ['c', 'd', 'e']) void update(key)
    expect(store.asked).toEqual(['update a'])
    await turn()
    expect(store.asked).toEqual(['update a', 'updateMany b,c,d,e'])
  })

  test('one by one, where a turn has fewer than 4', async () => {
    void update('a')
    for (const key of ['b', 'c', 'd']) void update(key)
    await turn()
    expect(store.asked).toEqual(['update a', 'update b', 'update c', 'update d'])
  })

  test('no more than 50 as one', async () => {
    void update('first')
    for (let at = 0; at < 120; at++) void update(`${at}`)
    await turn()
    expect(store.questions.map(({ keys }) => keys.length)).toEqual([1, 50, 50, 20])
  })

  test('whatever others wait for that went alone', async () => {
    for (let at = 0; at < 20; at++) {
      void update(`${at}`)
      await turn()
    }
    expect(store.asked).toHaveLength(20)
  })

  test('not before an answer, where 8 batches are not answered', async () => {
    void update('alone')
    for (let at = 0; at < 10; at++) {
      for (const letter of 'abcd') void update(`${at}${letter}`)
      await turn()
    }
    expect(store.asked).toHaveLength(9)
    store.question(0).save()
    await turn()
    expect(store.asked).toHaveLength(9)
    store.question(3).save()
    await turn()
    expect(store.asked.slice(9)).toEqual(['updateMany 8a,8b,8c,8d,9a,9b,9c,9d'])
  })

  test('one by one, and at once, where the store takes no more than one', () => {
    guarded = new GuardedStore({ ...base, update: (...args) => store.update(...args) })
    void update('a')
    void update('b')
    expect(store.asked).toEqual(['update a', 'update b'])
  })
})

describe('what updates are answered', () => {
  test('each its own', async () => {
    void update('a')
    const others = Promise.all(['b', 'c', 'd', 'e'].map((key) => update(key)))
    await turn()
    store.question(-1).save()
    expect(await others).toEqual(['of b', 'of c', 'of d', 'of e'])
  })

  test('by the store once more, alone, where a batch left them alone', async () => {
    void update('a')
    const [b, c, d, e] = ['b', 'c', 'd', 'e'].map((key) => update(key))
    await turn()
    store.question(-1).save(['c', 'e'])
    expect(await Promise.all([c, e])).toEqual(['of c', 'of e'])
    expect(store.asked.slice(2)).toEqual(['update b', 'update d'])
    store.question(2).save([])
    store.question(3).save()
    expect(await Promise.all([b, d])).toEqual(['missing', 'of d'])
  })

  test('one after the other, where two are of one session', async () => {
    void update('a')
    const others = Promise.all([
      update('b', 'first'),
      update('c'),
      update('b', 'second'),
      update('d'),
    ])
    await turn()
    expect(store.asked.at(-1)).toBe('updateMany b,c,d')
    store.question(-1).save()
    await turn()
    expect(store.asked.at(-1)).toBe('update b')
    store.question(-1).save()
    expect(await others).toEqual(['first', 'of c', 'second', 'of d'])
  })
})

describe('where a batch fails', () => {
  test('all of it fails, and nothing that may have been written is sent again', async () => {
    void update('a')
    const others = ['b', 'c', 'd', 'b'].map((key) => update(key))
    await turn()
    store.question(-1).fail(Object.assign(new Error('of the driver'), { code: 'ECONNRESET' }))
    expect(await Promise.all(others)).toEqual(others.map(() => 'ERR_STORE_UNAVAILABLE'))
    await turn()
    expect(store.asked).toEqual(['update a', 'updateMany b,c,d'])
  })

  test('a store that throws fails like one that rejects', async () => {
    const broken = (): never => {
      throw new Error('of the driver')
    }
    guarded = new GuardedStore({ ...base, update: broken, updateMany: broken })
    const updates = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => update(key)))
    expect(updates).toEqual(updates.map(() => 'ERR_STORE'))
  })
})

describe('when the time of updates is over', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('each ends by its own, whatever it was sent together with', async () => {
    void update('a')
    const short = update('b', 'short', 100)
    const long = update('c', 'long', 300)
    for (const key of ['d', 'e']) void update(key)
    await turn()
    vi.advanceTimersByTime(200)
    expect(await short).toBe('ERR_STORE_TIMEOUT')
    store.question(-1).save()
    expect(await long).toBe('long')
  })

  test('a batch is given up once nobody waits for it, and not before', async () => {
    void update('a')
    const updates = [100, 100, 100, 300].map((ms, at) => update(`${at}`, 'new', ms))
    await turn()
    const { call } = store.question(-1)
    vi.advanceTimersByTime(200)
    expect(call.signal?.aborted).toBe(false)
    vi.advanceTimersByTime(200)
    expect(call.signal?.aborted).toBe(true)
    expect(await Promise.all(updates)).toEqual(updates.map(() => 'ERR_STORE_TIMEOUT'))
  })

  test('one that still waits is not sent', async () => {
    void update('a')
    const short = update('b', 'short', 100)
    void update('c')
    vi.advanceTimersByTime(200)
    expect(await short).toBe('ERR_STORE_TIMEOUT')
    await turn()
    expect(store.asked).toEqual(['update a', 'update c'])
  })

  test('one that a batch left alone is not sent again', async () => {
    void update('a')
    const short = update('b', 'short', 100)
    for (const key of ['c', 'd', 'e']) void update(key)
    await turn()
    vi.advanceTimersByTime(200)
    expect(await short).toBe('ERR_STORE_TIMEOUT')
    store.question(-1).save(['d', 'e'])
    await turn()
    expect(store.asked.slice(2)).toEqual(['update c'])
  })
})
