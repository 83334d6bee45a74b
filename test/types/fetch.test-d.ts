import {
  createDjango,
  type LazyReadOnlySession,
  type LazySession,
  type ReadOnlySession,
  type Session,
} from 'async-django'
import { type LazyReadOnlyUser, type LazyUser, loginRequired } from 'async-django/auth'
import { djangoFetch, guard } from 'async-django/fetch'
import { memoryStore } from 'async-django/stores/memory'
import { describe, expectTypeOf, test } from 'vitest'

interface Cart {
  theme: 'dark' | 'light'
  visits: number
}

const options = { settings: { secretKey: 'secret' }, store: memoryStore() }
const django = createDjango<{ session: Cart }>(options)
const reader = createDjango<{ session: Cart }>({ ...options, readOnly: true })

describe('the session of a fetch handler', () => {
  test('is lazy', () => {
    djangoFetch(django, (_request, { session }) => {
      expectTypeOf(session).toEqualTypeOf<LazySession<Cart>>()
      return new Response()
    })
  })

  test('is loaded where the adapter loads', () => {
    djangoFetch(
      django,
      (_request, { session }) => {
        expectTypeOf(session).toEqualTypeOf<Session<Cart>>()
        return new Response()
      },
      { autoload: true },
    )
  })

  test('has no methods that write where the django has none', () => {
    djangoFetch(reader, (_request, { session }) => {
      expectTypeOf(session).toEqualTypeOf<LazyReadOnlySession<Cart>>()
      return new Response()
    })
    djangoFetch(
      reader,
      (_request, { session }) => {
        expectTypeOf(session).toEqualTypeOf<ReadOnlySession<Cart>>()
        return new Response()
      },
      { autoload: true },
    )
  })
})

describe('the user of a fetch handler', () => {
  test('is lazy, and has the fields that the application names', () => {
    const typed = createDjango<{ user: { id: string } }>(options)
    djangoFetch(typed, (_request, { user }) => {
      expectTypeOf(user).toEqualTypeOf<LazyUser<{ id: string }>>()
      return new Response()
    })
    djangoFetch(reader, (_request, { user }) => {
      expectTypeOf(user).toEqualTypeOf<LazyReadOnlyUser>()
      return new Response()
    })
  })

  test('is known within a guard, as the session is', () => {
    const handler = djangoFetch(
      django,
      guard(loginRequired(), (_request, { session, user }) => {
        expectTypeOf(session).toEqualTypeOf<LazySession<Cart>>()
        expectTypeOf(user).toEqualTypeOf<LazyUser>()
        return new Response()
      }),
    )
    expectTypeOf(handler).returns.resolves.toEqualTypeOf<Response>()
  })
})

describe('djangoFetch', () => {
  test('answers as the handler does', () => {
    expectTypeOf(
      djangoFetch(django, () => new Response()),
    ).returns.resolves.toEqualTypeOf<Response>()
    expectTypeOf(
      djangoFetch(django, async () => new Response()),
    ).returns.resolves.toEqualTypeOf<Response>()
  })

  test('lets a handler hand the connection over', () => {
    const handler = djangoFetch(django, async ({ url }) =>
      url.endsWith('/socket') ? undefined : new Response(),
    )
    expectTypeOf(handler).returns.resolves.toEqualTypeOf<Response | undefined>()
  })

  test('promises no more of a response than that it is one', () => {
    class Special extends Response {
      readonly isSpecial = true
    }
    expectTypeOf(
      djangoFetch(django, () => new Special()),
    ).returns.resolves.toEqualTypeOf<Response>()
  })

  test('hands further arguments on', () => {
    const handler = djangoFetch(
      django,
      (_request, _context, env: { secret: string }, port: number) =>
        Response.json([env.secret, port]),
    )
    expectTypeOf(handler).parameters.toEqualTypeOf<[Request, { secret: string }, number]>()
  })

  test('takes no handler that answers with something else', () => {
    // @ts-expect-error A response is needed.
    djangoFetch(django, () => 'text')
  })

  test('knows its options', () => {
    // @ts-expect-error There is no such option.
    djangoFetch(django, () => new Response(), { autoLoad: true })
  })
})
