import {
  createDjango,
  type LazyReadOnlySession,
  type LazySession,
  type ReadOnlySession,
  type RegisteredSession,
  type Session,
} from 'async-django'
import { type LazyUser, loginRequired } from 'async-django/auth'
import { type AsRegistered, djangoExpress, guard } from 'async-django/express'
import { memoryStore } from 'async-django/stores/memory'
import express, { type Request, type RequestHandler } from 'express'
import { describe, expectTypeOf, test } from 'vitest'

interface Cart {
  theme: 'dark' | 'light'
  visits: number
}

const options = { settings: { secretKey: 'secret' }, store: memoryStore() }
const django = createDjango<{ session: Cart }>(options)
const untyped = createDjango(options)
const reader = createDjango<{ session: Cart }>({ ...options, readOnly: true })
const autoload = { autoload: true } as const

interface Lazy {
  django: typeof django
}
interface Loaded extends Lazy {
  autoload: true
}
interface Reader {
  django: typeof reader
}
interface LoadedReader extends Reader {
  autoload: true
}

describe('djangoExpress', () => {
  test('is middleware of Express', () => {
    expectTypeOf(djangoExpress(django)).toEqualTypeOf<RequestHandler>()
    const app = express()
    app.use(djangoExpress(django))
    app.use('/path', djangoExpress(untyped, { rolling: { everySeconds: 60 } }))
    app.get(
      '/',
      djangoExpress(django, { skip: ({ path }) => path === '/' }),
      (_request, response) => {
        response.end()
      },
    )
  })

  test('knows its options', () => {
    // @ts-expect-error There is no such option.
    djangoExpress(django, { autoLoad: true })
    // @ts-expect-error A django is needed.
    djangoExpress({})
  })

  test('takes no read-only django for one that writes', () => {
    // @ts-expect-error request.session has methods that write.
    djangoExpress(reader)
    // @ts-expect-error request.session has methods that write.
    djangoExpress(reader, { autoload: true })
  })

  test('takes one that loads where the session need not be loaded', () => {
    djangoExpress(django, { autoload: true })
  })
})

describe('request.session', () => {
  test('is lazy and of any data until it is registered', () => {
    expectTypeOf<Request['session']>().toEqualTypeOf<LazySession>()
  })

  test('cannot be assigned', () => {
    const request = {} as Request
    // @ts-expect-error It is the adapter's.
    request.session = untyped.sessions.get(null)
  })

  test('is what is registered', () => {
    expectTypeOf<RegisteredSession<Lazy>>().toEqualTypeOf<LazySession<Cart>>()
    expectTypeOf<RegisteredSession<Loaded>>().toEqualTypeOf<Session<Cart>>()
    expectTypeOf<RegisteredSession<Reader>>().toEqualTypeOf<LazyReadOnlySession<Cart>>()
    expectTypeOf<RegisteredSession<LoadedReader>>().toEqualTypeOf<ReadOnlySession<Cart>>()
  })
})

describe('request.user', () => {
  test('is lazy and of Django until it is registered', () => {
    expectTypeOf<Request['user']>().toEqualTypeOf<LazyUser>()
  })

  test('of another model is refused until it is registered', () => {
    const other = createDjango<{ user: { id: string } }>(options)
    interface Other {
      django: typeof other
    }
    // @ts-expect-error request.user has Django's own fields.
    djangoExpress(other)
    expectTypeOf<AsRegistered<typeof other, object, Other>>().toEqualTypeOf<unknown>()
  })

  test('is guarded by middleware', () => {
    expectTypeOf(guard(loginRequired())).toEqualTypeOf<RequestHandler>()
    // @ts-expect-error A guard is needed.
    guard(() => true)
  })
})

describe('a django that is not what is registered is refused', () => {
  interface Lax {
    readonly autoload: false
  }

  test('where it need not load', () => {
    expectTypeOf<AsRegistered<typeof django, Lax, Lazy>>().toEqualTypeOf<unknown>()
    expectTypeOf<AsRegistered<typeof django, typeof autoload, Lazy>>().toEqualTypeOf<unknown>()
    expectTypeOf<AsRegistered<typeof reader, Lax, Lazy>>().not.toEqualTypeOf<unknown>()
  })

  test('where it must load', () => {
    expectTypeOf<AsRegistered<typeof django, typeof autoload, Loaded>>().toEqualTypeOf<unknown>()
    expectTypeOf<AsRegistered<typeof django, Lax, Loaded>>().not.toEqualTypeOf<unknown>()
  })

  test('where it only reads', () => {
    expectTypeOf<AsRegistered<typeof reader, Lax, Reader>>().toEqualTypeOf<unknown>()
    expectTypeOf<AsRegistered<typeof django, Lax, Reader>>().toEqualTypeOf<unknown>()
    expectTypeOf<AsRegistered<typeof reader, Lax, LoadedReader>>().not.toEqualTypeOf<unknown>()
  })

  test('where its data is of another type', () => {
    const other = createDjango<{ session: { theme: number } }>(options)
    expectTypeOf<AsRegistered<typeof other, Lax, Lazy>>().not.toEqualTypeOf<unknown>()
  })
})
