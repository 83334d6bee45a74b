/**
 * Every adapter has tokens and messages, with no code of its own for them: a form is posted to a site
 * that each serves.
 *
 * @module
 */
import { createDjango, type Django } from 'async-django'
import { csrf, getCsrfToken } from 'async-django/csrf'
import { getMessages, messages, success } from 'async-django/messages'
import { memoryStore } from 'async-django/stores/memory'
import type { AdapterHandler, ServedSite } from 'async-django/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { adapters, serveBy } from '../adapters.ts'

function makeDjango(csrfUseSessions: boolean): Django {
  return createDjango({
    settings: { secretKey: 'a secret', allowedHosts: ['127.0.0.1'], csrfUseSessions },
    store: memoryStore(),
    csrf: csrf(),
    messages: messages(),
  })
}

/** Shows messages and a token, and leaves a message. */
const handle: AdapterHandler = async ({ session }) => {
  const shown = Array.from(await getMessages(session), ({ message }) => message)
  success(session, 'seen')
  return { body: JSON.stringify({ token: await getCsrfToken(session), shown }) }
}

/** What the error handling of each framework answers. */
function fail(error: unknown): { readonly status: number; readonly body: string } {
  return { status: Number(Reflect.get(Object(error), 'status')), body: String(error) }
}

interface Page {
  readonly status: number
  readonly text: string
  readonly cookie: string
}

interface Sending {
  readonly method?: string
  readonly cookie?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: BodyInit
}

async function send(url: string, sending: Sending = {}): Promise<Page> {
  const { cookie = '', headers, ...rest } = sending
  const response = await fetch(url, { ...rest, headers: { cookie, ...headers } })
  const set = response.headers.getSetCookie().map((header) => header.split(';', 1)[0] ?? '')
  return { status: response.status, text: await response.text(), cookie: set.join('; ') }
}

describe.each(Object.entries(adapters))('%s', (_, makeListener) => {
  describe.each([
    ['a cookie', false],
    ['the session', true],
  ])('with the secret in %s', (_where, csrfUseSessions) => {
    let site: ServedSite
    beforeAll(async () => {
      const django = makeDjango(csrfUseSessions)
      site = await serveBy(makeListener, { django, options: {}, guard: null, handle, fail })
    })
    afterAll(() => site?.close())

    test('a form comes through with its token, in each way', async () => {
      const { text, cookie } = await send(site.url)
      const { token } = JSON.parse(text) as { token: string }
      const form = new FormData()
      form.append('csrfmiddlewaretoken', token)
      form.append('file', new Blob(['x'.repeat(100_000)]), 'file.txt')
      const bodies: readonly Sending[] = [
        { body: new URLSearchParams({ csrfmiddlewaretoken: token }) },
        { body: form },
        { headers: { 'x-csrftoken': token } },
        { body: '{}', headers: { 'x-csrftoken': token, 'content-type': 'application/json' } },
      ]
      for (const body of bodies) {
        const page = await send(site.url, { method: 'POST', cookie, ...body })
        expect(page.status).toBe(200)
        expect(JSON.parse(page.text)).toMatchObject({ shown: ['seen'] })
      }
    })

    test('none comes through without', async () => {
      const { cookie } = await send(site.url)
      const refused = await send(site.url, { method: 'POST', cookie, body: new URLSearchParams() })
      expect(refused.status).toBe(403)
      expect(refused.text).toContain('CSRF token missing.')
    })
  })
})
