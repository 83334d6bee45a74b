import { createServer, type IncomingMessage, type RequestListener } from 'node:http'

import {
  createDjango,
  type LazyReadOnlySession,
  type LazySession,
  type ReadOnlySession,
  type Session,
} from 'async-django'
import { type LazyUser, loginRequired } from 'async-django/auth'
import { djangoNode, type DjangoRequest, guard } from 'async-django/node'
import { memoryStore } from 'async-django/stores/memory'
import { describe, expectTypeOf, test } from 'vitest'

interface Cart {
  theme: 'dark' | 'light'
  visits: number
}

const options = { settings: { secretKey: 'secret' }, store: memoryStore() }
const django = createDjango<{ session: Cart }>(options)
const reader = createDjango<{ session: Cart }>({ ...options, readOnly: true })

describe('request.user', () => {
  test('is lazy, and has the fields that the application names', () => {
    const typed = createDjango<{ user: { id: string } }>(options)
    djangoNode(typed, ({ user }) => expectTypeOf(user).toEqualTypeOf<LazyUser<{ id: string }>>())
  })

  test('is known within a guard, as the session is', () => {
    const answer = guard(loginRequired(), ({ session, user }: DjangoRequest<typeof django>) => {
      expectTypeOf(session).toEqualTypeOf<LazySession<Cart>>()
      expectTypeOf(user).toEqualTypeOf<LazyUser>()
    })
    expectTypeOf(djangoNode(django, answer)).toEqualTypeOf<RequestListener>()
  })
})

describe('request.session', () => {
  test('is lazy', () => {
    djangoNode(django, (request, response) => {
      expectTypeOf(request.session).toEqualTypeOf<LazySession<Cart>>()
      expectTypeOf(request).toExtend<IncomingMessage>()
      // @ts-expect-error Await load() first.
      response.end(request.session.data)
      // @ts-expect-error It is the adapter's.
      request.session = django.sessions.get(null)
    })
  })

  test('is loaded where the adapter loads', () => {
    djangoNode(
      django,
      ({ session }) => {
        expectTypeOf(session).toEqualTypeOf<Session<Cart>>()
      },
      { autoload: true },
    )
  })

  test('is lazy where that is not known', () => {
    djangoNode(
      django,
      ({ session }) => {
        expectTypeOf(session).toEqualTypeOf<LazySession<Cart>>()
      },
      { autoload: Boolean(options) },
    )
  })

  test('has no methods that write where the django has none', () => {
    djangoNode(reader, ({ session }) => {
      expectTypeOf(session).toEqualTypeOf<LazyReadOnlySession<Cart>>()
      // @ts-expect-error There is no such method.
      session.set('visits', 1)
    })
    djangoNode(
      reader,
      ({ session }) => {
        expectTypeOf(session).toEqualTypeOf<ReadOnlySession<Cart>>()
      },
      { autoload: true },
    )
  })

  test('is there for handlers that stand alone', () => {
    const handler = ({ session }: DjangoRequest<typeof django>): void => {
      expectTypeOf(session).toEqualTypeOf<LazySession<Cart>>()
    }
    djangoNode(django, handler)
    djangoNode(django, handler, { onError: () => {}, rolling: { everySeconds: 60 } })
    // @ts-expect-error The handler writes.
    djangoNode(reader, handler)
  })
})

describe('djangoNode', () => {
  test('makes what a server takes', () => {
    const listener = djangoNode(django, async (_, response) => response.end())
    expectTypeOf(listener).toEqualTypeOf<RequestListener>()
    createServer(listener)
  })

  test('knows its options', () => {
    // @ts-expect-error There is no such option.
    djangoNode(django, () => {}, { autoLoad: true })
    // @ts-expect-error A django is needed.
    djangoNode({}, () => {})
  })
})
