import { afterEach, describe, expect, test, vi } from 'vitest'

import { FakeExchange } from '../../test/conformance/fake-exchange.ts'
import { watchStore } from '../../test/fixtures/watched-store.ts'
import { createDjango, type Django, type DjangoOptions } from '../django.ts'
import { prepareKey } from '../signing/salted-hmac.ts'
import type { DjangoSettings, MessageStorageName } from '../settings.ts'
import { memoryStore } from '../stores/memory.ts'
import * as kept from './messages.ts'
import { platform } from '#platform'

afterEach(() => vi.restoreAllMocks())

const path = 'django.contrib.messages.storage'
const inCookie: MessageStorageName = `${path}.cookie.CookieStorage`
const inSession: MessageStorageName = `${path}.session.SessionStorage`

function setUp(
  settings: Partial<DjangoSettings> = {},
  more: Partial<Omit<DjangoOptions, 'settings' | 'readOnly'>> = {},
): Django {
  return createDjango({
    store: memoryStore(),
    ...more,
    settings: { secretKey: 'a secret', ...settings },
    messages: kept.messages(),
  })
}

type Session = ReturnType<Django['sessions']['get']>

/** A visitor who brings back the cookies that are set. */
class Visitor {
  readonly cookies = new Map<string, string>()
  readonly #django: Django

  constructor(django: Django) {
    this.#django = django
  }

  exchange(): FakeExchange {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    return new FakeExchange({ headers: { cookie: cookie || null } })
  }

  /** One request. Answers the names of the cookies that are set. */
  async visit(handle: (session: Session) => unknown): Promise<string[]> {
    const exchange = this.exchange()
    const state = this.#django.begin(exchange)
    await handle(state.session)
    await state.commit()
    const set = (exchange.getHeader('set-cookie') ?? '').split(/, (?=\w+=)/).filter(Boolean)
    const pairs = set.map((header) => header.split(';', 1)[0]?.split('=', 2) as [string, string])
    for (const [name, value] of pairs) {
      if (value === '""') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return pairs.map(([name]) => name)
  }

  async shown(): Promise<string[]> {
    const texts: string[] = []
    await this.visit(async (session) => {
      for (const { message } of await kept.getMessages(session)) texts.push(message)
    })
    return texts
  }
}

describe.each<[string, MessageStorageName | undefined]>([
  ['the fallback', undefined],
  ['a cookie', inCookie],
  ['the session', inSession],
])('in %s', (_, messageStorage) => {
  const django = setUp(messageStorage === undefined ? {} : { messageStorage })

  test('messages are shown once, by the next request or this one', async () => {
    const visitor = new Visitor(django)
    await visitor.visit((session) => {
      kept.success(session, 'one')
      kept.warning(session, 'two')
    })
    await visitor.visit(async (session) => {
      kept.error(session, 'three')
      const messages = await kept.getMessages(session)
      expect(messages).toHaveLength(3)
      expect(Array.from(messages, ({ message }) => message)).toEqual(['one', 'two', 'three'])
      expect(messages.used).toBe(true)
    })
    expect(await visitor.shown()).toEqual([])
  })

  test('messages that nobody goes through are kept', async () => {
    const visitor = new Visitor(django)
    await visitor.visit((session) => kept.info(session, 'one'))
    await visitor.visit(async (session) => {
      expect(await kept.getMessages(session)).toHaveLength(1)
    })
    await visitor.visit((session) => kept.info(session, 'two'))
    expect(await visitor.shown()).toEqual(['one', 'two'])
  })

  test('messages can be shown and kept', async () => {
    const visitor = new Visitor(django)
    await visitor.visit((session) => kept.info(session, 'one'))
    await visitor.visit(async (session) => {
      const messages = await kept.getMessages(session)
      expect([...messages]).toHaveLength(1)
      messages.used = false
    })
    expect(await visitor.shown()).toEqual(['one'])
  })

  test('messages added after the others were shown are for the next page', async () => {
    const visitor = new Visitor(django)
    await visitor.visit((session) => kept.info(session, 'one'))
    await visitor.visit(async (session) => {
      expect([...(await kept.getMessages(session))]).toHaveLength(1)
      kept.info(session, 'two')
    })
    expect(await visitor.shown()).toEqual(['two'])
  })
})

test('a message has its level, its tags and whether it is HTML', async () => {
  const django = setUp({ messageTags: { 25: 'good', 26: 'better' } })
  await new Visitor(django).visit(async (session) => {
    kept.addMessage(session, 25, 'a')
    kept.addMessage(session, 26.9, 'b', { extraTags: 'x y' })
    kept.addMessage(session, 27, 'c', { extraTags: null, safe: true })
    kept.info(session, 'd', { extraTags: 'z' })
    expect([...(await kept.getMessages(session))]).toEqual([
      { level: 25, message: 'a', extraTags: '', safe: false, levelTag: 'good', tags: 'good' },
      {
        level: 26,
        message: 'b',
        extraTags: 'x y',
        safe: false,
        levelTag: 'better',
        tags: 'x y better',
      },
      { level: 27, message: 'c', extraTags: null, safe: true, levelTag: '', tags: '' },
      { level: 20, message: 'd', extraTags: 'z', safe: false, levelTag: 'info', tags: 'z info' },
    ])
  })
})

test('the level says what is kept', async () => {
  const django = setUp({ messageLevel: 30 })
  const visitor = new Visitor(django)
  await visitor.visit((session) => {
    expect(kept.getLevel(session)).toBe(30)
    kept.success(session, 'below')
    kept.warning(session, '')
    kept.setLevel(session, kept.messageLevels.debug)
    kept.debug(session, 'not below')
    kept.setLevel(session, null)
    kept.success(session, 'below')
  })
  expect(await visitor.shown()).toEqual(['not below'])
})

test('a request without messages costs nothing', async () => {
  const { store, calls } = watchStore(memoryStore())
  const visitor = new Visitor(setUp({ messageStorage: inSession }, { store }))
  visitor.cookies.set('sessionid', 'abcdefgh')
  expect(await visitor.visit(() => {})).toEqual([])
  expect(calls).toEqual([])
})

test('the session is not read for messages that are in the cookie', async () => {
  const { store, calls } = watchStore(memoryStore())
  const visitor = new Visitor(setUp({}, { store }))
  visitor.cookies.set('sessionid', 'abcdefgh')
  expect(await visitor.visit((session) => kept.info(session, 'one'))).toEqual(['messages'])
  expect(await visitor.shown()).toEqual(['one'])
  expect(calls).toEqual([])
})

test('what has no room in the cookie is in the session', async () => {
  const visitor = new Visitor(setUp())
  const texts = Array.from({ length: 12 }, () => platform.encodeHex(platform.randomBytes(200)))
  const set = await visitor.visit((session) => {
    for (const text of texts) kept.info(session, text)
  })
  expect(set).toEqual(['messages', 'sessionid'])
  expect(await visitor.shown()).toEqual(texts)
  expect(visitor.cookies.has('messages')).toBe(false)
})

test('messages for which there is no room anywhere are told', async () => {
  const warn = vi.spyOn(platform, 'warn').mockReturnValue()
  const django = setUp({ messageStorage: inCookie })
  let dropped = 0
  django.on('messages.dropped', ({ count }) => {
    dropped = count
  })
  const visitor = new Visitor(django)
  const texts = Array.from({ length: 12 }, () => platform.encodeHex(platform.randomBytes(200)))
  await visitor.visit((session) => {
    for (const text of texts) kept.info(session, text)
  })
  expect(dropped).toBeGreaterThan(0)
  expect(warn).toHaveBeenCalledWith('messages.dropped', expect.any(String))
  // The oldest go.
  expect(await visitor.shown()).toEqual(texts.slice(dropped))
})

test.each(['x', 'x:y:z', 'W10:1wXPfW:abc'])('a cookie of %j is removed', async (cookie) => {
  const visitor = new Visitor(setUp({ messageStorage: inCookie }))
  visitor.cookies.set('messages', cookie)
  expect(await visitor.shown()).toEqual([])
  expect(visitor.cookies.has('messages')).toBe(false)
})

test.each([
  'not JSON',
  '5',
  '{"a": 1}',
  '[1, "x", ["y"], ["__json_message"], ["__json_message", 0, "20", "x"], ["__json_message", 0, 20, 5]]',
  ['__json_message', 0, 20, 'x'],
])('a session with messages of %j holds none', async (value) => {
  const django = setUp({ messageStorage: inSession })
  const session = django.sessions.get(null)
  session.set('_messages', value)
  await session.save()
  const visitor = new Visitor(django)
  visitor.cookies.set('sessionid', String(session.key))
  expect(await visitor.shown()).toEqual([])
})

test('two requests at once lose no messages of the session', async () => {
  const django = setUp({ messageStorage: inSession })
  const visitor = new Visitor(django)
  await visitor.visit((session) => kept.info(session, 'one'))
  const states = [django.begin(visitor.exchange()), django.begin(visitor.exchange())] as const
  for (const [at, { session }] of states.entries()) {
    await kept.getMessages(session)
    kept.info(session, `from ${at}`)
  }
  for (const state of states) await state.commit()
  expect(await visitor.shown()).toEqual(['one', 'from 0', 'from 1'])
})

test('messages after the headers have left are an error, and are shown again', async () => {
  const django = setUp()
  const visitor = new Visitor(django)
  await visitor.visit((session) => kept.info(session, 'one'))
  const late = visitor.exchange()
  const state = django.begin(late)
  expect([...(await kept.getMessages(state.session))]).toHaveLength(1)
  late.headersSent = true
  await state.commit()
  expect(await visitor.shown()).toEqual(['one'])
  const later = visitor.exchange()
  const next = django.begin(later)
  kept.info(next.session, 'two')
  later.headersSent = true
  await expect(next.commit()).rejects.toMatchObject({ code: 'ERR_HEADERS_SENT' })
})

test('a process can hold the keys of messages without the secret', async () => {
  const keySalts = [
    'django.contrib.sessions.SessionStoresigner',
    'django.contrib.messagessignerdjango.http.cookies',
  ]
  const preparedKeys = new Map(keySalts.map((salt) => [salt, [prepareKey(salt, 'a secret')]]))
  const visitor = new Visitor(setUp())
  await visitor.visit((session) => kept.info(session, 'one'))
  const keyed = createDjango({
    settings: {},
    preparedKeys,
    store: memoryStore(),
    messages: kept.messages(),
  })
  const other = new Visitor(keyed)
  other.cookies.set('messages', String(visitor.cookies.get('messages')))
  expect(await other.shown()).toEqual(['one'])
})

test('what cannot work is refused at the start', () => {
  const refused = (setting: string): unknown =>
    expect.objectContaining({ code: 'ERR_IMPROPERLY_CONFIGURED', setting })
  const options = { settings: { secretKey: 'x' }, store: memoryStore(), messages: kept.messages() }
  expect(() => createDjango({ ...options, readOnly: true })).toThrow(refused('messages'))
  for (const messageStorage of ['', `${path}.cookie.Other`, `${path}.cookie.constructor`]) {
    const settings = { messageStorage: messageStorage as MessageStorageName }
    expect(() => setUp(settings)).toThrow(refused('messageStorage'))
  }
  expect(() => setUp({ messageTags: [] as never })).toThrow(refused('settings.messageTags'))
  expect(() => kept.info(setUp().sessions.get(null), 'x')).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }),
  )
})
