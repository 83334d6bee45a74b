import type { IncomingHttpHeaders } from 'node:http'

import {
  type AdapterOptions,
  createDjango,
  type Django,
  type DjangoOptions,
  type LazyReadOnlySession,
  type LazySession,
  type LiveData,
  type ReadOnlyDjango,
  type ReadOnlySession,
  type RequestSession,
  type Session,
} from 'async-django'
import { djangoFetch } from 'async-django/fetch'
import { memoryStore } from 'async-django/stores/memory'
import { describe, expectTypeOf, test } from 'vitest'

interface Cart {
  theme: 'dark' | 'light'
  visits: number
  items: Array<{ sku: string; count: number }>
}

const options = { settings: { secretKey: 'secret' }, store: memoryStore() }
const django = createDjango<{ session: Cart }>(options)
const reader = createDjango<{ session: Cart }>({ ...options, readOnly: true })
const untyped = createDjango(options)
const lazy = django.sessions.get('key')
const session = await lazy.load()

describe('createDjango', () => {
  test('writes unless it is told to be read-only', () => {
    expectTypeOf(django).toEqualTypeOf<Django<{ session: Cart }>>()
    expectTypeOf(reader).toEqualTypeOf<ReadOnlyDjango<{ session: Cart }>>()
  })

  test('may turn out read-only where that is not known at compile time', () => {
    const some = createDjango<{ session: Cart }>(options as DjangoOptions)

    expectTypeOf(some).toEqualTypeOf<ReadOnlyDjango<{ session: Cart }>>()
  })

  test('knows its options', () => {
    // @ts-expect-error There is no such option.
    createDjango({ ...options, secretKey: 'secret' })
    // @ts-expect-error The store is missing.
    createDjango({ settings: { secretKey: 'secret' } })
    // @ts-expect-error Session data is an object.
    createDjango<{ session: string }>(options)
  })
})

describe('a session that is not loaded', () => {
  test('cannot be read', () => {
    expectTypeOf(lazy).toEqualTypeOf<LazySession<Cart>>()
    // @ts-expect-error Await load() first.
    void lazy.data
    // @ts-expect-error Await load() first.
    void lazy.get('theme')
    // @ts-expect-error Await load() first.
    void lazy.has('theme')
    // @ts-expect-error Await load() first.
    void lazy.getExpiryAge()
  })

  test('takes writes that need no read', () => {
    expectTypeOf(lazy.set('theme', 'dark')).toEqualTypeOf<void>()
    expectTypeOf(lazy.delete('theme')).toEqualTypeOf<void>()
    expectTypeOf(lazy.save()).toEqualTypeOf<Promise<boolean>>()
    // @ts-expect-error There is no such theme.
    lazy.set('theme', 'blue')
    // @ts-expect-error visits is a number.
    lazy.update({ visits: 'many' })
  })

  test('becomes a session by load()', () => {
    expectTypeOf(lazy.load()).toEqualTypeOf<Promise<Session<Cart>>>()
    expectTypeOf(session.load()).resolves.toEqualTypeOf<Session<Cart>>()
  })

  test('may be asked for without a key', () => {
    expectTypeOf(django.sessions.get).parameter(0).toEqualTypeOf<string | null | undefined>()
    expectTypeOf(lazy.key).toEqualTypeOf<string | null>()
  })
})

describe('data', () => {
  test('has the declared keys, none of which need be there', () => {
    expectTypeOf(session.data).toEqualTypeOf<LiveData<Cart>>()
    expectTypeOf(session.data.visits).toEqualTypeOf<number | undefined>()
    expectTypeOf(session.data.items?.[0]?.sku).toEqualTypeOf<string | undefined>()
    session.data.theme = 'dark'
    delete session.data.theme
    // @ts-expect-error There is no such theme.
    session.data.theme = 'blue'
    // @ts-expect-error A new visitor has none.
    session.data.visits += 1
  })

  test('has other keys, of which nothing is known', () => {
    expectTypeOf(session.data['other']).toEqualTypeOf<unknown>()
    session.data['other'] = ['anything']
  })

  test('is of any shape without a type', () => {
    expectTypeOf(untyped.sessions.get(null).load()).resolves.toEqualTypeOf<
      Session<Record<string, unknown>>
    >()
    expectTypeOf(untyped.sessions.decode('text')).toEqualTypeOf<unknown>()
  })

  test('cannot be replaced', () => {
    // @ts-expect-error Change what is in it.
    session.data = {}
    // @ts-expect-error The key changes by cycleKey().
    session.key = 'other'
  })
})

describe('the dict interface', () => {
  test('gives null for what is not there', () => {
    expectTypeOf(session.get('theme')).toEqualTypeOf<'dark' | 'light' | null>()
    expectTypeOf(session.pop('visits')).toEqualTypeOf<number | null>()
    expectTypeOf(session.get('other')).toEqualTypeOf<unknown>()
  })

  test('gives a fallback of any type', () => {
    expectTypeOf(session.get('visits', 0)).toEqualTypeOf<number>()
    expectTypeOf(session.get('theme', false)).toEqualTypeOf<'dark' | 'light' | boolean>()
    expectTypeOf(session.pop('visits', 'none')).toEqualTypeOf<number | string>()
  })

  test('sets what fits the key', () => {
    session.set('theme', 'light')
    session.set('other', new Map())
    expectTypeOf(session.setdefault('visits', 1)).toEqualTypeOf<number>()
    // @ts-expect-error There is no such theme.
    session.set('theme', 'blue')
    // @ts-expect-error visits is a number.
    session.setdefault('visits', '1')
    session.update({ theme: 'dark', other: 1 })
    session.update({} as Cart)
    // @ts-expect-error visits is a number.
    session.update({ theme: 'dark', visits: '1' })
    // @ts-expect-error visits is a number.
    session.update({ other: 1, visits: '1' })
  })

  test("sets by a key of one's own choice", () => {
    const key: keyof Cart = 'visits' as keyof Cart
    expectTypeOf(session.get(key)).toEqualTypeOf<Cart[keyof Cart] | null>()
    expectTypeOf(session.get('a' as string)).toEqualTypeOf<unknown>()
  })

  test('tells whether a key was there, once it is loaded', () => {
    expectTypeOf(session.delete('theme')).toEqualTypeOf<boolean>()
    expectTypeOf(session.keys()).toEqualTypeOf<string[]>()
    expectTypeOf(session.items()).toEqualTypeOf<Array<[string, unknown]>>()
  })
})

describe('change()', () => {
  test('hands over the data and answers what the function returned', () => {
    const visits = session.change((data) => {
      expectTypeOf(data).toEqualTypeOf<LiveData<Cart>>()
      return (data.visits = (data.visits ?? 0) + 1)
    })

    expectTypeOf(visits).toEqualTypeOf<Promise<number>>()
    expectTypeOf(lazy.change(() => 'a')).toEqualTypeOf<Promise<string>>()
    expectTypeOf(lazy.change(({ items }) => void items?.pop())).toEqualTypeOf<Promise<undefined>>()
  })

  test('refuses a function that is asynchronous', () => {
    // @ts-expect-error It runs again after a conflict, so it must be done when it returns.
    void session.change(async (data) => data.visits)
    // @ts-expect-error The same before the session is loaded.
    void lazy.change(() => Promise.resolve(1))
  })
})

describe('a read-only django', () => {
  const opened = reader.sessions.get('key')

  test('has sessions without methods that write', async () => {
    expectTypeOf(opened).toEqualTypeOf<LazyReadOnlySession<Cart>>()
    const loaded = await opened.load()
    expectTypeOf(loaded).toEqualTypeOf<ReadOnlySession<Cart>>()
    expectTypeOf(loaded.get('visits')).toEqualTypeOf<number | null>()
    expectTypeOf<keyof ReadOnlySession & keyof Writes>().toEqualTypeOf<never>()
    expectTypeOf<keyof LazyReadOnlySession & keyof Writes>().toEqualTypeOf<never>()
    // @ts-expect-error There is nothing to save.
    void loaded.save()
  })

  test('ends no session', () => {
    expectTypeOf(django.sessions.delete('key')).toEqualTypeOf<Promise<boolean>>()
    // @ts-expect-error That would write.
    void reader.sessions.delete('key')
    // @ts-expect-error That would write.
    void reader.sessions.clearExpired()
  })

  test('is what a writing one can be used as', () => {
    expectTypeOf(django).toExtend<ReadOnlyDjango<{ session: Cart }>>()
    expectTypeOf(django).toExtend<ReadOnlyDjango>()
    expectTypeOf(reader).not.toExtend<Django<{ session: Cart }>>()
  })
})

type Writes = Pick<
  Session,
  | 'set'
  | 'delete'
  | 'pop'
  | 'setdefault'
  | 'update'
  | 'clear'
  | 'setExpiry'
  | 'setTestCookie'
  | 'deleteTestCookie'
  | 'save'
  | 'change'
  | 'create'
  | 'cycleKey'
  | 'flush'
>

describe('adapters', () => {
  test('hand over a session as lazy, or loaded, as they are told', () => {
    type Lazily<O extends AdapterOptions> = RequestSession<Django<{ session: Cart }>, O>
    type Reading<O extends AdapterOptions> = RequestSession<ReadOnlyDjango<{ session: Cart }>, O>
    expectTypeOf<Lazily<AdapterOptions>>().toEqualTypeOf<LazySession<Cart>>()
    expectTypeOf<Lazily<{ autoload: true }>>().toEqualTypeOf<Session<Cart>>()
    expectTypeOf<Lazily<{ autoload: false }>>().toEqualTypeOf<LazySession<Cart>>()
    expectTypeOf<Lazily<{ autoload: boolean }>>().toEqualTypeOf<LazySession<Cart>>()
    expectTypeOf<Reading<AdapterOptions>>().toEqualTypeOf<LazyReadOnlySession<Cart>>()
    expectTypeOf<Reading<{ autoload: true }>>().toEqualTypeOf<ReadOnlySession<Cart>>()
  })

  test('infer it in handlers', () => {
    djangoFetch(django, (_, context) => {
      expectTypeOf(context.session).toEqualTypeOf<LazySession<Cart>>()
      return new Response()
    })
    djangoFetch(
      django,
      (_, context) => {
        expectTypeOf(context.session).toEqualTypeOf<Session<Cart>>()
        return new Response()
      },
      { autoload: true },
    )
    djangoFetch(reader, (_, context) => {
      expectTypeOf(context.session).toEqualTypeOf<LazyReadOnlySession<Cart>>()
      return new Response()
    })
  })

  test('are not needed where there is no response', () => {
    expectTypeOf(django.sessionOf(new Headers())).toEqualTypeOf<LazySession<Cart>>()
    expectTypeOf(django.sessionOf({} as IncomingHttpHeaders)).toEqualTypeOf<LazySession<Cart>>()
    expectTypeOf(reader.sessionOf({ cookie: 'a=b' })).toEqualTypeOf<LazyReadOnlySession<Cart>>()
    // @ts-expect-error Headers, not a Cookie header.
    void django.sessionOf('a=b')
  })
})

describe('events', () => {
  test('tell what they are about', () => {
    const stop = django.on('session.conflict', (message) => {
      expectTypeOf(message).toEqualTypeOf<{
        readonly session: string
        readonly keys: readonly string[]
      }>()
    })

    expectTypeOf(stop).toEqualTypeOf<() => void>()
    // @ts-expect-error There is no such event.
    django.on('session.lost', () => {})
  })
})
