import { expect, test } from 'vitest'

import { createDjango } from '../index.ts'
import { memoryStore } from '../stores/memory.ts'
import { memoryUserStore } from '../users/memory.ts'
import { loginRequired, permissionRequired, staffRequired, userPassesTest } from './guards.ts'
import { AnonymousUser } from './user.ts'

const users = memoryUserStore()
const django = createDjango({
  settings: { secretKey: 'secret' },
  djangoVersion: '5.2',
  store: memoryStore(),
  users,
  auth: { passwordHashers: ['MD5PasswordHasher'] },
})
const nobody = new AnonymousUser()
const ada = await django.users.create({ username: 'ada' })
const staff = await django.users.create({ username: 'staff', isStaff: true })
const url = 'https://shop.example/orders?page=2'
const next = '?next=/orders%3Fpage%3D2'

test('loginRequired lets users go on, and sends others to the login page', async () => {
  const guard = loginRequired({ loginUrl: '/in/' })
  expect(await guard(ada, url)).toEqual({ outcome: 'pass' })
  expect(await guard(nobody, url)).toEqual({ outcome: 'redirect', location: `/in/${next}` })
})

test('a login page on another host is told the whole address', async () => {
  const guard = loginRequired({ loginUrl: 'https://id.example/in?app=shop' })
  expect(await guard(nobody, url)).toEqual({
    outcome: 'redirect',
    location: 'https://id.example/in?app=shop&next=https%3A//shop.example/orders%3Fpage%3D2',
  })
})

test('the address is worked out only for those who are sent away', async () => {
  const guard = loginRequired()
  const fail = (): string => {
    throw new Error('nobody needs it')
  }
  expect(await guard(ada, fail)).toEqual({ outcome: 'pass' })
  const verdict = await guard(nobody, () => url)
  expect(verdict).toEqual({ outcome: 'redirect', location: `/accounts/login/${next}` })
})

test('programs are answered 401 and 403', async () => {
  const guard = staffRequired({ api: true })
  expect(await guard(nobody, url)).toEqual({ outcome: 'refuse', status: 401 })
  expect(await guard(ada, url)).toEqual({ outcome: 'refuse', status: 403 })
  expect(await guard(staff, url)).toEqual({ outcome: 'pass' })
})

test('permissionRequired wants all of the permissions', async () => {
  const one = await django.users.create({ username: 'one' })
  const two = await django.users.create({ username: 'two' })
  users.permit(one.pk, { user: ['shop.view_order'] })
  users.permit(two.pk, { user: ['shop.view_order'], groups: { all: ['shop.add_order'] } })
  const guard = permissionRequired(['shop.view_order', 'shop.add_order'])
  const location = `/accounts/login/${next}`
  expect(await guard(two, url)).toEqual({ outcome: 'pass' })
  expect(await guard(one, url)).toEqual({ outcome: 'redirect', location })
  expect(await permissionRequired('shop.view_order')(one, url)).toEqual({ outcome: 'pass' })
  const strict = permissionRequired('shop.add_order', { raiseException: true })
  expect(await strict(one, url)).toEqual({ outcome: 'refuse', status: 403 })
  expect(await strict(nobody, url)).toEqual({ outcome: 'refuse', status: 403 })
})

test('userPassesTest waits for its test', async () => {
  const guard = userPassesTest(async (visitor) => visitor.getUsername().startsWith('a'))
  expect((await guard(ada, url)).outcome).toBe('pass')
  expect((await guard(staff, url)).outcome).toBe('redirect')
})
