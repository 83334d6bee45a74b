import { createDjango } from 'async-django'
import { csrf, getCsrfToken } from 'async-django/csrf'
import { addMessage, getMessages, type Message, messages } from 'async-django/messages'
import { memoryStore } from 'async-django/stores/memory'
import { describe, expectTypeOf, test } from 'vitest'

const options = {
  settings: { secretKey: 'secret' },
  store: memoryStore(),
  csrf: csrf(),
  messages: messages(),
}

interface Typed {
  session: { theme: 'dark' | 'light'; visits: number }
}

const typed = createDjango<Typed>(options)
const readOnly = createDjango<Typed>({ ...options, readOnly: true })

describe('tokens and messages', () => {
  test('take a session of any data, loaded or not', async () => {
    const lazy = typed.sessions.get(null)
    expectTypeOf(getCsrfToken(lazy)).resolves.toEqualTypeOf<string>()
    expectTypeOf(getCsrfToken(await lazy.load())).resolves.toEqualTypeOf<string>()
    expectTypeOf(await getMessages(lazy)).toExtend<Iterable<Message>>()
    addMessage(lazy, 20, 'Hello', { extraTags: null, safe: true })
    // @ts-expect-error - a request is not a session
    void getCsrfToken(new Request('http://localhost'))
  })

  test('of a server that only reads: tokens, but no messages', () => {
    const lazy = readOnly.sessions.get(null)
    expectTypeOf(getCsrfToken(lazy)).resolves.toEqualTypeOf<string>()
    // @ts-expect-error - messages that are shown are removed
    addMessage(lazy, 20, 'Hello')
  })
})
