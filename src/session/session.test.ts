import { inspect } from 'node:util'

import { describe, expect, test } from 'vitest'

import { sharedStore, type StoreWatch, watchStore } from '../../test/fixtures/watched-store.ts'
import { createDjango, type Django, type DjangoOptions } from '../django.ts'
import { memoryStore } from '../stores/memory.ts'
import { signedCookiesStore } from '../stores/signed-cookies.ts'

const secretKey = 'a-secret-that-must-never-be-shown'

type WritingOptions = Partial<Omit<DjangoOptions, 'readOnly'>>

interface World extends StoreWatch {
  readonly django: Django
  /** Another process over the same store. */
  other(options?: WritingOptions): Django
  /** A stored session with this data; answers its key. */
  stored(data: Record<string, unknown>): Promise<string>
  payload(key: string): Promise<string>
}

function world(options: WritingOptions = {}): World {
  const shared = sharedStore(memoryStore({ allowProduction: true }))
  const watch = watchStore(shared)
  const base = { settings: { secretKey }, ...options }
  const django = createDjango({ ...base, store: watch.store })
  const writer = createDjango({ settings: { secretKey }, store: shared })
  return {
    ...watch,
    django,
    other: (more = {}) => createDjango({ ...base, ...more, store: shared }),
    async stored(data) {
      const session = writer.sessions.get(null)
      session.update(data)
      await session.save()
      return session.key ?? ''
    },
    async payload(key) {
      let found = ''
      createDjango({
        settings: { secretKey },
        store: (context) => {
          const store = shared(context)
          void store.load(key).then((row) => (found = row?.payload ?? ''))
          return store
        },
      })
      await Promise.resolve()
      await Promise.resolve()
      return found
    },
  }
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
    return 'no error'
  } catch (error) {
    return (error as { code: unknown }).code
  }
}

describe('a lazy session', () => {
  test('costs no store call until it is loaded, and one then', async () => {
    const { django, calls, stored } = world()
    const key = await stored({ a: 1 })
    const session = django.sessions.get(key)
    expect(session.key).toBe(key)
    expect(calls).toEqual([])
    await Promise.all([session.load(), session.load()])
    await session.load()
    expect(calls).toEqual(['load'])
  })

  test('refuses to be read before it is loaded', () => {
    const session = world().django.sessions.get('a'.repeat(32)) as never as { data: unknown }
    expect(() => session.data).toThrow(TypeError)
    expect(() => session.data).toThrow(/await session\.load\(\)/)
  })

  test('keeps writes until save(), which loads, applies and compares', async () => {
    const { django, calls, stored, other } = world()
    const key = await stored({ a: 1, b: 2, c: 3 })
    const session = django.sessions.get(key)
    session.set('a', 10)
    session.delete('b')
    session.setExpiry(300)
    expect(calls).toEqual([])
    expect(await session.save()).toBe(true)
    expect(calls).toEqual(['load', 'update'])
    const seen = await other().sessions.get(key).load()
    expect(seen.data).toEqual({ a: 10, c: 3, _session_expiry: 300 })
  })

  test('applies its writes when it is loaded, also over a clear()', async () => {
    const { django, stored } = world()
    const key = await stored({ a: 1, b: 2 })
    const lazy = django.sessions.get(key)
    lazy.set('a', 5)
    lazy.clear()
    lazy.set('z', 1)
    const session = await lazy.load()
    expect(session.data).toEqual({ z: 1 })
    expect(session.modified).toBe(true)
  })

  test('takes the values as they are when save() is called', async () => {
    const { django, stored, other } = world()
    const key = await stored({})
    const session = django.sessions.get(key)
    const cart = { items: [1] }
    session.set('cart', cart)
    const saving = session.save()
    cart.items.push(2)
    session.set('late', true)
    await saving
    expect((await other().sessions.get(key).load()).data).toEqual({ cart: { items: [1] } })
    expect(await session.save()).toBe(true)
    expect((await other().sessions.get(key).load()).data).toEqual({
      cart: { items: [1] },
      late: true,
    })
  })

  test('that deletes a key which is not there changes nothing', async () => {
    const { django, calls, stored } = world()
    const session = django.sessions.get(await stored({ a: 1 }))
    session.delete('nothing')
    expect(await session.save()).toBe(false)
    expect(session.modified).toBe(false)
    expect(calls).toEqual(['load'])
  })
})

describe('save()', () => {
  test('is false, and no query, where nothing changed', async () => {
    const { django, calls, stored } = world()
    const session = await django.sessions.get(await stored({ a: { b: 1 } })).load()
    void session.data['a']
    expect(await session.save()).toBe(false)
    expect(await django.sessions.get(null).save()).toBe(false)
    expect(calls).toEqual(['load'])
  })

  test('sees a change inside of a value, and one through a value that get() gave out', async () => {
    const { django, stored, other } = world()
    const key = await stored({ cart: { items: [1] }, list: [1] })
    const session = await django.sessions.get(key).load()
    const cart = session.get('cart') as { items: number[] }
    cart.items.push(2)
    expect(session.modified).toBe(false)
    expect(await session.save()).toBe(true)
    expect((await other().sessions.get(key).load()).data).toEqual({
      cart: { items: [1, 2] },
      list: [1],
    })
  })

  test('writes on set() to an equal value, on modified = true and on force, and then no more', async () => {
    const { django, calls, stored } = world()
    const session = await django.sessions.get(await stored({ a: 1 })).load()
    session.set('a', 1)
    expect(await session.save()).toBe(true)
    expect(session.modified).toBe(true)
    expect(await session.save()).toBe(false)
    session.modified = true
    expect(await session.save()).toBe(true)
    expect(await session.save({ force: true })).toBe(true)
    expect(calls).toEqual(['load', 'update', 'update', 'update'])
  })

  test('takes modified = false as: what is there now is what is stored', async () => {
    const { django, calls, stored } = world()
    const session = await django.sessions.get(await stored({ a: { b: 1 } })).load()
    session.data['a'] = { b: 2 }
    session.set('c', 3)
    session.modified = false
    expect(await session.save()).toBe(false)
    session.data['d'] = 4
    expect(await session.save()).toBe(true)
    expect(calls).toEqual(['load', 'update'])
  })

  test('stores an empty new session only when forced', async () => {
    const { django } = world()
    const session = django.sessions.get(null)
    expect(await session.save({ force: true })).toBe(true)
    expect(session.key).toMatch(/^[a-z0-9]{32}$/)
    expect((await session.load()).data).toEqual({})
  })

  test('gives an unknown key up, and stores under a new one', async () => {
    const { django } = world()
    const unknown = 'u'.repeat(32)
    const session = await django.sessions.get(unknown).load()
    expect(session.key).toBe(null)
    expect(session.isEmpty()).toBe(true)
    session.set('a', 1)
    await session.save()
    expect(session.key).toMatch(/^[a-z0-9]{32}$/)
    expect(session.key).not.toBe(unknown)
    expect(await django.sessions.exists(unknown)).toBe(false)
  })

  test('never exists where its visitor keeps it, as in Django', async () => {
    const { sessions } = createDjango({ settings: { secretKey }, store: signedCookiesStore() })
    const session = await sessions.get(null).load()
    session.set('a', 1)
    await session.save()
    const key = session.key ?? ''
    expect((await sessions.get(key).load()).get('a')).toBe(1)
    expect(await sessions.exists(key)).toBe(false)
  })

  test('never brings a deleted session back', async () => {
    const { django, stored, other } = world()
    const key = await stored({ a: 1 })
    const session = await django.sessions.get(key).load()
    session.data['a'] = 2
    await other().sessions.delete(key)
    expect(await codeOf(session.save())).toBe('ERR_SESSION_INTERRUPTED')
    expect(await codeOf(session.cycleKey())).toBe('ERR_SESSION_INTERRUPTED')
    expect(await codeOf(session.change((data) => (data['a'] = 3)))).toBe('ERR_SESSION_INTERRUPTED')
    expect(await django.sessions.exists(key)).toBe(false)
  })

  test('of a clear() or of nothing, on a key nobody looked up, takes it to be there, as Django', async () => {
    const { django } = world()
    const cleared = django.sessions.get('u'.repeat(32))
    cleared.clear()
    expect(await codeOf(cleared.save())).toBe('ERR_SESSION_INTERRUPTED')
    const untouched = django.sessions.get('u'.repeat(32))
    expect(await codeOf(untouched.save({ force: true }))).toBe('ERR_SESSION_INTERRUPTED')
  })

  test('queues: a second one holds what came after the first, and waits for it', async () => {
    const { django, calls, stored, other } = world()
    const key = await stored({ n: 0 })
    const session = await django.sessions.get(key).load()
    session.data['n'] = 1
    const first = session.save()
    session.data['m'] = 1
    const second = session.save()
    const third = session.save()
    expect(await Promise.all([first, second, third])).toEqual([true, true, false])
    expect(calls).toEqual(['load', 'update', 'update'])
    expect((await other().sessions.get(key).load()).data).toEqual({ n: 1, m: 1 })
  })

  test('that failed is made up for by the next one', async () => {
    const { django, before, stored, other } = world()
    const key = await stored({ n: 0 })
    const session = await django.sessions.get(key).load()
    session.set('n', 1)
    before('update', () => {
      throw new Error('down')
    })
    expect(await codeOf(session.save())).toBe('ERR_STORE')
    expect(await session.save()).toBe(true)
    expect((await other().sessions.get(key).load()).data).toEqual({ n: 1 })
  })

  test('merges what others wrote meanwhile into the live data, in place', async () => {
    const { django, stored, other } = world()
    const key = await stored({ ours: 1, theirs: 1, gone: 1 })
    const session = await django.sessions.get(key).load()
    const { data } = session
    const their = await other().sessions.get(key).load()
    their.data['theirs'] = 2
    their.data['added'] = 'x'
    delete their.data['gone']
    await their.save()
    data['ours'] = 2
    expect(await session.save()).toBe(true)
    expect(session.data).toBe(data)
    expect(data).toEqual({ ours: 2, theirs: 2, added: 'x' })
    expect(await session.save()).toBe(false)
  })

  test('tells of keys that both sides changed, or refuses, as onConflict says', async () => {
    const { django, stored, other } = world()
    const key = await stored({ a: 1, b: 1 })
    const strict = other({ onConflict: 'throw' })
    const seen: unknown[] = []
    django.on('session.conflict', ({ keys }) => seen.push(keys))
    const sessions = await Promise.all([
      other().sessions.get(key).load(),
      django.sessions.get(key).load(),
      strict.sessions.get(key).load(),
    ])
    for (const [index, session] of sessions.entries()) session.data['a'] = index + 10
    await sessions[0]?.save()
    await sessions[1]?.save()
    expect(seen).toEqual([['a']])
    expect(await codeOf(sessions[2]?.save() ?? Promise.resolve())).toBe('ERR_SESSION_CONFLICT')
    expect((await other().sessions.get(key).load()).data).toEqual({ a: 11, b: 1 })
  })

  test('gives up after fifty conflicts', async () => {
    const { django, before, calls, stored, other } = world()
    const key = await stored({ n: 0 })
    const session = await django.sessions.get(key).load()
    for (let index = 0; index < 51; index++) {
      before('update', async () => {
        const their = other().sessions.get(key)
        their.set('theirs', index)
        await their.save()
      })
    }
    session.data['n'] = 1
    expect(await codeOf(session.save())).toBe('ERR_SESSION_CONFLICT')
    expect(calls.filter((call) => call === 'update')).toHaveLength(50)
  })

  test('after a conflict, saves of one process go one after the other', async () => {
    const { django, calls, stored, other } = world()
    const key = await stored({})
    const writers = Array.from({ length: 20 }, (_, writer) => `w${writer}`)
    const loaded = await Promise.all(writers.map(() => django.sessions.get(key).load()))
    for (const [at, session] of loaded.entries()) session.set(`w${at}`, at)
    calls.length = 0
    await Promise.all(loaded.map((session) => session.save()))
    expect(Object.keys((await other().sessions.get(key).load()).data).sort()).toEqual(
      writers.sort(),
    )
    // One comes first; each of the others meets one conflict, and none a second.
    expect(calls.filter((call) => call === 'update')).toHaveLength(20 + 19)
  })

  test('the time spent waiting for its turn is time spent', async () => {
    const { django, before, calls, stored, other } = world({ storeTimeoutMs: 50 })
    const wait = (ms: number) => (): Promise<void> => new Promise((done) => setTimeout(done, ms))
    const key = await stored({})
    const first = await django.sessions.get(key).load()
    const second = await django.sessions.get(key).load()
    const their = other().sessions.get(key)
    their.set('theirs', true)
    await their.save()
    first.set('first', true)
    second.set('second', true)
    calls.length = 0
    for (const ms of [0, 0, 1000]) before('update', wait(ms))
    before('load', wait(30))
    const codes = await Promise.all([codeOf(first.save()), codeOf(second.save())])
    expect(codes).toEqual(['ERR_STORE_TIMEOUT', 'ERR_STORE_TIMEOUT'])
    expect(calls).toEqual(['update', 'update', 'update', 'load'])
  })

  test('after a write that timed out, reads before it writes again', async () => {
    const { django, before, after, calls, stored, other } = world({ storeTimeoutMs: 30 })
    const key = await stored({ n: 0 })
    const session = await django.sessions.get(key).load()
    session.data['n'] = 1
    after('update', () => new Promise((resolve) => setTimeout(resolve, 60)))
    expect(await codeOf(session.save())).toBe('ERR_STORE_TIMEOUT')
    expect((await other().sessions.get(key).load()).data).toEqual({ n: 1 })
    session.data['m'] = 1
    expect(await session.save()).toBe(true)
    expect(calls).toEqual(['load', 'update', 'load', 'update'])
    expect((await other().sessions.get(key).load()).data).toEqual({ n: 1, m: 1 })
    before('load', () => new Promise((resolve) => setTimeout(resolve, 60)))
    expect(await codeOf(session.reload())).toBe('ERR_STORE_TIMEOUT')
  })
})

describe('after a save that failed', () => {
  test('a session that is gone stays gone, whatever is tried', async () => {
    const { django, stored, other } = world()
    const key = await stored({ _auth_user_id: '1' })
    const session = await django.sessions.get(key).load()
    await other().sessions.delete(key)
    const change = session.change((data) => (data['n'] = 1))
    expect(await codeOf(change)).toBe('ERR_SESSION_INTERRUPTED')
    session.data['n'] = 2
    expect(await codeOf(session.save())).toBe('ERR_SESSION_INTERRUPTED')
    expect(await codeOf(session.cycleKey())).toBe('ERR_SESSION_INTERRUPTED')
    expect(await codeOf(session.create())).toBe('ERR_SESSION_INTERRUPTED')
    expect(await django.check()).toEqual([])
    await session.flush()
    session.set('fresh', true)
    await session.save()
    expect((await other().sessions.get(session.key).load()).data).toEqual({ fresh: true })
  })

  test('a cycleKey() that met another login leaves no row, and goes back to the old key', async () => {
    const { django, before, stored, other } = world()
    const key = await stored({})
    const session = await django.sessions.get(key).load()
    session.update(login('1'))
    before('delete', async () => {
      const their = other().sessions.get(key)
      their.update(login('2'))
      await their.save()
    })
    expect(await codeOf(session.cycleKey())).toBe('ERR_SESSION_CONFLICT')
    expect(session.key).toBe(key)
    expect(await codeOf(session.cycleKey())).toBe('ERR_SESSION_CONFLICT')
    expect((await other().sessions.get(key).load()).data).toEqual(login('2'))
  })

  test('a conflict is looked at again: it may be over', async () => {
    const { django, stored, other } = world()
    const key = await stored({})
    const session = await django.sessions.get(key).load()
    const their = await other().sessions.get(key).load()
    their.update(login('2'))
    await their.save()
    session.update(login('1'))
    expect(await codeOf(session.save())).toBe('ERR_SESSION_CONFLICT')
    for (const name of Object.keys(login('2'))) their.delete(name)
    await their.save()
    expect(await session.save()).toBe(true)
    expect((await other().sessions.get(key).load()).data).toEqual(login('1'))
  })

  test('a save that waits behind it stores what both would have', async () => {
    const { django, before, stored, other } = world()
    const key = await stored({ x: 1 })
    const session = await django.sessions.get(key).load()
    const their = await other().sessions.get(key).load()
    before('update', () => {
      throw new Error('down')
    })
    session.set('x', 1)
    session.data['y'] = 1
    const first = session.save()
    const second = session.save()
    await their.change((data) => (data['x'] = 5))
    expect(await codeOf(first)).toBe('ERR_STORE')
    expect(await second).toBe(true)
    expect((await other().sessions.get(key).load()).data).toEqual({ x: 1, y: 1 })
  })
})

describe('saves in flight', () => {
  test('a change back is a change', async () => {
    const { django, stored, other } = world()
    const key = await stored({ x: 1 })
    const session = await django.sessions.get(key).load()
    session.data['x'] = 2
    const first = session.save()
    session.data['x'] = 1
    expect(await Promise.all([first, session.save()])).toEqual([true, true])
    expect((await other().sessions.get(key).load()).data).toEqual({ x: 1 })
  })

  test('what others wrote does not come back into data that was cleared since', async () => {
    const { django, stored, other } = world()
    const key = await stored({})
    const session = await django.sessions.get(key).load()
    await other()
      .sessions.get(key)
      .change((data) => (data['cart'] = [1]))
    session.set('m', 1)
    const first = session.save()
    session.clear()
    expect(await Promise.all([first, session.save()])).toEqual([true, true])
    expect(session.data).toEqual({})
    expect(await session.save()).toBe(false)
    expect((await other().sessions.get(key).load()).data).toEqual({})
  })

  test('nothing that was there before a flush() is stored after it', async () => {
    const { django, stored, other } = world()
    const key = await stored(login('1'))
    const session = await django.sessions.get(key).load()
    const flushing = session.flush()
    session.set('x', 1)
    expect(await Promise.all([flushing, session.save()])).toEqual([undefined, true])
    expect(session.key).not.toBe(key)
    expect((await other().sessions.get(session.key).load()).data).toEqual({ x: 1 })
  })
})

function login(id: string): Record<string, string> {
  return { _auth_user_id: id, _auth_user_backend: 'backend', _auth_user_hash: `hash of ${id}` }
}

describe('values', () => {
  const refused: ReadonlyArray<readonly [string, unknown, readonly PropertyKey[]]> = [
    ['a Date', { at: new Date(0) }, ['v', 'at']],
    ['a Map', new Map(), ['v']],
    ['a class instance', [new (class Cart {})()], ['v', 0]],
    ['a function', { f: () => 1 }, ['v', 'f']],
    ['a symbol', Symbol('s'), ['v']],
    ['a symbol key', { [Symbol('s')]: 1 }, ['v']],
    ['a hole in an array', [1, , 2], ['v', 1]], // eslint-disable-line no-sparse-arrays
  ]
  test.each(refused)(
    '%s is refused with the way to it, and nothing is written',
    async (_n, v, path) => {
      const { django, calls, stored } = world()
      const session = await django.sessions.get(await stored({ a: 1 })).load()
      session.data['v'] = v
      await expect(session.save()).rejects.toMatchObject({ code: 'ERR_SESSION_DATA', path })
      expect(calls).toEqual(['load'])
    },
  )

  test('a value that contains itself is refused', async () => {
    const { django } = world()
    const session = await django.sessions.get(null).load()
    const loop: unknown[] = []
    loop.push(loop)
    session.data['v'] = loop
    expect(await codeOf(session.save())).toBe('ERR_SESSION_DATA')
  })

  test('undefined in an object deletes the key', async () => {
    const { django, stored, other } = world()
    const key = await stored({ a: 1, b: { c: 1, d: 2 } })
    const session = await django.sessions.get(key).load()
    session.data['a'] = undefined
    ;(session.data['b'] as Record<string, unknown>)['c'] = undefined
    expect(await session.save()).toBe(true)
    expect((await other().sessions.get(key).load()).data).toEqual({ b: { d: 2 } })
    expect(session.has('a')).toBe(false)
  })

  test('bigint, NaN and integers past 2^53 come back as they are', async () => {
    const { django, other } = world()
    const session = await django.sessions.get(null).load()
    const values = { big: 2n ** 70n, nan: Number.NaN, inf: -Infinity, float: 0.1, int: 5 }
    session.update(values)
    await session.save()
    const seen = await other().sessions.get(session.key).load()
    expect(seen.data).toEqual(values)
    expect(JSON.stringify(seen)).toContain('"big":"1180591620717411303424"')
  })

  test('keys that every object inherits are ordinary keys', async () => {
    const { django, other } = world()
    const session = await django.sessions.get(null).load()
    for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(session.has(key)).toBe(false)
      expect(session.get(key)).toBe(null)
      session.set(key, { polluted: key })
    }
    await session.save()
    const seen = await other().sessions.get(session.key).load()
    expect(seen.keys()).toEqual(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
    expect(seen.get('__proto__')).toEqual({ polluted: '__proto__' })
    expect(Object.getPrototypeOf(seen.data)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)['polluted']).toBe(undefined)
  })

  test('assigning to __proto__ of the data is refused, not lost', async () => {
    const { django } = world()
    const session = await django.sessions.get(null).load()
    session.data['__proto__'] = { a: 1 }
    expect(await codeOf(session.save())).toBe('ERR_SESSION_DATA')
  })
})

describe("Django's dict interface", () => {
  test('answers and sets the flags as Django does', async () => {
    const { django, stored } = world()
    const session = await django.sessions.get(await stored({ a: 1, n: null })).load()
    session.accessed = false
    expect(session.get('a')).toBe(1)
    expect(session.accessed).toBe(true)
    expect([session.get('n', 5), session.get('x'), session.get('x', 7)]).toEqual([null, null, 7])
    expect([session.has('n'), session.has('x')]).toEqual([true, false])
    expect(session.setdefault('a', 9)).toBe(1)
    expect(session.pop('x', 'none')).toBe('none')
    expect(session.delete('x')).toBe(false)
    expect(session.modified).toBe(false)
    expect(session.setdefault('s', 2)).toBe(2)
    expect(session.modified).toBe(true)
    expect(session.pop('s')).toBe(2)
    session.update({ u: 1, v: 2 })
    expect(session.items()).toEqual([
      ['a', 1],
      ['n', null],
      ['u', 1],
      ['v', 2],
    ])
    expect([session.keys(), session.values()]).toEqual([
      ['a', 'n', 'u', 'v'],
      [1, null, 1, 2],
    ])
    session.clear()
    expect(session.items()).toEqual([])
  })

  test('has the test cookie', async () => {
    const session = await world().django.sessions.get(null).load()
    expect(session.testCookieWorked()).toBe(false)
    session.setTestCookie()
    expect(session.testCookieWorked()).toBe(true)
    session.deleteTestCookie()
    expect(session.testCookieWorked()).toBe(false)
  })
})

describe('change()', () => {
  test('runs on what stands in the store, again after a conflict, and answers the result', async () => {
    const { django, before, calls, stored, other } = world()
    const key = await stored({ n: 1 })
    const session = await django.sessions.get(key).load()
    const bump = (data: Record<string, unknown>): number => {
      data['n'] = Number(data['n']) + 1
      return Number(data['n'])
    }
    await other().sessions.get(key).change(bump)
    before('update', () => other().sessions.get(key).change(bump))
    expect(await session.change(bump)).toBe(4)
    expect(session.data).toEqual({ n: 4 })
    expect(calls).toEqual(['load', 'load', 'update', 'update'])
  })

  test('of twenty sessions at once loses none', async () => {
    const { django, stored } = world()
    const key = await stored({ n: 0 })
    await Promise.all(
      Array.from({ length: 20 }, () =>
        django.sessions.get(key).change((data) => (data['n'] = Number(data['n']) + 1)),
      ),
    )
    expect((await django.sessions.get(key).load()).data).toEqual({ n: 20 })
  })

  test('leaves changes that wait for save() waiting', async () => {
    const { django, stored, other } = world()
    const key = await stored({ n: 1, theirs: 1 })
    const session = await django.sessions.get(key).load()
    session.data['mine'] = 'unsaved'
    await other()
      .sessions.get(key)
      .change((data) => (data['theirs'] = 2))
    await session.change((data) => (data['n'] = 2))
    expect(session.data).toEqual({ n: 2, theirs: 2, mine: 'unsaved' })
    expect((await other().sessions.get(key).load()).data).toEqual({ n: 2, theirs: 2 })
    expect(await session.save()).toBe(true)
    expect((await other().sessions.get(key).load()).data).toEqual(session.data)
  })

  test('makes a new session where there is none', async () => {
    const { django } = world()
    const session = django.sessions.get(null)
    expect(await session.change((data) => (data['n'] = 1))).toBe(1)
    expect(session.key).toMatch(/^[a-z0-9]{32}$/)
    const unknown = django.sessions.get('u'.repeat(32))
    await Promise.all([1, 2].map(() => unknown.change((d) => (d['n'] = Number(d['n'] ?? 0) + 1))))
    expect((await django.sessions.get(unknown.key).load()).data).toEqual({ n: 2 })
  })

  test('that throws, or is asynchronous, writes nothing', async () => {
    const { django, calls, stored } = world()
    const session = django.sessions.get(await stored({ n: 1 }))
    const failing = session.change(() => {
      throw new RangeError('no')
    })
    await expect(failing).rejects.toThrow(RangeError)
    // @ts-expect-error The types refuse it too.
    const asynchronous = session.change(async (data) => {
      data['n'] = 2
    })
    expect(await codeOf(asynchronous)).toBe('ERR_INVALID_ARGUMENT')
    expect(calls).toEqual(['load', 'load'])
  })
})

describe('cycleKey()', () => {
  test('moves data, also unsaved, to a new key and ends the old one', async () => {
    const { django, stored, other } = world()
    const key = await stored({ a: 1 })
    const session = await django.sessions.get(key).load()
    session.data['b'] = 2
    await session.cycleKey()
    expect(session.key).not.toBe(key)
    expect(await django.sessions.exists(key)).toBe(false)
    expect((await other().sessions.get(session.key).load()).data).toEqual({ a: 1, b: 2 })
    expect(session.modified).toBe(true)
    expect(await session.save()).toBe(false)
  })

  test('takes along what others wrote while it moved', async () => {
    const { django, before, stored, other } = world()
    const key = await stored({ a: 1 })
    const session = await django.sessions.get(key).load()
    session.data['mine'] = 1
    before('delete', () =>
      other()
        .sessions.get(key)
        .change((data) => (data['theirs'] = 1)),
    )
    await session.cycleKey()
    const expected = { a: 1, mine: 1, theirs: 1 }
    expect((await other().sessions.get(session.key).load()).data).toEqual(expected)
    expect(session.data).toEqual(expected)
    expect(await django.sessions.exists(key)).toBe(false)
  })

  test('does not let a session live on that was ended while it moved', async () => {
    const { django, before, stored, other } = world()
    const key = await stored({ a: 1 })
    const session = await django.sessions.get(key).load()
    before('delete', () => other().sessions.delete(key))
    const moved: string[] = []
    before('delete', () => moved.push('withdrawn'))
    expect(await codeOf(session.cycleKey())).toBe('ERR_SESSION_INTERRUPTED')
    expect(moved).toEqual(['withdrawn'])
    expect(await django.sessions.exists(session.key ?? '')).toBe(false)
  })

  test('leaves what was written while it moved and cannot be read', async () => {
    const { django, before, stored, other } = world()
    const key = await stored({ a: 1 })
    const session = await django.sessions.get(key).load()
    const stranger = other({ settings: { secretKey: 'another' }, djangoExact: true })
    before('delete', async () => {
      const theirs = await stranger.sessions.get(key).load()
      theirs.set('theirs', 1)
      await theirs.save()
    })
    await session.cycleKey()
    expect(session.key).not.toBe(key)
    expect((await django.sessions.get(session.key).load()).data).toEqual({ a: 1 })
    expect((await stranger.sessions.get(key).load()).data).toEqual({ theirs: 1 })
  })

  test('of a session that was not loaded loads it first; of a new one makes a row', async () => {
    const { django, calls, stored } = world()
    const session = django.sessions.get(await stored({ a: 1 }))
    await session.cycleKey()
    expect(calls).toEqual(['load', 'create', 'delete'])
    const fresh = django.sessions.get(null)
    await fresh.cycleKey()
    expect(await django.sessions.exists(fresh.key ?? '')).toBe(true)
  })
})

describe('flush()', () => {
  test('deletes row, key and data; the next save makes a new session', async () => {
    const { django, calls, stored } = world()
    const key = await stored({ a: 1 })
    const session = await django.sessions.get(key).load()
    const { data } = session
    await session.flush()
    expect([session.key, session.data, session.isEmpty()]).toEqual([null, {}, true])
    expect(session.data).toBe(data)
    expect(await session.save()).toBe(false)
    expect(calls).toEqual(['load', 'delete'])
    session.set('b', 1)
    await session.save()
    expect(session.key).not.toBe(key)
    expect((await django.sessions.get(session.key).load()).data).toEqual({ b: 1 })
  })
})

describe('doubt', () => {
  const wrong = { settings: { secretKey: 'another secret' } }

  test('an unproven process reads an undecodable row as empty, and refuses to write over it', async () => {
    const { other, stored } = world()
    const key = await stored({ user: 1 })
    const stranger = other(wrong)
    const corrupt: unknown[] = []
    stranger.on('session.corrupt', (event) => corrupt.push(event))
    const session = await stranger.sessions.get(key).load()
    expect([session.data, session.key]).toEqual([{}, key])
    expect(corrupt).toEqual([{ session: expect.any(String), reason: 'badSignature' }])
    expect(JSON.stringify(corrupt)).not.toContain(key)
    expect(stranger.sessions.decode('no:such:payload')).toEqual({})
    expect(corrupt[1]).toEqual({ session: null, reason: 'badSignature' })
    session.set('a', 1)
    expect(await codeOf(session.save())).toBe('ERR_SECRET_MISMATCH')
    expect(await codeOf(session.cycleKey())).toBe('ERR_SECRET_MISMATCH')
    expect(await codeOf(session.flush())).toBe('ERR_SECRET_MISMATCH')
    expect(await codeOf(stranger.sessions.get(key).flush())).toBe('ERR_SECRET_MISMATCH')
    expect(await codeOf(session.create())).toBe('ERR_SECRET_MISMATCH')
    expect(await codeOf(stranger.sessions.get(key).create())).toBe('ERR_SECRET_MISMATCH')
    const unread = stranger.sessions.get(key)
    unread.clear()
    expect(await codeOf(unread.save())).toBe('ERR_SECRET_MISMATCH')
    expect(await codeOf(session.change((data) => (data['a'] = 1)))).toBe('ERR_SECRET_MISMATCH')
    expect((await other().sessions.get(key).load()).data).toEqual({ user: 1 })
  })

  test('reading back what it made itself proves nothing', async () => {
    const { other, stored } = world()
    const key = await stored({ user: 1 })
    const stranger = other(wrong)
    const own = stranger.sessions.get(null)
    own.set('a', 1)
    await own.save()
    await stranger.sessions.get(own.key).load()
    const session = stranger.sessions.get(key)
    session.set('a', 1)
    expect(await codeOf(session.save())).toBe('ERR_SECRET_MISMATCH')
  })

  test('a proven process leaves an undecodable row, and moves the session to a new key', async () => {
    const { django, other, stored } = world()
    const key = await stored({ user: 1 })
    const foreign = other(wrong).sessions.get(null)
    foreign.set('x', 1)
    await foreign.save()
    await django.sessions.get(key).load()
    const session = await django.sessions.get(foreign.key).load()
    session.set('a', 1)
    expect(await session.save()).toBe(true)
    expect(session.key).not.toBe(foreign.key)
    expect(await django.sessions.exists(foreign.key ?? '')).toBe(true)
  })

  test('check() names a wrong secret, and proves a right one', async () => {
    const { other, stored } = world()
    await stored({ user: 1 })
    expect(await other(wrong).check()).toEqual([{ code: 'secret', message: expect.any(String) }])
    expect(await other().check()).toEqual([])
  })
})

test('a key that is deleted and set again stands at the end, as in Python', async () => {
  const { django, stored } = world()
  const key = await stored({ a: 1, b: 2, c: 3 })
  const session = await django.sessions.get(key).load()
  session.delete('a')
  session.set('a', 1)
  await session.save()
  expect((await django.sessions.get(key).load()).keys()).toEqual(['b', 'c', 'a'])
  session.clear()
  session.update({ c: 3, a: 1 })
  await session.save()
  expect((await django.sessions.get(key).load()).keys()).toEqual(['c', 'a'])
})

describe('djangoExact', () => {
  test('saves last-write-wins, finds no nested change, and writes a decode failure over', async () => {
    const { django, other, stored } = world({ djangoExact: true })
    const key = await stored({ a: { b: 1 } })
    const session = await django.sessions.get(key).load()
    await other()
      .sessions.get(key)
      .change((data) => (data['theirs'] = 1))
    ;(session.data['a'] as Record<string, unknown>)['b'] = 2
    expect(session.modified).toBe(false)
    await session.save()
    expect((await other().sessions.get(key).load()).data).toEqual({ a: { b: 2 } })
    const stranger = other({ settings: { secretKey: 'another' }, djangoExact: true })
    const undecodable = await stranger.sessions.get(key).load()
    undecodable.set('x', 1)
    await undecodable.save()
    expect(undecodable.key).toBe(key)
  })

  test('a session that was cleared unread is not read: its row is taken to be there', async () => {
    const { django, calls } = world({ djangoExact: true })
    const session = django.sessions.get('nobody-has-this-key')
    session.clear()
    expect((await session.load()).get('a')).toBe(null)
    expect([session.key, calls]).toEqual(['nobody-has-this-key', []])
    expect(await codeOf(session.save())).toBe('ERR_SESSION_INTERRUPTED')
  })

  test('after a save under an unknown key there is another key, and still no row', async () => {
    const { django } = world({ djangoExact: true })
    const session = django.sessions.get('nobody-has-this-key')
    expect(await codeOf(session.save())).toBe('ERR_SESSION_INTERRUPTED')
    expect(session.key).toMatch(/^[a-z0-9]{32}$/)
    session.set('a', 1)
    expect(await codeOf(session.save())).toBe('ERR_SESSION_INTERRUPTED')
    await session.cycleKey()
    expect(await django.sessions.exists(session.key ?? '')).toBe(true)
  })
})

describe('an outage', () => {
  const down = (): never => {
    throw Object.assign(new Error('planted text'), { code: 'ECONNREFUSED', detail: secretKey })
  }

  test('is a typed error, without the text of the driver', async () => {
    const { django, before } = world()
    before('load', down)
    const error: unknown = await django.sessions
      .get('k'.repeat(32))
      .load()
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', status: 503, operation: 'load' })
    const shown = inspect(error, { depth: 9, showHidden: true })
    expect(shown).not.toMatch(/planted text|a-secret-that|kkkkkkkk/)
    expect(shown).toContain('ECONNREFUSED')
  })

  test('may make the visitor anonymous, and then refuses to save', async () => {
    const { django, before, calls } = world({ onStoreError: 'anonymous' })
    before('load', down)
    const session = await django.sessions.get('k'.repeat(32)).load()
    expect(session.data).toEqual({})
    session.set('a', 1)
    expect(await codeOf(session.save())).toBe('ERR_STORE_UNAVAILABLE')
    expect(calls).toEqual(['load'])
  })

  test('that hangs ends at the deadline', async () => {
    const { django, before } = world({ storeTimeoutMs: 20 })
    before('load', () => new Promise(() => {}))
    const loading = django.sessions.get('k'.repeat(32)).load()
    expect(await codeOf(loading)).toBe('ERR_STORE_TIMEOUT')
  })
})

describe('odd keys', () => {
  test.each(['short', 'a'.repeat(41), 'a\u0000'.repeat(8), 'kéykéykéy', '\u0001'.repeat(20)])(
    '%j is unknown, without a query',
    async (key) => {
      const { django, calls } = world()
      const session = await django.sessions.get(key).load()
      expect([session.key, session.data]).toEqual([null, {}])
      expect(await django.sessions.exists(key)).toBe(false)
      expect(calls).toEqual([])
    },
  )
})

test('nothing shows a secret, a key or a payload to an inspector', async () => {
  const { django, stored } = world()
  const key = await stored({ planted: 'payload-planted' })
  const session = await django.sessions.get(key).load()
  const shown = inspect([django, django.settings, session], { depth: 9, showHidden: true })
  for (const planted of [secretKey, key, 'payload-planted']) expect(shown).not.toContain(planted)
})
