import {
  createDjango,
  type LazyReadOnlySession,
  type LazySession,
  type ReadOnlySession,
  type Session,
} from 'async-django'
import { type LazyUser, loginRequired } from 'async-django/auth'
import { djangoHono, type DjangoVariables, guard } from 'async-django/hono'
import { memoryStore } from 'async-django/stores/memory'
import { Hono } from 'hono'
import { describe, expectTypeOf, test } from 'vitest'

interface Cart {
  theme: 'dark' | 'light'
  visits: number
}

const options = { settings: { secretKey: 'secret' }, store: memoryStore() }
const django = createDjango<{ session: Cart }>(options)
const reader = createDjango<{ session: Cart }>({ ...options, readOnly: true })

describe('c.var.user', () => {
  test('is lazy, and has the fields that the application names', () => {
    const typed = createDjango<{ user: { id: string } }>(options)
    new Hono().use(djangoHono(typed)).get('/', (c) => {
      expectTypeOf(c.var.user).toEqualTypeOf<LazyUser<{ id: string }>>()
      return c.text('')
    })
  })

  test('is known behind a guard, as the session is', () => {
    new Hono().use(djangoHono(django)).get('/', guard(loginRequired()), (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<LazySession<Cart>>()
      expectTypeOf(c.var.user).toEqualTypeOf<LazyUser>()
      return c.text('')
    })
  })
})

describe('c.var.session', () => {
  test('is lazy', () => {
    new Hono().use(djangoHono(django)).get('/', (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<LazySession<Cart>>()
      expectTypeOf(c.get('session')).toEqualTypeOf<LazySession<Cart>>()
      // @ts-expect-error Await load() first.
      return c.json(c.var.session.data)
    })
  })

  test('is loaded where the adapter loads', () => {
    new Hono().use(djangoHono(django, { autoload: true })).get('/', (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<Session<Cart>>()
      return c.json(c.var.session.data)
    })
  })

  test('is lazy where that is not known', () => {
    new Hono().use(djangoHono(django, { autoload: Boolean(options) })).get('/', (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<LazySession<Cart>>()
      return c.body(null)
    })
  })

  test('has no methods that write where the django has none', () => {
    new Hono().use(djangoHono(reader)).get('/', (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<LazyReadOnlySession<Cart>>()
      // @ts-expect-error There is no such method.
      c.var.session.set('visits', 1)
      return c.body(null)
    })
    new Hono().use(djangoHono(reader, { autoload: true })).get('/', (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<ReadOnlySession<Cart>>()
      return c.body(null)
    })
  })

  test('is there beside other variables, and in applications that are not one chain', () => {
    interface Variables extends DjangoVariables<typeof django> {
      other: number
    }
    const app = new Hono<{ Variables: Variables }>()
    app.use(djangoHono(django))
    app.use('/path/*', djangoHono(django))
    app.get('/', djangoHono(django), (c) => {
      expectTypeOf(c.var.session).toEqualTypeOf<LazySession<Cart>>()
      expectTypeOf(c.var.other).toEqualTypeOf<number>()
      return c.body(null)
    })
  })
})

describe('djangoHono', () => {
  test('knows its options', () => {
    // @ts-expect-error There is no such option.
    djangoHono(django, { autoLoad: true })
    // @ts-expect-error A django is needed.
    djangoHono({})
  })
})
