import {
  createDjango,
  type LazyReadOnlySession,
  type LazySession,
  type ReadOnlySession,
  type Session,
} from 'async-django'
import { type LazyUser, loginRequired } from 'async-django/auth'
import { type DjangoContext, djangoKoa, guard } from 'async-django/koa'
import { memoryStore } from 'async-django/stores/memory'
import Koa, { type DefaultState } from 'koa'
import { describe, expectTypeOf, test } from 'vitest'

interface Cart {
  theme: 'dark' | 'light'
  visits: number
}

const options = { settings: { secretKey: 'secret' }, store: memoryStore() }
const django = createDjango<{ session: Cart }>(options)
const reader = createDjango<{ session: Cart }>({ ...options, readOnly: true })

describe('ctx.user', () => {
  test('is lazy, and has the fields that the application names', () => {
    const typed = createDjango<{ user: { id: string } }>(options)
    new Koa().use(djangoKoa(typed)).use(({ user }) => {
      expectTypeOf(user).toEqualTypeOf<LazyUser<{ id: string }>>()
    })
  })

  test('is known behind a guard, as the session is', () => {
    new Koa()
      .use(djangoKoa(django))
      .use(guard(loginRequired()))
      .use(({ session, user }) => {
        expectTypeOf(session).toEqualTypeOf<LazySession<Cart>>()
        expectTypeOf(user).toEqualTypeOf<LazyUser>()
      })
  })
})

describe('ctx.session', () => {
  test('is lazy', () => {
    new Koa().use(djangoKoa(django)).use((ctx) => {
      expectTypeOf(ctx.session).toEqualTypeOf<LazySession<Cart>>()
      // @ts-expect-error Await load() first.
      ctx.body = ctx.session.data
    })
  })

  test('is loaded where the adapter loads', () => {
    new Koa().use(djangoKoa(django, { autoload: true })).use((ctx) => {
      expectTypeOf(ctx.session).toEqualTypeOf<Session<Cart>>()
    })
  })

  test('is lazy where that is not known', () => {
    new Koa().use(djangoKoa(django, { autoload: Boolean(options) })).use((ctx) => {
      expectTypeOf(ctx.session).toEqualTypeOf<LazySession<Cart>>()
    })
  })

  test('has no methods that write where the django has none', () => {
    new Koa().use(djangoKoa(reader)).use(({ session }) => {
      expectTypeOf(session).toEqualTypeOf<LazyReadOnlySession<Cart>>()
      // @ts-expect-error There is no such method.
      session.set('visits', 1)
    })
    new Koa().use(djangoKoa(reader, { autoload: true })).use(({ session }) => {
      expectTypeOf(session).toEqualTypeOf<ReadOnlySession<Cart>>()
    })
  })

  test('is there beside other things, and in applications that are not one chain', () => {
    interface Context extends DjangoContext<typeof django> {
      other: number
    }
    const app = new Koa<DefaultState, Context>()
    app.use(djangoKoa(django))
    app.use((ctx) => {
      expectTypeOf(ctx.session).toEqualTypeOf<LazySession<Cart>>()
      expectTypeOf(ctx.other).toEqualTypeOf<number>()
      // @ts-expect-error It is the adapter's.
      ctx.session = django.sessions.get(null)
    })
  })
})

describe('djangoKoa', () => {
  test('knows its options', () => {
    djangoKoa(django, { rolling: { everySeconds: 60 }, skip: ({ path }) => path === '/' })
    // @ts-expect-error There is no such option.
    djangoKoa(django, { autoLoad: true })
    // @ts-expect-error A django is needed.
    djangoKoa({})
  })
})
