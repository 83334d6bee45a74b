import { createDjango, type LazySession, type RegisteredSession } from 'async-django'
import { type LazyUser, loginRequired } from 'async-django/auth'
import { CurrentSession, CurrentUser, DjangoModule, guard, InjectDjango } from 'async-django/nest'
import { memoryStore } from 'async-django/stores/memory'
import type { CanActivate, DynamicModule } from '@nestjs/common'
import { describe, expectTypeOf, test } from 'vitest'

interface Cart {
  theme: 'dark' | 'light'
  visits: number
}

const options = { settings: { secretKey: 'secret' }, store: memoryStore() }
const django = createDjango<{ session: Cart }>(options)
const reader = createDjango<{ session: Cart }>({ ...options, readOnly: true })

describe('DjangoModule.forRoot', () => {
  test('makes a module', () => {
    expectTypeOf(DjangoModule.forRoot({ django })).toEqualTypeOf<DynamicModule>()
    DjangoModule.forRoot({ django, autoload: true, rolling: { everySeconds: 60 } })
    DjangoModule.forRoot({ django, skip: ({ path }) => path === '/' })
  })

  test('knows its options', () => {
    // @ts-expect-error A django is needed.
    DjangoModule.forRoot({ autoload: true })
    // @ts-expect-error It is no number.
    DjangoModule.forRoot({ django, rolling: { everySeconds: '60' } })
  })

  test('takes no read-only django for one that writes', () => {
    // @ts-expect-error The session has methods that write.
    DjangoModule.forRoot({ django: reader })
    // @ts-expect-error The session has methods that write.
    DjangoModule.forRoot({ django: reader, autoload: true })
  })
})

describe('DjangoModule.forRootAsync', () => {
  test('takes a factory and what it needs', () => {
    const made = DjangoModule.forRootAsync({
      inject: ['config'],
      useFactory: (config: { loads: boolean }) => ({ django, autoload: config.loads }),
    })
    expectTypeOf(made).toEqualTypeOf<DynamicModule>()
    DjangoModule.forRootAsync({ useFactory: async () => ({ django }) })
  })

  test('takes no read-only django for one that writes', () => {
    // @ts-expect-error The session has methods that write.
    DjangoModule.forRootAsync({ useFactory: () => ({ django: reader }) })
  })
})

describe('decorators', () => {
  test('are for parameters', () => {
    expectTypeOf(CurrentSession()).toEqualTypeOf<ParameterDecorator>()
    expectTypeOf(InjectDjango()).toExtend<ParameterDecorator>()
  })

  test('the user has the type that is registered', () => {
    expectTypeOf(CurrentUser()).toEqualTypeOf<ParameterDecorator>()
    expectTypeOf<CurrentUser>().toEqualTypeOf<LazyUser>()
  })

  test('the session has the type that is registered', () => {
    expectTypeOf<CurrentSession>().toEqualTypeOf<RegisteredSession>()
    expectTypeOf<CurrentSession>().toEqualTypeOf<LazySession>()
  })
})

test('a guard is one of NestJS', () => {
  expectTypeOf(guard(loginRequired())).toEqualTypeOf<CanActivate>()
})
