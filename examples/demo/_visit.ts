/**
 * One visitor at all servers, who looks at each after every change.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'

import { Browser, type Page } from './_browser.ts'
import type { Results, Seen } from './_results.ts'

/** What `/session.json` of a server says. */
export interface Shown {
  readonly key: string | null
  readonly user: string | null
  readonly permissions: readonly string[]
  readonly expires: string | null
  readonly data: Readonly<Record<string, unknown>>
}

/** One visitor. */
export class Visit {
  readonly servers: Readonly<Record<string, string>>
  readonly results: Results
  readonly browser: Browser
  readonly #signal: AbortSignal

  constructor(servers: Readonly<Record<string, string>>, results: Results, signal: AbortSignal) {
    this.servers = servers
    this.results = results
    this.browser = new Browser(signal)
    this.#signal = signal
  }

  /** Another visitor, with no cookies. */
  another(): Visit {
    return new Visit(this.servers, this.results, this.#signal)
  }

  get names(): string[] {
    return Object.keys(this.servers)
  }

  get hasDjango(): boolean {
    return Object.hasOwn(this.servers, 'Django')
  }

  /** The server on the other side: Django for the others, and for Django the one after it. */
  counterpart(name: string): string {
    const { names } = this
    const [first = ''] = names
    return name === first ? (names[1] ?? '') : first
  }

  /** The address of something at a server. */
  url(name: string, path = '/'): string {
    return `${this.servers[name] ?? ''}${path}`
  }

  page(name: string): Promise<Page> {
    return this.browser.open(this.url(name))
  }

  async shown(name: string): Promise<Shown> {
    const { body } = await this.browser.open(this.url(name, '/session.json'))
    return JSON.parse(body) as Shown
  }

  /**
   * Sends a form from a server's page, as a person would.
   *
   * @throws Error where it is not answered by a way back to the page.
   */
  async press(name: string, action: string, fields: Record<string, string> = {}): Promise<Page> {
    const answer = await this.browser.submit(await this.page(name), action, fields)
    const isBack = answer.status === 302 && answer.headers.get('location') === '/'
    if (!isBack) throw new Error(`${action} was answered with ${answer.status}`)
    return answer
  }

  /**
   * Fills in the form of another page than the first, as a person would. It leads to the first page.
   *
   * @throws Error where it does not.
   */
  async fillIn(name: string, path: string, fields: Record<string, string>): Promise<void> {
    const form = await this.browser.open(this.url(name, path))
    const { status, headers } = await this.browser.submit(form, '', fields)
    const isBack = status === 302 && headers.get('location') === '/'
    if (!isBack) throw new Error(`${path} was answered with ${status}`)
  }

  /** One row: what a probe sees at each server. One that throws has seen something bad. */
  async row(check: string, probe: (name: string) => Promise<Seen>): Promise<void> {
    const cells: Record<string, Seen> = {}
    for (const name of this.names) {
      cells[name] = await probe(name).catch((error: unknown) => ({
        isGood: false,
        text: error instanceof Error ? error.message : String(error),
      }))
    }
    this.results.add(check, cells)
  }

  /** One row: a change at one server, and what every server shows of it. */
  async change(
    check: string,
    act: () => Promise<unknown>,
    judge: (shown: Shown) => Seen,
  ): Promise<void> {
    const acted = act()
    await this.row(check, async (name) => {
      await acted
      return judge(await this.shown(name))
    })
  }
}

/** Whether what was seen is what was expected. */
export function equal(seen: unknown, expected: unknown): Seen {
  const isGood = isDeepStrictEqual(seen, expected)
  const text = JSON.stringify(seen) ?? 'nothing'
  return { isGood, text: isGood ? text : `${text}, not ${JSON.stringify(expected)}` }
}

/** What the visitor put into the session; who is logged in is looked at by itself. */
export function ownData({ data }: Shown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).filter(([key]) => !key.startsWith('_auth_user_')))
}
