/**
 * A small site of ours with users, visited by browsers that keep a session cookie.
 *
 * @module
 */
import { createDjango, type Django, type DjangoOptions } from 'async-django'
import { isAsyncDjangoError } from 'async-django/errors'
import { djangoFetch } from 'async-django/fetch'
import { kyselyStore } from 'async-django/stores/kysely'
import { kyselyUserStore } from 'async-django/users/kysely'

import type { LiveDatabase } from './_databases.ts'

/** Opens a `django` with users over a database. */
export function openUsersDjango(
  database: LiveDatabase,
  options: Omit<DjangoOptions, 'store' | 'users' | 'readOnly'>,
): Django {
  return createDjango({
    store: kyselyStore(database.db),
    users: kyselyUserStore(database.db),
    ...options,
  })
}

/** What a browser got. */
export interface UsersAnswer {
  readonly status: number
  readonly body: unknown
}

/** One browser: it has one cookie. */
export class Browser {
  key: string | null
  readonly #visit: (request: Request) => Promise<Response>

  constructor(visit: (request: Request) => Promise<Response>, key: string | null = null) {
    this.#visit = visit
    this.key = key
  }

  async visit(path: string, values: Record<string, string> = {}): Promise<UsersAnswer> {
    const url = new URL(path, 'http://site.example')
    for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value)
    const headers = this.key === null ? {} : { cookie: `sessionid=${this.key}` }
    const response = await this.#visit(new Request(url, { headers }))
    for (const cookie of response.headers.getSetCookie()) {
      const value = /^sessionid="?([^";]*)/.exec(cookie)?.[1]
      if (value !== undefined) this.key = value === '' ? null : value
    }
    return { status: response.status, body: await response.json() }
  }

  /** The name of the user that the site sees; null for nobody. */
  async who(): Promise<unknown> {
    return (await this.visit('/who')).body
  }
}

/** The site: what it does stands in the path, with what in the query. */
export function usersSite(django: Django): (request: Request) => Promise<Response> {
  const handler = djangoFetch(django, async (request, { session }) => {
    const { pathname, searchParams } = new URL(request.url)
    const { users } = django
    const given = Object.fromEntries(searchParams)
    if (pathname === '/login') {
      const user = await users.authenticate(given)
      if (user) await users.login(session, user)
      return Response.json(user?.getUsername() ?? null)
    }
    if (pathname === '/logout') {
      await users.logout(session)
      return Response.json(null)
    }
    const user = await users.fromSession(session).load()
    if (pathname === '/may') return Response.json(await user.hasPerm(given['perm'] ?? ''))
    if (pathname === '/all') return Response.json([...(await user.getAllPermissions())].toSorted())
    if (pathname === '/password' && user.isAuthenticated) {
      await user.setPassword(given['password'] ?? null)
      await user.save()
      await users.updateSessionAuthHash(session, user)
    }
    return Response.json(user.getUsername() || null)
  })
  return (request) =>
    handler(request).catch((error: unknown) => {
      const [status, code] = isAsyncDjangoError(error) ? [error.status, error.code] : [500, '']
      return Response.json(code || String(error), { status })
    })
}
