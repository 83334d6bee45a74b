/**
 * NestJS, on Express and on Fastify: `@CurrentSession()`.
 *
 * ```ts
 * @Module({ imports: [DjangoModule.forRoot({ django })], controllers: [PageController] })
 * class AppModule {}
 *
 * @Controller()
 * class PageController {
 *   @Get()
 *   async hello(@CurrentSession() session: CurrentSession) {
 *     const { data } = await session.load()
 *     return `Hello ${data.name ?? 'stranger'}`
 *   }
 * }
 * ```
 *
 * @module
 */
import {
  type CanActivate,
  createParamDecorator,
  type DynamicModule,
  type ExecutionContext,
  type FactoryProvider,
  HttpException,
  Inject,
  Module,
  type ModuleMetadata,
  type NestModule,
} from '@nestjs/common'

import type { Guard } from '../auth/guards.ts'
import type { ReadOnlyDjango, RegisteredSession, RegisteredUser } from '../django.ts'
import { ImproperlyConfiguredError } from '../errors.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { type Refusal, refusalBy } from './_guard.ts'
import { connectNest, nestHost } from './_nest-host.ts'
import { latestUserVisit, latestVisit, type VisitedRequest } from './_node-visit.ts'
import type { AsRegistered } from './_registered.ts'

/** The `django` of an application, and how its sessions are treated. */
export interface DjangoModuleOptions<
  Dj extends ReadOnlyDjango = ReadOnlyDjango,
  Loads extends boolean = boolean,
> extends AdapterOptions {
  readonly django: Dj
  readonly autoload?: Loads
}

/** Options that are made of what NestJS injects: a connection to a database, a configuration. */
export type DjangoModuleAsyncOptions<
  Dj extends ReadOnlyDjango = ReadOnlyDjango,
  Loads extends boolean = boolean,
> = Pick<ModuleMetadata, 'imports'> &
  Pick<FactoryProvider<DjangoModuleOptions<Registered<Dj, Loads>, Loads>>, 'inject' | 'useFactory'>

type Registered<Dj extends ReadOnlyDjango, Loads extends boolean> = Dj &
  AsRegistered<Dj, { readonly autoload: Loads }>

const optionsToken = Symbol('async-django.options')
const djangoToken = Symbol('async-django.django')

/**
 * Gives every request its visitor's session, and saves it before the response leaves. The error of a
 * save that failed goes to the application's exception filters.
 */
export class DjangoModule implements NestModule {
  readonly #options: DjangoModuleOptions
  readonly #host: InstanceType<typeof nestHost>

  constructor(options: DjangoModuleOptions, host: InstanceType<typeof nestHost>) {
    this.#options = options
    this.#host = host
  }

  /** The module for a `django` that is there already. */
  static forRoot<Dj extends ReadOnlyDjango, Loads extends boolean = false>(
    options: DjangoModuleOptions<Registered<Dj, Loads>, Loads>,
  ): DynamicModule {
    return moduleOf({ provide: optionsToken, useValue: options })
  }

  /** The module for a `django` that is made of what NestJS injects. */
  static forRootAsync<Dj extends ReadOnlyDjango, Loads extends boolean = false>({
    imports = [],
    inject = [],
    useFactory,
  }: DjangoModuleAsyncOptions<Dj, Loads>): DynamicModule {
    return { ...moduleOf({ provide: optionsToken, inject, useFactory }), imports }
  }

  /** Called by NestJS once the server is there, and before its routes. */
  configure(): void {
    const { django, ...options } = this.#options
    connectNest(this.#host, django, options)
  }
}

// Decorators, called as what they are: functions.
Module({})(DjangoModule)
Inject(optionsToken)(DjangoModule, undefined, 0)
Inject(nestHost)(DjangoModule, undefined, 1)

type Provider = NonNullable<ModuleMetadata['providers']>[number]

function moduleOf(options: Provider): DynamicModule {
  const django: FactoryProvider<ReadOnlyDjango> = {
    provide: djangoToken,
    inject: [optionsToken],
    useFactory: (given: DjangoModuleOptions) => given.django,
  }
  return { module: DjangoModule, global: true, providers: [options, django], exports: [django] }
}

/** Injects the application's `django`: into services, guards and gateways. */
export function InjectDjango(): PropertyDecorator & ParameterDecorator {
  return Inject(djangoToken)
}

/** Injects the visitor's session into a method of a controller: free until it is loaded or written. */
export const CurrentSession: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext) => sessionIn(context),
)

/** The session that `@CurrentSession()` injects: as registered with `Register`. */
export type CurrentSession = RegisteredSession

/** Injects the visitor into a method of a controller: free until loaded. */
export const CurrentUser: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext) => userIn(context),
)

/** The visitor that `@CurrentUser()` injects: as registered with `Register`. */
export type CurrentUser = RegisteredUser

/**
 * Lets those go on whom a guard of `async-django/auth` lets; others are sent to the login page, or
 * answered 401 or 403, each by an `HttpException` that exception filters see.
 *
 * @example
 * ```ts
 * @UseGuards(guard(loginRequired()))
 * ```
 */
export function guard(decide: Guard): CanActivate {
  return {
    async canActivate(context) {
      const refusal = await refusalBy(decide, latestUserVisit(requestIn(context)))
      if (refusal) refuse(context, refusal)
      return true
    },
  }
}

/** The server's own way to set a header, which is the same on Express and on Fastify. */
interface ServerReply {
  header(name: string, value: string): unknown
}

/** Filters, NestJS's own among them, leave headers alone. */
function refuse(context: ExecutionContext, { status, headers, text }: Refusal): never {
  const { location } = headers
  if (location !== undefined) {
    context.switchToHttp().getResponse<ServerReply>().header('location', location)
  }
  throw new HttpException(text || 'Found', status)
}

function sessionIn(context: ExecutionContext): object {
  const visit = latestVisit(requestIn(context))
  if (visit) return visit.session
  throw new ImproperlyConfiguredError('DjangoModule', 'is not among the imports of a module.')
}

function userIn(context: ExecutionContext): object {
  const visit = latestUserVisit(requestIn(context))
  if (visit) return visit.user
  throw new ImproperlyConfiguredError('users', 'are missing in the django of DjangoModule.')
}

/** NestJS on Fastify has requests of Fastify, which hold those of Node. */
function requestIn(context: ExecutionContext): VisitedRequest {
  const request = context.switchToHttp().getRequest<VisitedRequest & { raw?: VisitedRequest }>()
  return request.raw ?? request
}
