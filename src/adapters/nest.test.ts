import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type DynamicModule,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  Module,
  type ModuleMetadata,
  Param,
  type Type,
  UseGuards,
} from '@nestjs/common'
import { APP_FILTER, NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { type Observable, of } from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'

import { watchStore } from '../../test/fixtures/watched-store.ts'
import { createDjango, type Django } from '../django.ts'
import { memoryStore } from '../stores/memory.ts'
import { CurrentSession, DjangoModule, InjectDjango } from './nest.ts'

interface Made {
  readonly django: Django
  readonly calls: readonly string[]
}

function makeDjango(isDown: boolean = false): Made {
  const { store, calls, before } = watchStore(memoryStore())
  if (isDown) {
    before('create', () => {
      throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' })
    })
  }
  return { django: createDjango({ settings: { secretKey: 'secret' }, store }), calls }
}

/** `@Get(path) name(…)` */
function route(controller: Type, path: string, name: string): void {
  const { prototype } = controller as { readonly prototype: object }
  Get(path)(prototype, name, Object.getOwnPropertyDescriptor(prototype, name) ?? {})
}

class PageController {
  async show(session: CurrentSession): Promise<object> {
    return { ...(await session.load()).data }
  }

  change(session: CurrentSession, name: string): string {
    session.set(name, 1)
    return 'secret'
  }

  boom(session: CurrentSession): never {
    session.set('a', 1)
    throw new TypeError('boom')
  }

  events(session: CurrentSession): Observable<string> {
    session.set('a', 1)
    return of('x')
  }
}
Controller()(PageController)
route(PageController, 'show', 'show')
route(PageController, 'change/:name', 'change')
route(PageController, 'boom', 'boom')
route(PageController, 'events', 'events')
for (const name of ['show', 'change', 'boom', 'events']) {
  CurrentSession()(PageController.prototype, name, 0)
}
Param('name')(PageController.prototype, 'change', 1)

function moduleOf(metadata: ModuleMetadata): Type {
  class AppModule {}
  Module(metadata)(AppModule)
  return AppModule
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly cookies: readonly string[]
  readonly vary: string | null
}

interface Served {
  readonly app: INestApplication
  ask(path: string, cookie?: string): Promise<Answer>
}

const platforms = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
} as const

describe.each(Object.entries(platforms))('on %s', (_platform, makeAdapter) => {
  async function serve(
    imports: readonly DynamicModule[],
    more: ModuleMetadata = {},
    prefix: string = '',
  ): Promise<Served> {
    const root = moduleOf({ imports: [...imports], controllers: [PageController], ...more })
    const app = await NestFactory.create(root, makeAdapter(), { logger: false })
    app.setGlobalPrefix(prefix)
    await app.listen(0, '127.0.0.1')
    onTestFinished(() => app.close())
    const url = await app.getUrl()
    return {
      app,
      async ask(path, cookie = '') {
        const response = await fetch(url + path, { headers: { cookie } })
        const { status, headers } = response
        const cookies = headers.getSetCookie().map((text) => text.split(';')[0] ?? '')
        return { status, body: await response.text(), cookies, vary: headers.get('vary') }
      },
    }
  }

  test('a controller has the session injected', async () => {
    const { django, calls } = makeDjango()
    const { ask } = await serve([DjangoModule.forRoot({ django })])
    const changed = await ask('/change/a')
    expect(changed).toMatchObject({ status: 200, body: 'secret', vary: 'Cookie' })
    const [cookie] = changed.cookies
    expect((await ask('/show', cookie)).body).toBe('{"a":1}')
    expect((await ask('/events')).cookies).toHaveLength(1)
    expect(calls).toEqual(['create', 'load', 'create'])
  })

  test('under a prefix, too, and where nothing is found', async () => {
    const { django } = makeDjango()
    const { ask } = await serve([DjangoModule.forRoot({ django })], {}, 'api')
    expect((await ask('/api/change/a')).cookies).toHaveLength(1)
    expect(await ask('/show', 'sessionid=short')).toMatchObject({
      status: 404,
      cookies: ['sessionid=""'],
    })
  })

  test('options are those of every adapter', async () => {
    const { django, calls } = makeDjango()
    const { ask } = await serve([DjangoModule.forRoot({ django, autoload: true })])
    const [cookie] = (await ask('/change/a')).cookies
    await ask('/nowhere', cookie)
    expect(calls).toEqual(['create', 'load'])
  })

  test('a save that fails is a 503, and drops what the controller returned', async () => {
    const { ask } = await serve([DjangoModule.forRoot({ django: makeDjango(true).django })])
    const answer = await ask('/change/a')
    expect(answer).toMatchObject({ status: 503, cookies: [] })
    expect(JSON.parse(answer.body)).toEqual({ statusCode: 503, message: 'Service Unavailable' })
  })

  test('an error of a controller saves nothing', async () => {
    const { django, calls } = makeDjango()
    const { ask } = await serve([DjangoModule.forRoot({ django })])
    expect(await ask('/boom')).toMatchObject({ status: 500, cookies: [] })
    expect(calls).toEqual([])
  })

  test('options may be made of what is injected', async () => {
    const { django } = makeDjango()
    const config = { provide: 'config', useValue: { isLoading: true } }
    const { ask } = await serve([
      DjangoModule.forRootAsync({
        imports: [{ module: moduleOf({}), providers: [config], exports: [config] }],
        inject: ['config'],
        useFactory: async ({ isLoading }: { isLoading: boolean }) => ({
          django,
          autoload: isLoading,
        }),
      }),
    ])
    expect((await ask('/change/a')).cookies).toHaveLength(1)
  })

  test('the django itself can be injected anywhere', async () => {
    const { django } = makeDjango()
    class Service {
      readonly django: Django

      constructor(injected: Django) {
        this.django = injected
      }
    }
    Injectable()(Service)
    InjectDjango()(Service, undefined, 0)
    const { app } = await serve([DjangoModule.forRoot({ django })], { providers: [Service] })
    expect(app.get(Service).django).toBe(django)
  })

  test('a guard sees the session of the request', async () => {
    const { django } = makeDjango()
    class Guard implements CanActivate {
      async canActivate(context: ExecutionContext): Promise<boolean> {
        const { session } = context.switchToHttp().getRequest<{ session: CurrentSession }>()
        return (await session.load()).has('a')
      }
    }
    class GuardedController {
      show(): string {
        return 'x'
      }
    }
    Controller()(GuardedController)
    UseGuards(Guard)(GuardedController)
    route(GuardedController, 'guarded', 'show')
    const controllers = [PageController, GuardedController]
    const { ask } = await serve([DjangoModule.forRoot({ django })], { controllers })
    expect((await ask('/guarded')).status).toBe(403)
    const [cookie] = (await ask('/change/a')).cookies
    expect((await ask('/guarded', cookie)).status).toBe(200)
  })

  test('without the module there is no session, and the error says why', async () => {
    const seen: unknown[] = []
    class Filter implements ExceptionFilter {
      catch(error: Error, host: ArgumentsHost): void {
        seen.push(error.message)
        host.switchToHttp().getResponse<{ send(text: string): void }>().send('told')
      }
    }
    Catch()(Filter)
    const { ask } = await serve([], { providers: [{ provide: APP_FILTER, useClass: Filter }] })
    expect((await ask('/show')).body).toBe('told')
    expect(seen).toEqual(['DjangoModule: is not among the imports of a module.'])
  })
})
