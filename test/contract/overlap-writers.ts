/**
 * Writers of one session that overlap, as requests of one visitor do.
 *
 * @module
 */
import {
  createDjango,
  type Django,
  type NewSession,
  type SessionStoreFactory,
  type Updated,
} from 'async-django'
import { isAsyncDjangoError } from 'async-django/errors'

/** What writers do to the session, each so many times. */
export type Work = 'ownKeys' | 'counter' | 'list' | 'logins' | 'mixed'

/** One process's share. */
export interface Share {
  readonly work: Work
  readonly key: string
  /** Names of the writers in this process. */
  readonly writers: readonly string[]
  readonly times: number
}

/** What a process did. */
export interface Done {
  /** Names of what was saved, by their writers' word. */
  readonly saved: readonly string[]
  /** Names of what was refused with `SessionConflictError`. */
  readonly refused: readonly string[]
  /** How often a write met another one, and was tried again. */
  readonly conflicts: number
  /** What was wrong with a login in anything that was stored. */
  readonly wrongs: readonly string[]
}

/** The secret of all processes, Django's too. */
export const secretKey = 'a secret that only tests have, long enough for Django not to mind'

/** What a visitor's session holds here. */
export interface Overlapped {
  count: number
  list: string[]
}

/** A django that looks at what its store is given. */
export interface WatchedDjango {
  readonly django: Django<{ session: Overlapped }>
  /** Conflicts that were met. */
  conflicts(): number
  /** What was stored. */
  payloads(): readonly string[]
}

/** Wires a django over a store. */
export function watchedDjango(store: SessionStoreFactory): WatchedDjango {
  const payloads: string[] = []
  let conflicts = 0
  const django = createDjango<{ session: Overlapped }>({
    settings: { secretKey, useTz: true },
    // Longer than any machine takes: what is tested is what is saved, not how fast.
    storeTimeoutMs: 120_000,
    store(context) {
      const watched = store(context)
      const { updateMany } = watched
      const watch = ({ outcome }: Updated, { payload }: NewSession): void => {
        if (outcome === 'saved') payloads.push(payload)
        if (outcome === 'conflict') conflicts += 1
      }
      return {
        ...watched,
        async update(key, next, previous, call) {
          const updated = await watched.update(key, next, previous, call)
          watch(updated, next)
          return updated
        },
        ...(updateMany && {
          async updateMany(updates, call) {
            const outcomes = await updateMany.call(watched, updates, call)
            for (const { key, next } of updates) {
              const updated = outcomes.get(key)
              if (updated) watch(updated, next)
            }
            return outcomes
          },
        }),
      }
    },
  })
  return { django, conflicts: () => conflicts, payloads: () => payloads }
}

/** Does one process's share of the work, all its writers at once. */
export async function work(store: SessionStoreFactory, share: Share): Promise<Done> {
  const { django, conflicts, payloads } = watchedDjango(store)
  const saved: string[] = []
  const refused: string[] = []
  const write = async (writer: string): Promise<void> => {
    for (let time = 0; time < share.times; time++) {
      const name = `${writer}-${time}`
      try {
        await works[share.work](django, share.key, name)
        saved.push(name)
      } catch (error) {
        if (!isAsyncDjangoError(error) || error.code !== 'ERR_SESSION_CONFLICT') throw error
        refused.push(name)
      }
    }
  }
  await Promise.all(share.writers.map(write))
  const wrongs = payloads().map((payload) => wrongLogin(django.sessions.decode(payload) as object))
  return {
    saved,
    refused,
    conflicts: conflicts(),
    wrongs: wrongs.filter((wrong) => wrong !== null),
  }
}

type OneWork = (
  django: Django<{ session: Overlapped }>,
  key: string,
  name: string,
) => Promise<unknown>

const works: Readonly<Record<Work, OneWork>> = {
  /** Each its own key, read before and saved after, as most handlers do. */
  async ownKeys(django, key, name) {
    const session = await django.sessions.get(key).load()
    session.set(name, true)
    await session.save()
  },

  async counter(django, key) {
    await django.sessions.get(key).change((data) => {
      data.count = (data.count ?? 0) + 1
    })
  },

  async list(django, key, name) {
    await django.sessions.get(key).change((data) => {
      data.list = [...(data.list ?? []), name]
    })
  },

  /** By turns a login, a new password, a logout, all under one key: three keys that are one value. */
  async logins(django, key, name) {
    const session = await django.sessions.get(key).load()
    const turn = Number(name.split('-').at(-1)) % 3
    if (turn === 0) session.update(login(name))
    if (turn === 1 && session.has('_auth_user_id')) {
      session.set('_auth_user_hash', `${name}'s hash of ${String(session.get('_auth_user_id'))}`)
    }
    if (turn === 2) for (const auth of authKeys) session.delete(auth)
    session.set(name, true)
    await session.save()
  },

  /** Everything, at the pace of requests. */
  async mixed(django, key, name) {
    const turn = Number(name.split('-').at(-1)) % 5
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
    if (turn === 3) return works.ownKeys(django, key, name)
    if (turn !== 4) return works.logins(django, key, name)
    return django.sessions.get(key).change((data) => {
      data[name] = true
    })
  },
}

/** The three keys of a login, which belong together. */
export const authKeys = ['_auth_user_id', '_auth_user_backend', '_auth_user_hash'] as const

function login(user: string): Record<string, string> {
  return {
    _auth_user_id: user,
    _auth_user_backend: 'django.contrib.auth.backends.ModelBackend',
    _auth_user_hash: `a hash of ${user}`,
  }
}

/** What is wrong with the login in a session's data: it is all of one, or none. */
export function wrongLogin(given: object): string | null {
  const data = given as Readonly<Record<string, unknown>>
  const there = authKeys.filter((key) => Object.hasOwn(data, key))
  if (there.length === 0) return null
  if (there.length < authKeys.length) return `holds only ${there.join(' and ')}`
  const isOfUser = String(data['_auth_user_hash']).endsWith(` of ${String(data['_auth_user_id'])}`)
  return isOfUser ? null : 'holds the hash of another user'
}
