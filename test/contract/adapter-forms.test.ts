/**
 * Forms, at every adapter: Django's token is found in a body that nobody has read, and a request
 * without it goes to the application's error handling.
 *
 * @module
 */
import { createDjango } from 'async-django'
import { csrf, getCsrfToken } from 'async-django/csrf'
import { memoryStore } from 'async-django/stores/memory'
import type { AdapterAnswer } from 'async-django/testing'
import { describe, expect, onTestFinished, test } from 'vitest'

import { adapters, serveBy } from '../adapters.ts'

interface Served {
  readonly url: string
  readonly errors: unknown[]
  readonly cookie: string
  readonly token: string
}

describe.each(Object.entries(adapters))('%s', (_name, makeListener) => {
  async function serve(): Promise<Served> {
    const settings = { secretKey: 'secret' }
    const django = createDjango({ settings, store: memoryStore(), csrf: csrf() })
    const errors: unknown[] = []
    const { url, close } = await serveBy(makeListener, {
      django,
      options: {},
      guard: null,
      handle: async ({ session }) => ({ body: await getCsrfToken(session) }),
      fail: (error): AdapterAnswer => {
        errors.push(Reflect.get(Object(error), 'code'))
        return { status: Number(Reflect.get(Object(error), 'status')), body: 'failed' }
      },
    })
    onTestFinished(close)
    const page = await fetch(url)
    const [cookie = ''] = page.headers.getSetCookie()
    return { url, errors, cookie: cookie.split(';')[0] ?? '', token: await page.text() }
  }

  async function post({ url, cookie }: Served, body: URLSearchParams | FormData): Promise<number> {
    const headers = { cookie, origin: url }
    const response = await fetch(url, { method: 'POST', headers, body })
    await response.text()
    return response.status
  }

  const forms = {
    urlencoded: (token: string) => new URLSearchParams({ a: 'b', csrfmiddlewaretoken: token }),
    multipart: (token: string) => {
      const form = new FormData()
      form.set('csrfmiddlewaretoken', token)
      return form
    },
  }

  test.each(Object.entries(forms))('takes a form with its token, %s', async (_kind, make) => {
    const served = await serve()
    expect(await post(served, make(served.token))).toBe(200)
    expect(served.errors).toEqual([])
  })

  test.each(Object.entries(forms))('refuses another, %s', async (_kind, make) => {
    const served = await serve()
    expect(await post(served, make('x'.repeat(64)))).toBe(403)
    expect(served.errors).toEqual(['ERR_CSRF'])
  })
})
