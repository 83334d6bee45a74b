import { createHash } from 'node:crypto'
import { inspect } from 'node:util'

import { describe, expect, test } from 'vitest'

import { createDjango, type Django, type DjangoOptions, type ReadOnlyDjango } from '../index.ts'
import { memoryStore } from '../stores/memory.ts'
import { type MemoryUserStoreFactory, memoryUserStore } from '../users/memory.ts'
import { emailBackend, modelBackendPath } from './backends.ts'
import type { Password, PasswordHasher } from './hashers/hasher.ts'
import { AnonymousUser } from './user.ts'
import type { AuthOptions } from './users.ts'

const fast = 'MD5PasswordHasher' as const

/** Sites over the same sessions and users. */
class Place {
  readonly users: MemoryUserStoreFactory = memoryUserStore()
  readonly store = memoryStore()
  readonly #options: Partial<DjangoOptions>

  constructor(options: Partial<DjangoOptions> = {}) {
    this.#options = options
  }

  #all(auth: AuthOptions, secretKey: string): DjangoOptions {
    return {
      settings: { secretKey },
      djangoVersion: '5.2',
      store: this.store,
      users: this.users,
      auth: { passwordHashers: [fast], ...auth },
      ...this.#options,
    }
  }

  open(auth: AuthOptions = {}, secretKey = 'secret'): Django {
    return createDjango({ ...this.#all(auth, secretKey), readOnly: false })
  }

  openReadOnly(): ReadOnlyDjango {
    return createDjango({ ...this.#all({}, 'secret'), readOnly: true })
  }
}

const ada = { username: 'ada', password: 'correct horse', email: 'ada@example.com' }

async function loggedIn(django: Django): Promise<string> {
  const session = django.sessions.get(null)
  const user = await django.users.authenticate(ada)
  if (!user) throw new Error('Nobody was let in.')
  await django.users.login(session, user)
  await session.save()
  return session.key ?? ''
}

async function whoIs(django: ReadOnlyDjango, key: string): Promise<string> {
  const user = await django.users.fromSession(django.sessions.get(key)).load()
  return user.getUsername()
}

/** A hasher that notes what it is given. */
function countingHasher(hashed: string[]): PasswordHasher {
  const hash = (password: Password): string => {
    hashed.push(String(password))
    return `counting$${String(password)}`
  }
  return {
    algorithm: 'counting',
    salt: () => 'salt',
    encode: async (password) => hash(password),
    verify: async (password, encoded) => hash(password) === encoded,
    decode: () => ({ algorithm: 'counting' }),
    mustUpdate: () => false,
    hardenRuntime: async () => {},
  }
}

describe('a server', () => {
  test('is refused users without a djangoVersion, and options that are none', () => {
    const given = { settings: { secretKey: 'x' }, store: memoryStore(), users: memoryUserStore() }
    expect(() => createDjango(given)).toThrow(/djangoVersion/)
    const open = (auth: AuthOptions): Django =>
      createDjango({ ...given, djangoVersion: '5.2', auth })
    expect(() => open({ authenticationBackends: [] })).toThrow(/authenticationBackends/)
    expect(() => open({ passwordHashers: [] })).toThrow(/passwordHashers/)
  })

  test('without a user store has no users', () => {
    const django = createDjango({ settings: { secretKey: 'x' }, store: memoryStore() })
    expect(() => django.users).toThrow(expect.objectContaining({ setting: 'users' }))
  })
})

describe('a login', () => {
  test('is the same user in the next request, with one object for one session', async () => {
    const django = new Place().open()
    const made = await django.users.create(ada)
    const session = django.sessions.get(await loggedIn(django))
    const lazy = django.users.fromSession(session)
    expect(django.users.fromSession(session)).toBe(lazy)
    const user = await lazy.load()
    expect([user.pk, user.backend, await lazy.load()]).toEqual([made.pk, modelBackendPath, user])
  })

  test('tells listeners, and waits for them', async () => {
    const django = new Place().open()
    await django.users.create(ada)
    const told: unknown[] = []
    django.users.on('userLoggedIn', async ({ user }) => {
      await Promise.resolve()
      told.push(user.getUsername())
    })
    const stop = django.users.on(
      'userLoginFailed',
      ({ credentials }) => void told.push(credentials),
    )
    await loggedIn(django)
    expect(await django.users.authenticate({ ...ada, password: 'wrong' })).toBeNull()
    stop()
    expect(await django.users.authenticate({ ...ada, password: 'wrong' })).toBeNull()
    expect(told).toEqual(['ada', { ...ada, password: '********************' }])
  })

  test('needs to be told the backend where there are several', async () => {
    const authenticationBackends = [modelBackendPath, 'allauth.account.auth_backends.Any']
    const django = new Place().open({ authenticationBackends })
    const user = await django.users.create(ada)
    const session = django.sessions.get(null)
    await expect(django.users.login(session, user)).rejects.toThrow(/backend/)
    await django.users.login(session, user, { backend: 'allauth.account.auth_backends.Any' })
    await session.save()
    expect(await whoIs(django, session.key ?? '')).toBe('ada')
  })

  test('by forceLogin is one by its cookie', async () => {
    const django = new Place().open()
    const cookie = await django.users.forceLogin(await django.users.create(ada))
    const user = await django.users.fromSession(django.sessionOf({ cookie })).load()
    expect(user.getUsername()).toBe('ada')
  })

  test('is refused by throttle before any password is looked at', async () => {
    const asked: unknown[] = []
    const django = new Place().open({
      throttle: (credentials, exchange) => {
        asked.push(credentials['password'], exchange)
        return false
      },
    })
    await django.users.create({ ...ada, password: null })
    const refused = django.users.authenticate(ada, 'the request')
    await expect(refused).rejects.toMatchObject({ code: 'ERR_LOGIN_THROTTLED', status: 429 })
    expect(asked).toEqual(['********************', 'the request'])
  })

  test('costs one hash whether there is such a user or not, and whether he may log in or not', async () => {
    const place = new Place()
    const hashed: string[] = []
    const django = place.open({ passwordHashers: [countingHasher(hashed)] })
    await django.users.create(ada)
    await django.users.create({ ...ada, username: 'inactive', isActive: false })
    await django.users.create({ username: 'unusable' })
    const { password } = ada
    for (const username of ['ada', 'nobody', '', 'ada\u0000', 'inactive', 'unusable']) {
      for (const given of [password, 'wrong']) {
        hashed.length = 0
        await django.users.authenticate({ username, password: given })
        expect([username, given, hashed.length]).toEqual([username, given, 1])
      }
    }
  })

  test('by address, by a function, and never by what is no text', async () => {
    const django = new Place().open({
      authenticationBackends: [
        emailBackend('site.EmailBackend'),
        {
          path: 'site.TokenBackend',
          authenticate: async ({ token }, tools) => (token === 'a token' ? tools.get(1) : null),
        },
      ],
    })
    await django.users.create(ada)
    const { password } = ada
    const by = async (credentials: Record<string, unknown>): Promise<string | null> =>
      (await django.users.authenticate(credentials))?.backend ?? null
    expect(await by({ email: 'ada@EXAMPLE.com', password })).toBe('site.EmailBackend')
    expect(await by({ username: 'ada@example.com', password })).toBe('site.EmailBackend')
    expect(await by({ token: 'a token' })).toBe('site.TokenBackend')
    expect(await by({ email: { $ne: '' }, password })).toBeNull()
    expect(await by({ email: 'ada@example.com', password: null })).toBeNull()
    await django.users.create({ username: 'other', email: 'ada@example.com', password })
    expect(await by({ email: 'ada@example.com', password })).toBeNull()
  })
})

describe('a session that is bound to another password', () => {
  test('is ended by a process that has shown its secrets', async () => {
    const place = new Place()
    const django = place.open()
    const user = await django.users.create(ada)
    const key = await loggedIn(django)
    const other = place.open()
    expect(await whoIs(other, key)).toBe('ada')
    await user.setPassword('another')
    await user.save()
    expect([await whoIs(other, key), await other.sessions.exists(key)]).toEqual(['', false])
  })

  test('is left alone by one that has read only what it made itself', async () => {
    const django = new Place().open()
    const user = await django.users.create(ada)
    const key = await loggedIn(django)
    await user.setPassword('another')
    await user.save()
    expect([await whoIs(django, key), await django.sessions.exists(key)]).toEqual(['', true])
  })

  test('is looked at again: one that was made meanwhile stands', async () => {
    const place = new Place()
    const first = place.open()
    await first.users.create(ada)
    const key = await loggedIn(first)
    let stale = true
    const { makeStore } = place.users
    const lagging = {
      ...place.users,
      makeStore: (context: Parameters<typeof makeStore>[0]) => {
        const store = makeStore(context)
        return {
          ...store,
          async load(...args: Parameters<typeof store.load>) {
            const user = await store.load(...args)
            if (!user || !stale) return user
            stale = false
            return { ...user, password: 'of a copy that is behind' }
          },
        }
      },
    }
    const other = new Place({ users: lagging, store: place.store }).open()
    expect([await whoIs(other, key), await other.sessions.exists(key)]).toEqual(['ada', true])
    expect(stale).toBe(false)
  })

  test('is kept by updateSessionAuthHash, under another key', async () => {
    const place = new Place()
    const django = place.open()
    await django.users.create(ada)
    const [own, others] = [await loggedIn(django), await loggedIn(django)]
    const session = django.sessions.get(own)
    const user = await django.users.fromSession(session).load()
    if (!user.isAuthenticated) throw new Error('Nobody is logged in.')
    await user.setPassword('another')
    await user.save()
    await django.users.updateSessionAuthHash(session, user)
    await session.save()
    const other = place.open()
    expect(await whoIs(other, session.key ?? '')).toBe('ada')
    expect([session.key === own, await whoIs(other, others)]).toEqual([false, ''])
  })

  test('follows sessionAuthHash, where a site has its own', async () => {
    const place = new Place()
    const django = place.open({
      sessionAuthHash: (user, hmac) => hmac(`${user.password}${String(user.get('lastName'))}`),
    })
    const user = await django.users.create(ada)
    const key = await loggedIn(django)
    expect(await whoIs(django, key)).toBe('ada')
    user.set('lastName', 'Lovelace')
    await user.save()
    expect(await whoIs(django, key)).toBe('')
  })
})

describe('bad input', () => {
  test('a user id that is of another type is a typed error', async () => {
    const django = new Place().open()
    const session = await django.sessions.get(null).load()
    for (const id of ['abc', '', '1.5', {}, null, true]) {
      session.update({ _auth_user_id: id, _auth_user_backend: modelBackendPath })
      await session.save()
      const again = django.sessions.get(session.key)
      await expect(django.users.fromSession(again).load()).rejects.toMatchObject({
        code: 'ERR_USER_KEY',
      })
    }
  })

  test('a user id that no column holds, and that of a deleted user, are nobody', async () => {
    const django = new Place().open()
    const session = await django.sessions.get(null).load()
    for (const id of ['999', '9'.repeat(40), '-1']) {
      session.update({ _auth_user_id: id, _auth_user_backend: modelBackendPath })
      await session.save()
      expect(await whoIs(django, session.key ?? '')).toBe('')
    }
  })

  test('a password of 1 MB, and stored hashes that are malformed or of an unknown kind', async () => {
    const place = new Place()
    const django = place.open()
    const user = await django.users.create(ada)
    const store = place.users.makeStore({ settings: django.settings })
    const password = 'x'.repeat(2 ** 20)
    expect(await django.users.authenticate({ ...ada, password })).toBeNull()
    for (const stored of ['', '!', 'plain text', 'crypt$$x', 'pbkdf2_sha256$1$a$b']) {
      await store.update(user.pk, { password: stored })
      expect(await django.users.authenticate(ada)).toBeNull()
    }
    await store.update(user.pk, { password: 'md5$only' })
    await expect(django.users.authenticate(ada)).rejects.toMatchObject({
      code: 'ERR_PASSWORD_HASH',
    })
  })
})

describe('a read-only server', () => {
  test('knows who it is, checks passwords, and has nothing that writes', async () => {
    const place = new Place()
    const django = place.open()
    await django.users.create(ada)
    const key = await loggedIn(django)
    const readOnly = place.openReadOnly()
    expect(await whoIs(readOnly, key)).toBe('ada')
    for (const name of ['login', 'logout', 'create', 'createSuperuser', 'forceLogin']) {
      expect(name in readOnly.users).toBe(false)
    }
  })

  test('never upgrades a password, and never ends a session', async () => {
    const place = new Place()
    const django = place.open()
    const user = await django.users.create(ada)
    const key = await loggedIn(django)
    const store = place.users.makeStore({ settings: django.settings })
    const digest = createHash('md5').update(`short${ada.password}`).digest('hex')
    const password = `md5$short$${digest}`
    await store.update(user.pk, { password })
    const readOnly = place.openReadOnly()
    expect([await whoIs(readOnly, key), await django.sessions.exists(key)]).toEqual(['', true])
    expect(await readOnly.users.authenticate(ada)).not.toBeNull()
    expect((await store.load(user.pk))?.['password']).toBe(password)
    expect(await django.users.authenticate(ada)).not.toBeNull()
    expect((await store.load(user.pk))?.['password']).not.toBe(password)
  })

  test('keeps a password that was changed while it was upgraded', async () => {
    const place = new Place()
    const django = place.open()
    const user = await django.users.create(ada)
    const store = place.users.makeStore({ settings: django.settings })
    const digest = createHash('md5').update(`short${ada.password}`).digest('hex')
    await store.update(user.pk, { password: `md5$short$${digest}` })
    const stale = await django.users.get(user.pk)
    await store.update(user.pk, { password: 'set by another' })
    expect(await stale.checkPassword(ada.password)).toBe(true)
    expect((await store.load(user.pk))?.['password']).toBe('set by another')
  })
})

describe('a user', () => {
  test('is read and written as data, by its dict interface, and saved by what changed', async () => {
    const place = new Place()
    const django = place.open()
    const user = await django.users.create({ ...ada, firstName: 'Ada' })
    expect([user.get('firstName'), user.get('nothing'), user.has('password')]).toEqual([
      'Ada',
      null,
      false,
    ])
    expect(await user.save()).toBe(false)
    user.data.lastName = 'Lovelace'
    user.set('isStaff', true)
    expect(await user.save()).toBe(true)
    const again = await django.users.getByNaturalKey('ada')
    expect([again.data.lastName, again.isStaff, again.getFullName()]).toEqual([
      'Lovelace',
      true,
      'Ada Lovelace',
    ])
    again.data.firstName = 'Grace'
    again.data.email = 'grace@example.com'
    await again.save(['email'])
    expect((await user.reload()).data).toMatchObject({
      firstName: 'Ada',
      email: 'grace@example.com',
    })
    expect(() => user.set('password', 'x')).toThrow(/setPassword/)
    expect(() => user.set('id', 7)).toThrow(/no field/)
  })

  test('of a name that is taken, or without one, is not made', async () => {
    const django = new Place().open()
    await django.users.create(ada)
    await expect(django.users.create(ada)).rejects.toMatchObject({ code: 'ERR_USER_EXISTS' })
    const odd = { username: 'x', odd: 1 }
    await expect(django.users.create({ username: '' })).rejects.toThrow(TypeError)
    await expect(django.users.create(odd)).rejects.toThrow(/odd/)
    const weak = { username: 'root', isStaff: false }
    await expect(django.users.createSuperuser(weak)).rejects.toThrow(TypeError)
    await expect(django.users.get(99)).rejects.toMatchObject({ code: 'ERR_USER_DOES_NOT_EXIST' })
  })

  test('shows its password hash to no inspector, and neither does anything else', async () => {
    const planted = 'pbkdf2_sha256$1$planted$planted'
    const place = new Place()
    const django = place.open({}, 'planted secret')
    const user = await django.users.create(ada)
    await place.users
      .makeStore({ settings: django.settings })
      .update(user.pk, { password: planted })
    await user.reload()
    const failed = await django.users.create(ada).catch((error: unknown) => error)
    const lazy = django.users.fromSession(django.sessions.get(null))
    for (const shown of [user, django, django.users, failed, lazy, await lazy.load()]) {
      expect(inspect(shown, { depth: 9, showHidden: true })).not.toContain('planted')
      expect(JSON.stringify(shown) ?? '').not.toContain('planted')
    }
    expect(user.password).toBe(planted)
  })

  test('who is nobody may do nothing', async () => {
    const nobody = new AnonymousUser()
    expect([await nobody.hasPerm('a.b'), await nobody.hasPerms([]), nobody.isActive]).toEqual([
      false,
      true,
      false,
    ])
  })

  test('takes permissions with one query', async () => {
    const place = new Place()
    let queries = 0
    const { makeStore } = place.users
    const counting = {
      ...place.users,
      makeStore: (context: Parameters<typeof makeStore>[0]) => {
        const store = makeStore(context)
        return {
          ...store,
          permissions(...args: Parameters<typeof store.permissions>) {
            queries += 1
            return store.permissions(...args)
          },
        }
      },
    }
    const django = new Place({ users: counting }).open()
    const user = await django.users.create(ada)
    place.users.permit(user.pk, { user: ['a.add_b'], groups: { c: ['d.view_e'] } })
    const may = ['a.add_b', 'd.view_e', 'a.view_b'].map((perm) => user.hasPerm(perm))
    expect(await Promise.all(may)).toEqual([true, true, false])
    expect([await user.hasModulePerms('d'), queries]).toEqual([true, 1])
  })
})
