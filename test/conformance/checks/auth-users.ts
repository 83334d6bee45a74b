/**
 * Checks of users: logins, what users may do, and who is let in.
 *
 * @module
 */
import {
  createDjango,
  type Django,
  type DjangoVersion,
  type SessionStore,
  type UserStoreFactory,
} from 'async-django'
import { encodeUid, urlHasAllowedHostAndScheme, type User, type UserStore } from 'async-django/auth'
import { isAsyncDjangoError } from 'async-django/errors'
import { memoryStore } from 'async-django/stores/memory'
import { memoryUserStore } from 'async-django/users/memory'

import { coreOf } from '../../../src/session/session.ts'
import { momentOf } from '../django.ts'
import { type Check, type Fields, fieldsOf, isSince, same, text, type Vector } from '../vector.ts'

/** Checkers by kind. */
export const userChecks: Readonly<Record<string, Check>> = {
  'auth.flow': checkFlow,
  'auth.permissions': checkPermissions,
  'auth.authenticate': checkAuthenticate,
  'auth.safe_redirect': checkRedirect,
}

const key = 'thekeyofthevisitor0000000000000a'

/** A site with users, and what stands behind it. */
interface UserSite {
  readonly django: Django
  readonly sessions: SessionStore
  readonly users: UserStore
}

function siteOf(vector: Vector, users: UserStoreFactory, iterations?: number): UserSite {
  const { settings } = vector
  const now = momentOf({ ...vector, settings: { now: 1_700_000_000, ...settings } })
  const made: SessionStore[] = []
  const django = createDjango({
    settings: {
      secretKey: (settings['SECRET_KEY'] ?? 'key') as string,
      secretKeyFallbacks: (settings['SECRET_KEY_FALLBACKS'] ?? []) as readonly string[],
    },
    djangoVersion: (vector.django.findLast((release) =>
      isSince({ ...vector, django: [release] }, 4, 2),
    ) ?? '4.2') as DjangoVersion,
    djangoExact: true,
    now: () => now,
    store: (context) => {
      const store = memoryStore()(context)
      made.push(store)
      return store
    },
    users,
    ...(iterations !== undefined && {
      auth: {
        passwordHashers: ['PBKDF2PasswordHasher'],
        hasherParameters: { PBKDF2PasswordHasher: { iterations } },
      },
    }),
  })
  const [sessions] = made as [SessionStore]
  return { django, sessions, users: users.makeStore({ settings: django.settings }) }
}

async function addUser(users: UserStore, { pk, password_field: password }: Fields, more: object) {
  const names = { username: `user${String(pk)}`, lastLogin: null, isSuperuser: false }
  const row = { id: Number(pk), password: String(password), isActive: true, ...names, ...more }
  await users.create(row)
}

/** What came of a flow. */
interface Flow {
  result: unknown
  requestUser: unknown
  readonly signals: unknown[]
}

async function checkFlow(vector: Vector): Promise<void> {
  const { input, output } = vector
  const site = siteOf(vector, memoryUserStore())
  await addUser(site.users, fieldsOf(input, 'user'), {})
  await addUser(site.users, fieldsOf(input, 'other_user'), {})
  await addUser(site.users, fieldsOf(input, 'inactive_user'), { isActive: false })
  const hasKey = input['session_before'] !== 'no-cookie'
  if (hasKey) {
    const { codec } = site.sessions
    const payload = codec.encode(text(input, 'session_before_json'))
    await site.sessions.create(key, { payload, expireDate: new Date('2100-01-01') })
  }
  const session = site.django.sessions.get(hasKey ? key : null)
  const flow: Flow = { result: null, requestUser: null, signals: [] }
  site.django.users.on('userLoggedIn', ({ user }) => void flow.signals.push(['logged_in', user.pk]))
  site.django.users.on('userLoggedOut', ({ user }) => {
    flow.signals.push(['logged_out', user?.pk ?? null])
  })
  try {
    await runFlow(text(input, 'action'), site, session, text(input, 'new_password_field'), flow)
  } catch (error) {
    if (!isAsyncDjangoError(error)) throw error
    return same('raises', error.code, output['raises'] === undefined ? null : 'ERR_USER_KEY')
  }
  same('raises', null, output['raises'] ?? null)
  const loaded = await session.load()
  const rows = (await site.sessions.newest?.(9)) ?? []
  const last = await site.users.load(11)
  same('session', loaded.data, JSON.parse(text(output, 'session_after_json')))
  same(
    'all else',
    {
      result_user: flow.result,
      request_user: flow.requestUser,
      key_changed: session.key !== (hasKey ? key : null),
      has_key: session.key !== null,
      modified: session.modified,
      old_row_exists: hasKey && (await site.sessions.exists(key)),
      rows: rows.length,
      csrf_rotated: coreOf(session).keyRotated,
      signals: flow.signals,
      last_login_set: last?.['lastLogin'] !== null,
    },
    {
      result_user: output['result_user'],
      request_user: output['request_user'],
      key_changed: output['key_changed'],
      has_key: output['key_after'] !== null,
      modified: output['modified'],
      old_row_exists: output['old_row_exists'],
      rows: output['rows'],
      csrf_rotated: output['csrf_rotated'],
      signals: output['signals'],
      last_login_set: output['last_login_set'],
    },
  )
}

async function runFlow(
  action: string,
  { django, users }: UserSite,
  session: ReturnType<Django['sessions']['get']>,
  newPassword: string,
  flow: Flow,
): Promise<void> {
  const backend = 'django.contrib.auth.backends.ModelBackend'
  const visitor = django.users.fromSession(session)
  if (action === 'get_user') {
    flow.result = (await visitor.load()).pk
    return
  }
  if (action === 'login') {
    await django.users.login(session, await django.users.get(11), { backend })
  } else if (action === 'logout') {
    await visitor.load()
    await django.users.logout(session)
  } else {
    await visitor.load()
    const user = await withPassword(django, users, newPassword)
    await django.users.updateSessionAuthHash(session, user)
  }
  flow.requestUser = (await visitor.load()).pk
}

async function withPassword(django: Django, users: UserStore, password: string): Promise<User> {
  await users.update(11, { password })
  return django.users.get(11)
}

async function checkPermissions(vector: Vector): Promise<void> {
  const { input, output } = vector
  const users = memoryUserStore()
  const { django, users: store } = siteOf(vector, users)
  await addUser(store, { pk: 1, password_field: '!' }, input)
  await addUser(store, { pk: 2, password_field: '!' }, {})
  await store.update(1, {
    isActive: input['is_active'] === true,
    isSuperuser: input['is_superuser'] === true,
  })
  users.permit(1, {
    user: (input['user_permissions'] ?? []) as readonly string[],
    groups: (input['groups'] ?? {}) as Readonly<Record<string, readonly string[]>>,
  })
  users.permit(2, { user: (input['all_permissions_in_db'] ?? []) as readonly string[] })
  const user =
    input['anonymous'] === true
      ? await django.users.fromSession(django.sessions.get(null)).load()
      : await django.users.get(1)
  const obj = { any: 'object' }
  const asked = Object.keys(fieldsOf(output, 'has_perm'))
  const answers = await Promise.all(
    asked.map(async (perm) => [perm, await user.hasPerm(perm)] as const),
  )
  same('has_perm', Object.fromEntries(answers), output['has_perm'])
  same('all', sorted(await user.getAllPermissions()), output['get_all_permissions'])
  if (input['anonymous'] === true) return
  same('user', sorted(await user.getUserPermissions()), output['get_user_permissions'])
  same('group', sorted(await user.getGroupPermissions()), output['get_group_permissions'])
  same('has_perm_obj', await user.hasPerm('shop.add_order', obj), output['has_perm_obj'])
  same('all, obj', sorted(await user.getAllPermissions(obj)), output['get_all_permissions_obj'])
  const both = ['shop.add_order', 'shop.view_item']
  same('has_perms', await user.hasPerms(both), output['has_perms'])
  const modules = Object.keys(fieldsOf(output, 'has_module_perms'))
  const inModules = await Promise.all(
    modules.map(async (label) => [label, await user.hasModulePerms(label)] as const),
  )
  same('has_module_perms', Object.fromEntries(inModules), output['has_module_perms'])
}

function sorted(names: ReadonlySet<string>): string[] {
  return [...names].toSorted()
}

async function checkAuthenticate(vector: Vector): Promise<void> {
  const { input, output, settings } = vector
  const iterations = Number(settings['preferred_pbkdf2_iterations'])
  const { django, users } = siteOf(vector, memoryUserStore(), iterations)
  const stored = input['stored_password']
  const username = text(input, 'username')
  if (typeof stored === 'string') {
    const isActive = input['is_active'] === true
    await addUser(users, { pk: 1, password_field: stored }, { username, isActive })
  }
  const { password } = input
  const user = await django.users.authenticate({ username, password })
  same('user', user?.getUsername() ?? null, output['user'])
  const now = stored === null ? null : (await users.load(1))?.['password']
  same('password_field_changed', now !== stored, output['password_field_changed'])
  if (user) same('uid', encodeUid(String(user.pk)), 'MQ')
}

function checkRedirect({ input, output }: Vector): void {
  const allowed = urlHasAllowedHostAndScheme(text(input, 'url'), {
    allowedHosts: input['allowed_hosts'] as readonly string[],
    requireHttps: input['require_https'] === true,
  })
  same('allowed', allowed, output['allowed'])
}

/** Django 4.2 has a copy of its own of an older `urlsplit`; no browser takes this for a scheme. */
export function isOddScheme({ kind, input, django }: Vector): boolean {
  const isOld = django.every((release) => release.startsWith('4.2'))
  if (kind !== 'auth.safe_redirect' || !isOld) return false
  return /^\s*[\d+.-][\w+.-]*:/.test(text(input, 'url'))
}
