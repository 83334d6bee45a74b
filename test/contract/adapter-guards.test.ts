/**
 * The guards of `async-django/auth`, at every adapter: who goes on, who is sent to the login page and
 * from where, and who is refused.
 *
 * @module
 */
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'

import { HttpException } from '@nestjs/common'
import { createDjango } from 'async-django'
import {
  type Guard,
  loginRequired,
  permissionRequired,
  staffRequired,
  userPassesTest,
} from 'async-django/auth'
import { memoryStore } from 'async-django/stores/memory'
import type { AdapterAnswer } from 'async-django/testing'
import { memoryUserStore } from 'async-django/users/memory'
import { describe, expect, onTestFinished, test } from 'vitest'

import { adapters, serveBy } from '../adapters.ts'

const users = memoryUserStore()
const settings = { secretKey: 'secret', allowedHosts: ['127.0.0.1', 'shop.example'] }
const django = createDjango({
  settings: { ...settings, secureProxySslHeader: ['x-forwarded-proto', 'https'] },
  djangoVersion: '5.2',
  store: memoryStore(),
  users,
  auth: { passwordHashers: ['MD5PasswordHasher'] },
})

const ada = await django.users.create({ username: 'ada' })
const clerk = await django.users.create({ username: 'clerk' })
users.permit(clerk.pk, { user: ['shop.view_order'], groups: { till: ['shop.add_order'] } })
const staff = await django.users.create({ username: 'staff', isStaff: true })
const root = await django.users.createSuperuser({ username: 'root' })
const gone = await django.users.create({ username: 'gone' })

const cookies = {
  nobody: '',
  ada: await django.users.forceLogin(ada),
  clerk: await django.users.forceLogin(clerk),
  staff: await django.users.forceLogin(staff),
  root: await django.users.forceLogin(root),
  gone: await django.users.forceLogin(gone),
}
gone.set('isActive', false)
await gone.save(['isActive'])

type Who = keyof typeof cookies

/** What a guard answers to whom; to everybody else, the last. */
interface Case {
  readonly guard: Guard
  readonly passes: readonly Who[]
  /** To those who are logged in, and to others. */
  readonly known: number
  readonly unknown: number
  /** Where those are sent who are sent away. */
  readonly page?: string
}

const orders = ['shop.view_order', 'shop.add_order']
const cases: Readonly<Record<string, Case>> = {
  loginRequired: {
    guard: loginRequired(),
    passes: ['ada', 'clerk', 'staff', 'root'],
    known: 200,
    unknown: 302,
    page: '/accounts/login/',
  },
  'loginRequired, for programs': {
    guard: loginRequired({ api: true }),
    passes: ['ada', 'clerk', 'staff', 'root'],
    known: 200,
    unknown: 401,
  },
  staffRequired: {
    guard: staffRequired(),
    passes: ['staff', 'root'],
    known: 302,
    unknown: 302,
    page: '/admin/login/',
  },
  permissionRequired: {
    guard: permissionRequired(orders, { loginUrl: '/in' }),
    passes: ['clerk', 'root'],
    known: 302,
    unknown: 302,
    page: '/in',
  },
  'permissionRequired, which raises': {
    guard: permissionRequired(orders, { raiseException: true }),
    passes: ['clerk', 'root'],
    known: 403,
    unknown: 403,
  },
  'permissionRequired, for programs': {
    guard: permissionRequired(orders, { api: true }),
    passes: ['clerk', 'root'],
    known: 403,
    unknown: 401,
  },
  userPassesTest: {
    guard: userPassesTest(async (visitor) => visitor.getUsername().startsWith('a')),
    passes: ['ada'],
    known: 302,
    unknown: 302,
    page: '/accounts/login/',
  },
}

const target = '/orders/a%20b?page=2&q=%C3%A9'
const next = 'next=/orders/a%2520b%3Fpage%3D2%26q%3D%25C3%25A9'

/** NestJS refuses by an exception, which knows its status. */
function answerError(error: unknown): AdapterAnswer {
  return { status: error instanceof HttpException ? error.getStatus() : 500, body: String(error) }
}

/** Asks with headers that `fetch` does not send. */
async function get(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | undefined; readonly location: string | undefined }> {
  const request = httpRequest(url, { path: '/orders?page=2', headers }).end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  return { status: response.statusCode, location: response.headers.location }
}

describe.each(Object.entries(adapters))('%s', (_name, makeListener) => {
  async function serve(guard: Guard): Promise<string> {
    const { url, close } = await serveBy(makeListener, {
      django,
      options: {},
      guard,
      handle: async () => ({ body: 'passed' }),
      fail: answerError,
    })
    onTestFinished(close)
    return url
  }

  test.each(Object.entries(cases))(
    '%s',
    async (_guard, { guard, passes, known, unknown, page }) => {
      const url = await serve(guard)
      for (const [who, cookie] of Object.entries(cookies)) {
        const isKnown = who !== 'nobody' && who !== 'gone'
        const status = passes.includes(who as Who) ? 200 : isKnown ? known : unknown
        const response = await fetch(url + target, { headers: { cookie }, redirect: 'manual' })
        const body = await response.text()
        expect([who, response.status, body === 'passed']).toEqual([who, status, status === 200])
        const location = status === 302 ? `${page}?${next}` : null
        expect([who, response.headers.get('location')]).toEqual([who, location])
        expect([who, response.headers.get('vary')]).toEqual([who, 'Cookie'])
      }
    },
  )

  test('a login page elsewhere is told the address that the visitor sees', async () => {
    const url = await serve(loginRequired({ loginUrl: 'https://id.example/in' }))
    const headers = { host: 'shop.example', 'x-forwarded-proto': 'https' }
    const { status, location } = await get(url, headers)
    expect(status).toBe(302)
    expect(location).toBe('https://id.example/in?next=https%3A//shop.example/orders%3Fpage%3D2')
  })

  test('nobody is sent anywhere from a host that is not ours', async () => {
    const url = await serve(loginRequired({ loginUrl: 'https://id.example/in' }))
    const { status, location } = await get(url, { host: 'evil.example' })
    expect(status).toBe(500)
    expect(location).toBeUndefined()
  })
})
