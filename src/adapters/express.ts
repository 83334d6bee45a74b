/**
 * Express, 4 and 5: `request.session`, and `request.user` where there are users.
 *
 * ```ts
 * app.use(djangoExpress(django))
 * app.get('/', async (request, response) => {
 *   const session = await request.session.load()
 *   response.send(`Hello ${session.get('name', 'stranger')}`)
 * })
 * ```
 *
 * @module
 */
import type { RequestHandler } from 'express'

import type { Guard } from '../auth/guards.ts'
import type { ReadOnlyDjango, RegisteredSession, RegisteredUser } from '../django.ts'
import type { AdapterOptions } from '../http/exchange.ts'
import { nodeGuard, nodeMiddleware } from './_node-middleware.ts'
import type { AsRegistered } from './_registered.ts'

export type { AsRegistered }

/**
 * Gives every request its visitor's session, and saves it before the response leaves. A second one
 * for the same `django` loads where it is told to `autoload`, and does nothing else.
 *
 * @returns Middleware. The error of a save that failed goes to the application's error handlers.
 */
export function djangoExpress<
  Dj extends ReadOnlyDjango,
  const O extends AdapterOptions = AdapterOptions,
>(django: Dj & AsRegistered<Dj, O>, options?: O): RequestHandler {
  return nodeMiddleware(django, options)
}

/**
 * Lets those go on whom a guard of `async-django/auth` lets: others are sent to the login page, or
 * answered 401 or 403. Comes after `djangoExpress`. What fails goes to the application's error
 * handlers.
 *
 * @example
 * ```ts
 * app.get('/orders', guard(loginRequired()), showOrders)
 * ```
 */
export function guard(decide: Guard): RequestHandler {
  return nodeGuard(decide)
}

declare global {
  namespace Express {
    interface Request {
      /** The visitor's session: free until it is loaded or written. */
      readonly session: RegisteredSession
      /**
       * The visitor: free until loaded. Absent where `createDjango` was given no users; Passport, which
       * assigns this property, works only there.
       */
      readonly user: RegisteredUser
    }
  }
}
