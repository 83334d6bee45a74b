import {
  createDjango,
  type Django,
  type ReadOnlyDjango,
  type RegisteredUser,
  type RequestUser,
} from 'async-django'
import type { AnonymousUser, DjangoUser, LazyUser, ReadOnlyUser, User } from 'async-django/auth'
import { memoryStore } from 'async-django/stores/memory'
import { memoryUserStore } from 'async-django/users/memory'
import { expectTypeOf, test } from 'vitest'

interface Customer {
  readonly id: string
  email: string
  points: number
}

declare const plain: Django
declare const typed: Django<{ session: { cart: string[] }; user: Customer }>
declare const readOnly: ReadOnlyDjango<{ user: Customer }>

test("users have the fields of Django's own model, or those that the application names", () => {
  expectTypeOf(plain.users.get(1)).resolves.toEqualTypeOf<User<DjangoUser>>()
  expectTypeOf(typed.users.get('x')).resolves.toEqualTypeOf<User<Customer>>()
  expectTypeOf<User<Customer>['data']>().toEqualTypeOf<Customer>()
  expectTypeOf<User['data']['lastLogin']>().toEqualTypeOf<Date | null>()
})

test('a visitor is a user or nobody, which isAuthenticated tells', async () => {
  const visitor = await typed.users.fromSession(typed.sessions.get('key')).load()
  expectTypeOf(visitor).toEqualTypeOf<User<Customer> | AnonymousUser>()
  // @ts-expect-error Nobody has no data.
  void visitor.data
  if (visitor.isAuthenticated) expectTypeOf(visitor.data.points).toBeNumber()
  else expectTypeOf(visitor.pk).toBeNull()
  expectTypeOf(visitor.hasPerm('shop.add_order')).resolves.toBeBoolean()
})

test('fields are read and written by their types', async () => {
  const user = await typed.users.get('x')
  expectTypeOf(user.get('points')).toEqualTypeOf<number | null>()
  expectTypeOf(user.get('anything')).toBeUnknown()
  user.set('points', 1)
  // @ts-expect-error Points are a number.
  user.set('points', 'many')
  // @ts-expect-error The key is not written.
  user.data.id = 'y'
  expectTypeOf(user.save(['points'])).resolves.toBeBoolean()
})

test('where nothing may be written, there is no method that writes', async () => {
  const user = await readOnly.users.get('x')
  expectTypeOf(user).toEqualTypeOf<ReadOnlyUser<Customer>>()
  // @ts-expect-error A read-only user is not saved.
  void user.save
  // @ts-expect-error Nobody logs in.
  void readOnly.users.login
  // @ts-expect-error Nobody is made.
  void readOnly.users.create
})

test('adapters know what they hand on', () => {
  expectTypeOf<RequestUser<typeof typed>>().toEqualTypeOf<LazyUser<Customer>>()
  expectTypeOf<RegisteredUser<{ django: typeof typed }>>().toEqualTypeOf<LazyUser<Customer>>()
  expectTypeOf<RegisteredUser<object>>().toEqualTypeOf<LazyUser>()
})

test('new users are made of fields and a password', () => {
  const django = createDjango<{ user: Customer }>({
    settings: { secretKey: 'x' },
    djangoVersion: '5.2',
    store: memoryStore(),
    users: memoryUserStore({ fields: { points: 'integer' } }),
  })
  expectTypeOf(django.users.create).parameter(0).toHaveProperty('password')
  // @ts-expect-error Points are a number.
  void (() => django.users.create({ email: 'a@b.c', points: '1', password: 'x' }))
})
