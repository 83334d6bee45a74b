/**
 * The user store suite: what is promised of users.
 *
 * @module
 */
import { PreciseDate } from '../formats/datetime.ts'
import { check, rejects, same } from './_assert.ts'
import type { UserCase } from './_user-store-kit.ts'

const odd = 'Zoë "O\'Neil" \\ % _ 漢字 🔑'

/** Cases about reading. */
export const finding: readonly UserCase[] = [
  {
    name: 'answers null for a key that nobody has',
    async run({ store, unknownKey }) {
      same(await store.load(unknownKey), null, 'load() of an unknown key')
      same(await store.update(unknownKey, { email: 'a@b.c' }), false, 'update() of nobody')
      const { user, group } = await store.permissions(unknownKey)
      same([...user, ...group], [], 'the permissions of nobody')
    },
  },
  {
    name: 'answers null for what can be no key',
    async run({ store }) {
      if (store.model.keyType === 'text') return
      for (const key of ['\u0000', '\ud800', 1.5, Number.NaN, 10n ** 30n, -(10n ** 30n)]) {
        same(await store.load(key), null, `load() of ${String(key)}`)
        same(await store.update(key, { email: '' }), false, `update() of ${String(key)}`)
      }
    },
  },
  {
    name: 'finds users by the text of a field, two at most',
    async run(kit) {
      const key = await kit.create({ username: odd, email: 'same@example.com' })
      await kit.create({ email: 'same@example.com' })
      await kit.create({ email: 'same@example.com' })
      const { keyField } = kit.store.model
      const found = await kit.store.find('username', odd)
      same(
        found.map((user) => user[keyField]),
        [key],
        'find() by name',
      )
      same((await kit.store.find('email', 'same@example.com')).length, 2, 'find() of three')
      same(await kit.store.find('email', 'other@example.com'), [], 'find() of none')
    },
  },
  {
    name: 'finds nobody by what can be no text of a table, and by what would be SQL',
    async run(kit) {
      await kit.create()
      for (const name of [
        'user 1\u0000',
        'user\ud800',
        '',
        "' OR '1'='1",
        '%',
        'x'.repeat(10_000),
      ]) {
        same(await kit.store.find('username', name), [], `find() of ${JSON.stringify(name)}`)
      }
    },
  },
]

/** Cases about writing. */
export const storing: readonly UserCase[] = [
  {
    name: 'stores a user, and answers every field as it was given',
    async run(kit) {
      const user = kit.user({
        username: odd,
        firstName: 'line\nbreak',
        email: 'Zoë@example.com',
        isStaff: true,
        isActive: false,
        lastLogin: new PreciseDate(Date.UTC(2030, 11, 31, 23, 59, 59, 999), 999),
      })
      const key = await kit.store.create(user)
      check(key !== null, 'a free name is not taken')
      await kit.holds(key, { ...user, [kit.store.model.keyField]: key })
    },
  },
  {
    name: 'gives users keys of their own',
    async run(kit) {
      const keys = await Promise.all(Array.from({ length: 20 }, () => kit.create()))
      same(new Set(keys.map(String)).size, 20, 'keys of twenty users')
    },
  },
  {
    name: 'answers null for a name that is taken, also to many at once',
    async run(kit) {
      const asked = Array.from({ length: 8 }, () => kit.store.create(kit.user({ username: 'ada' })))
      const given = (await Promise.all(asked)).filter((key) => key !== null)
      same(given.length, 1, 'users of one name')
      same(await kit.store.create(kit.user({ username: 'ada' })), null, 'create() of a taken name')
    },
  },
  {
    name: 'writes the fields that it is given, and no others',
    async run(kit) {
      const key = await kit.create({ firstName: 'Ada', email: 'ada@example.com' })
      const other = await kit.create()
      const lastLogin = new PreciseDate(Date.UTC(2026, 5, 7, 8, 9, 10, 0), 0)
      same(await kit.store.update(key, { firstName: 'Grace', lastLogin }), true, 'update()')
      await kit.holds(key, { firstName: 'Grace', lastLogin, email: 'ada@example.com' })
      await kit.holds(other, { firstName: '', lastLogin: null })
      same(await kit.store.update(key, { lastLogin: null }), true, 'update() to null')
      await kit.holds(key, { firstName: 'Grace', lastLogin: null })
    },
  },
  {
    name: 'says that the user is there also where nothing changed',
    async run(kit) {
      const key = await kit.create({ firstName: 'Ada' })
      same(await kit.store.update(key, { firstName: 'Ada' }), true, 'update() to an equal value')
    },
  },
  {
    name: 'writes only over the password that it is told, byte for byte',
    async run(kit) {
      const key = await kit.create({ password: 'old$Hash' })
      const to = (password: string, previous: string): Promise<boolean> =>
        kit.store.update(key, { password }, { password: previous })
      same(await to('lost', 'old$hash'), false, 'update() over a password in other case')
      same(await to('lost', 'old$Hash '), false, 'update() over a password with a space')
      await kit.holds(key, { password: 'old$Hash' })
      same(await to('new', 'old$Hash'), true, 'update() over the stored password')
      same(await to('lost', 'old$Hash'), false, 'update() over a password of former days')
      await kit.holds(key, { password: 'new' })
    },
  },
  {
    name: 'lets one of many replace a password',
    async run(kit) {
      const key = await kit.create({ password: 'old' })
      const asked = Array.from({ length: 8 }, (_, at) =>
        kit.store.update(key, { password: `new ${at}` }, { password: 'old' }),
      )
      same((await Promise.all(asked)).filter(Boolean).length, 1, 'writers that came first')
    },
  },
  {
    name: 'answers what nobody else can change',
    async run(kit) {
      const key = await kit.create()
      const first = await kit.load(key)
      if (first['dateJoined'] instanceof Date) first['dateJoined'].setFullYear(1999)
      const again = (await kit.load(key))['dateJoined']
      check(again instanceof Date && again.getUTCFullYear() === 2026, 'the date that was stored')
    },
  },
  {
    name: 'does nothing in a call whose time is over',
    async run(kit) {
      const key = await kit.create()
      const call = { signal: AbortSignal.abort() }
      const user = kit.user({ username: 'late' })
      await rejects(kit.store.load(key, call), 'load() with a fired signal')
      await rejects(kit.store.create(user, call), 'create() with a fired signal')
      await rejects(kit.store.update(key, { firstName: 'x' }, {}, call), 'update() with one')
      same(await kit.store.find('username', 'late'), [], 'find() afterwards')
      await kit.holds(key, { firstName: '' })
    },
  },
]

/** Cases about permissions. */
export const permitting: readonly UserCase[] = [
  {
    name: 'answers what was given to a user, and to the groups, each once',
    async run(kit) {
      const key = await kit.create()
      const other = await kit.create()
      await kit.opened.permit?.(key, {
        user: ['shop.add_order', 'blog.view_post'],
        groups: { one: ['shop.view_order', 'shop.add_order'], two: ['shop.view_order'] },
      })
      const { user, group } = await kit.store.permissions(key)
      same([...user].toSorted(), ['blog.view_post', 'shop.add_order'], 'permissions of the user')
      same([...group].toSorted(), ['shop.add_order', 'shop.view_order'], 'those of the groups')
      const none = await kit.store.permissions(other)
      same([...none.user, ...none.group], [], 'permissions of another user')
    },
  },
  {
    name: 'answers all permissions that there are',
    async run(kit) {
      const key = await kit.create()
      const groups = { some: ['shop.view_order'] }
      await kit.opened.permit?.(key, { user: ['shop.add_order'], groups })
      const all = await kit.store.allPermissions()
      for (const one of ['shop.add_order', 'shop.view_order']) check(all.includes(one), one)
    },
  },
]
