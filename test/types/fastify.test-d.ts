import {
  createDjango,
  type LazyReadOnlySession,
  type LazySession,
  type ReadOnlySession,
  type RegisteredSession,
  type Session,
} from 'async-django'
import { type LazyUser, loginRequired } from 'async-django/auth'
import { djangoFastify, guard } from 'async-django/fastify'
import { memoryStore } from 'async-django/stores/memory'
import fastify, { type FastifyPluginAsync, type FastifyRequest } from 'fastify'
import { describe, expectTypeOf, test } from 'vitest'

interface Cart {
  theme: 'dark' | 'light'
  visits: number
}

const options = { settings: { secretKey: 'secret' }, store: memoryStore() }
const django = createDjango<{ session: Cart }>(options)
const untyped = createDjango(options)
const reader = createDjango<{ session: Cart }>({ ...options, readOnly: true })

describe('request.user', () => {
  test('is lazy and of Django until it is registered', () => {
    expectTypeOf<FastifyRequest['user']>().toEqualTypeOf<LazyUser>()
  })

  test('is guarded by a hook', () => {
    fastify().get('/', { preHandler: guard(loginRequired()) }, async ({ user }) => {
      expectTypeOf(user).toEqualTypeOf<LazyUser>()
    })
  })
})

describe('djangoFastify', () => {
  test('is a plugin of Fastify', () => {
    expectTypeOf(djangoFastify(django)).toEqualTypeOf<FastifyPluginAsync>()
    const app = fastify()
    app.register(djangoFastify(django))
    app.register(djangoFastify(untyped, { rolling: { everySeconds: 60 } }))
    app.register(djangoFastify(django, { autoload: true, skip: ({ path }) => path === '/' }))
    app.register(async (inner) => {
      await inner.register(djangoFastify(django))
    })
  })

  test('suits servers of HTTPS, and other loggers', () => {
    fastify({ https: {} }).register(djangoFastify(django))
    fastify({ logger: true }).register(djangoFastify(django))
  })

  test('knows its options', () => {
    // @ts-expect-error There is no such option.
    djangoFastify(django, { autoLoad: true })
    // @ts-expect-error A django is needed.
    djangoFastify({})
  })

  test('takes no read-only django for one that writes', () => {
    // @ts-expect-error request.session has methods that write.
    djangoFastify(reader)
    // @ts-expect-error request.session has methods that write.
    djangoFastify(reader, { autoload: true })
  })
})

describe('request.session', () => {
  test('is lazy and of any data until it is registered', () => {
    expectTypeOf<FastifyRequest['session']>().toEqualTypeOf<LazySession>()
    fastify().get('/', async ({ session }) => {
      expectTypeOf(session).toEqualTypeOf<LazySession>()
    })
  })

  test('cannot be assigned', () => {
    const request = {} as FastifyRequest
    // @ts-expect-error It is the adapter's.
    request.session = untyped.sessions.get(null)
  })

  test('is what is registered', () => {
    interface Lazy {
      django: typeof django
    }
    interface Reader {
      django: typeof reader
    }
    expectTypeOf<RegisteredSession<Lazy>>().toEqualTypeOf<LazySession<Cart>>()
    expectTypeOf<RegisteredSession<Lazy & { autoload: true }>>().toEqualTypeOf<Session<Cart>>()
    expectTypeOf<RegisteredSession<Reader>>().toEqualTypeOf<LazyReadOnlySession<Cart>>()
    expectTypeOf<RegisteredSession<Reader & { autoload: true }>>().toEqualTypeOf<
      ReadOnlySession<Cart>
    >()
  })
})
