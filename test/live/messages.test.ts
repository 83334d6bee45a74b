/**
 * Real Django and this package, over HTTP and one database: messages that one side leaves, and the
 * other shows.
 *
 * @module
 */
import { expect, test } from 'vitest'

import {
  describeWebSites,
  type NewMessage,
  Visitor,
  type WebSite,
  type WebSites,
} from './_web-site.ts'

const storage = 'django.contrib.messages.storage' as const

const levels = new Map([
  [10, 'debug'],
  [20, 'info'],
  [25, 'success'],
  [30, 'warning'],
  [40, 'error'],
])

function message(text: string, more: Partial<NewMessage> = {}): NewMessage {
  return { level: 20, message: text, extraTags: '', safe: false, ...more }
}

/** What is read back of a message that was added. */
function shown(added: NewMessage): object {
  const levelTag = levels.get(added.level) ?? ''
  const tags = [added.extraTags, levelTag].filter(Boolean).join(' ')
  return { ...added, levelTag, tags }
}

const lists: Readonly<Record<string, readonly NewMessage[]>> = {
  'of all levels': [25, 30, 40, 20, 21].map((level) => message(`level ${level}`, { level })),
  'with tags': [
    message('some', { extraTags: 'a b' }),
    message('none', { extraTags: null }),
    message('empty'),
  ],
  'of HTML': [message('<b>x</b>', { safe: true }), message('<b>x</b>')],
  'of any characters': [message('caf\u00e9 \u4e2d \u{1f600} \u2028 \u007f'), message('"\\;,\n\t$')],
  'that compress well': [message('the same text '.repeat(200))],
}

await describeWebSites(
  {
    FallbackStorage: {},
    CookieStorage: { messageStorage: `${storage}.cookie.CookieStorage` },
    SessionStorage: { messageStorage: `${storage}.session.SessionStorage` },
  },
  ({ messageStorage }, sites) => {
    testWay('added by theirs, shown by ours', () => [sites().theirs, sites().ours])
    testWay('added by ours, shown by theirs', () => [sites().ours, sites().theirs])
    testBoth(sites)
    if (!messageStorage?.endsWith('SessionStorage')) testTampering(sites)
  },
)

function testWay(name: string, pick: () => readonly [from: WebSite, to: WebSite]): void {
  test.each(Object.entries(lists))(`${name}: messages %s`, async (_, list) => {
    const [from, to] = pick()
    const visitor = new Visitor()
    await visitor.add(from, list)
    expect(await visitor.shownBy(to)).toEqual(list.map(shown))
    expect(await visitor.shownBy(to)).toEqual([])
    expect(await visitor.shownBy(from)).toEqual([])
  })

  test(`${name}: those below the level are not kept`, async () => {
    const [from, to] = pick()
    const visitor = new Visitor()
    await visitor.add(from, [message('kept'), message('not kept', { level: 10 }), message('')])
    expect(await visitor.shownBy(to)).toEqual([shown(message('kept'))])
  })
}

/** Text that does not compress. */
function noise(seed: number, length: number): string {
  let state = seed
  let text = ''
  while (text.length < length) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    text += String.fromCharCode(97 + ((state >> 16) % 26))
  }
  return text
}

function testBoth(sites: () => WebSites): void {
  test('each adds to what the other left', async () => {
    const { ours, theirs } = sites()
    for (const last of [ours, theirs]) {
      const visitor = new Visitor()
      const list = [1, 2, 3, 4].map((number) => message(`number ${number}`))
      for (const [at, one] of list.entries()) await visitor.add(at % 2 ? ours : theirs, [one])
      expect(await visitor.shownBy(last)).toEqual(list.map(shown))
    }
  })

  test('what has no room in a cookie', async () => {
    const { ours, theirs } = sites()
    const list = Array.from({ length: 9 }, (_, seed) => message(noise(seed, 400)))
    const answers = []
    for (const [from, to] of [
      [theirs, ours],
      [ours, theirs],
      [theirs, theirs],
    ] as const) {
      const visitor = new Visitor()
      await visitor.add(from, list)
      answers.push(await visitor.shownBy(to))
      expect(await visitor.shownBy(from)).toEqual([])
    }
    const [first, second, expected] = answers
    expect(expected?.length).toBeGreaterThan(2)
    expect(first).toEqual(expected)
    expect(second).toEqual(expected)
  })
}

function testTampering(sites: () => WebSites): void {
  test('a cookie that was tampered with holds no messages, for neither', async () => {
    const { ours, theirs } = sites()
    for (const [maker, reader] of [
      [theirs, ours],
      [ours, theirs],
    ] as const) {
      const visitor = new Visitor()
      await visitor.add(maker, [message('x')])
      const cookie = String(await visitor.cookie(maker, 'messages'))
      const other = cookie.endsWith('A') ? 'B' : 'A'
      await visitor.setCookie(maker, 'messages', cookie.slice(0, -1) + other)
      expect(await visitor.shownBy(reader)).toEqual([])
      await visitor.setCookie(maker, 'messages', cookie)
      expect(await visitor.shownBy(reader)).toEqual([shown(message('x'))])
    }
  })
}
