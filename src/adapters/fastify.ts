/**
 * Fastify 5: `request.session`, and `request.user` where there are users.
 *
 * ```ts
 * app.register(djangoFastify(django))
 * app.get('/', async (request) => {
 *   const session = await request.session.load()
 *   return `Hello ${session.get('name', 'stranger')}`
 * })
 * ```
 *
 * @module
 */
import type { FastifyPluginAsync, preHandlerAsyncHookHandler } from 'fastify'

import type { Guard } from '../auth/guards.ts'
import type { ReadOnlyDjango, RegisteredSession, RegisteredUser } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { type FastifyLike, hookFastify } from './_fastify-hooks.ts'
import { refusalBy } from './_guard.ts'
import { latestUserVisit } from './_node-visit.ts'
import type { AsRegistered } from './_registered.ts'

/**
 * Gives every request its visitor's session, and saves it before the reply leaves: in the instance
 * that it is registered in, and in those within it. A second one for the same `django` loads where
 * it is told to `autoload`, and does nothing else.
 *
 * @returns A plugin. The error of a save that failed goes to the application's error handlers.
 */
export function djangoFastify<
  Dj extends ReadOnlyDjango,
  const O extends AdapterOptions = AdapterOptions,
>(django: Dj & AsRegistered<Dj, O>, options?: O): FastifyPluginAsync {
  const plugin: FastifyPluginAsync = async (app) => {
    // Overloads of `addHook`, with conditional types, are no match for a plain signature.
    hookFastify(app as unknown as FastifyLike, django, options)
  }
  return Object.assign(plugin, marks)
}

/** What the package `fastify-plugin` would add: the plugin is for the instance that registers it. */
const marks = {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'async-django',
  [Symbol.for('plugin-meta')]: { name: 'async-django', fastify: '5.x' },
}

/**
 * Lets those go on whom a guard of `async-django/auth` lets: others are sent to the login page, or
 * answered 401 or 403. For `preHandler`. What fails goes to the application's error handlers.
 *
 * @example
 * ```ts
 * app.get('/orders', { preHandler: guard(loginRequired()) }, showOrders)
 * ```
 */
export function guard(decide: Guard): preHandlerAsyncHookHandler {
  return async function djangoGuard(request, reply) {
    const refusal = await refusalBy(decide, latestUserVisit(request.raw))
    if (refusal === null) return
    await reply.code(refusal.status).headers(refusal.headers).send(refusal.text)
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The visitor's session: free until it is loaded or written. */
    readonly session: RegisteredSession
    /**
     * The visitor: free until loaded. Absent where `createDjango` was given no users; what else
     * decorates requests with a `user`, as `@fastify/jwt` does, works only there.
     */
    readonly user: RegisteredUser
  }
}
