/**
 * Messages in a signed cookie. Mirrors `django.contrib.messages.storage.cookie.CookieStorage`.
 *
 * @module
 */
import { BadSignatureError, HeadersSentError, PayloadError } from '../errors.ts'
import { TimestampSigner } from '../signing/timestamp-signer.ts'
import { readCookie } from './cookies.ts'
import { formatCookie, formatCookieDeletion, quoteCookieValue } from './response-headers.ts'
import { formatMessage, readMessage, type StoredMessage } from './messages-format.ts'
import type { MessageBox, Retrieved, StoreOptions } from './messages-storage.ts'
import type { PartHost, Visit } from './part.ts'

const cookieName = 'messages'
const salt = 'django.contrib.messages'
/** The prefix of a cookie signer's secrets is the end of its salt as well: both are digested in a row. */
const keySalt = `${salt}signerdjango.http.cookies`
const maxCookieSize = 2048
const notFinished = '__messagesnotfinished__'

/** The signer of the messages' cookies. */
export function messageSigner({ keyring, now }: PartHost): TimestampSigner {
  return new TimestampSigner({ salt, preparedKeys: keyring.keys(keySalt), now })
}

/** The cookie of one visitor. */
export class CookieBox implements MessageBox {
  readonly #host: PartHost
  readonly #visit: Visit
  readonly #signer: TimestampSigner

  constructor(host: PartHost, visit: Visit, signer: TimestampSigner) {
    this.#host = host
    this.#visit = visit
    this.#signer = signer
  }

  load(): Promise<Retrieved> {
    const cookie = readCookie(this.#visit.exchange.header('cookie'), cookieName)?.value
    if (!cookie) return Promise.resolve({ messages: null, isComplete: true, isUnreadable: false })
    const list = this.#decode(cookie)
    const isComplete = list?.at(-1) !== notFinished
    const messages = list?.map(readMessage).filter((message) => message !== null) ?? null
    return Promise.resolve({ messages, isComplete, isUnreadable: list === null })
  }

  #decode(cookie: string): readonly unknown[] | null {
    try {
      const value = this.#signer.unsignObject(cookie)
      return Array.isArray(value) ? value : null
    } catch (error) {
      if (error instanceof BadSignatureError || error instanceof PayloadError) return null
      throw error
    }
  }

  store(
    messages: readonly StoredMessage[],
    { dropsOldest }: StoreOptions,
  ): readonly StoredMessage[] {
    if (messages.length === 0) {
      this.#deleteCookie()
      return []
    }
    const parts = messages.map((message) => formatMessage(message, ','))
    const whole = this.#encode(parts)
    if (!isTooLarge(whole)) {
      this.#setCookie(whole)
      return []
    }
    const isUnfit = (some: readonly string[]): boolean => isTooLarge(this.#encodePart(some))
    const search = this.#host.settings.release.series === '4.2' ? searchOneByOne : searchByHalves
    const cut = search(parts, dropsOldest, isUnfit)
    this.#setCookie(this.#encodePart(dropsOldest ? parts.slice(cut) : parts.slice(0, cut)))
    return dropsOldest ? messages.slice(0, cut) : messages.slice(cut)
  }

  #encode(parts: readonly string[]): string {
    return this.#signer.signJson(`[${parts.join(',')}]`, { compress: true })
  }

  #encodePart(parts: readonly string[]): string {
    return this.#encode([...parts, `"${notFinished}"`])
  }

  #setCookie(value: string): void {
    const { now, settings } = this.#host
    const { exchange } = this.#visit
    if (exchange.headersSent) throw new HeadersSentError('A message')
    const attributes = {
      maxAge: null,
      domain: settings.sessionCookieDomain,
      path: '/',
      secure: settings.sessionCookieSecure,
      httpOnly: settings.sessionCookieHttponly,
      sameSite: settings.sessionCookieSamesite,
    }
    exchange.appendHeader('set-cookie', formatCookie(cookieName, value, attributes, now()))
  }

  #deleteCookie(): void {
    const { sessionCookieDomain: domain, sessionCookieSamesite: sameSite } = this.#host.settings
    const { exchange } = this.#visit
    // Shown messages come once more, which is better than an error after them.
    if (exchange.headersSent) return
    exchange.appendHeader(
      'set-cookie',
      formatCookieDeletion(cookieName, { domain, path: '/', sameSite }),
    )
  }
}

function isTooLarge(value: string): boolean {
  return quoteCookieValue(value).length > maxCookieSize
}

/** Where a list is cut in two: one side is kept, the other has no room. */
type Search = (
  parts: readonly string[],
  dropsOldest: boolean,
  isUnfit: (some: readonly string[]) => boolean,
) => number

/** As in 4.2: one message less, until the rest has room. */
const searchOneByOne: Search = (parts, dropsOldest, isUnfit) => {
  let dropped = 1
  const rest = (): readonly string[] =>
    dropsOldest ? parts.slice(dropped) : parts.slice(0, parts.length - dropped)
  while (dropped < parts.length && isUnfit(rest())) dropped++
  return dropsOldest ? dropped : parts.length - dropped
}

/** As from 5.0 on: mirrors `bisect_keep_left` and `bisect_keep_right`. */
const searchByHalves: Search = (parts, dropsOldest, isUnfit) => {
  let low = 0
  let high = parts.length
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const isBefore = dropsOldest
      ? isUnfit(parts.slice(middle))
      : !isUnfit(parts.slice(0, middle + 1))
    if (isBefore) low = middle + 1
    else high = middle
  }
  return low
}
