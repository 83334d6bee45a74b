/**
 * A world in which a history takes place: on Django alone, or on Django and this package in turns.
 *
 * Keys are random, so they are named in the order in which they are seen.
 *
 * @module
 */
import { readCookies } from './browser.ts'
import type { DjangoSide } from './django-side.ts'
import { type CookieForm, type History, secretsAt, type Side, type Step } from './history.ts'
import type { OurSide } from './our-side.ts'
import type { Action, Outcome, ResponseHeaders, Rows } from './seen.ts'

/** What was seen of a step: its outcome, and all rows after it. Keys are named. */
export interface Seen {
  readonly outcome: Outcome | null
  readonly rows: Rows
}

/** The two sides; null: Django does the part of ours, too. */
export interface Sides {
  readonly django: DjangoSide
  readonly us: OurSide | null
  readonly clock: { now: number }
}

/** Plays a history. Answers what was seen of each of its steps. */
export async function play(history: History, sides: Sides): Promise<readonly Seen[]> {
  const world = new World(history, sides)
  await world.start()
  const seen: Seen[] = []
  for (const step of history.steps) seen.push(await world.take(step))
  return seen
}

const salt = 'django.contrib.sessions.SessionStore'

interface OpenRequest {
  readonly side: Side
  readonly visitor: number
}

class World {
  readonly #history: History
  readonly #sides: Sides
  readonly #cookies = new Map<number, string>()
  readonly #requests = new Map<number, OpenRequest>()
  readonly #names = new Map<string, string>()
  #rows: Rows = { sessions: [], users: [] }
  #rotations = 0

  constructor(history: History, sides: Sides) {
    this.#history = history
    this.#sides = sides
  }

  async start(): Promise<void> {
    const { begin } = this.#history
    this.#sides.clock.now = begin
    const settings = this.#djangoSettings()
    await this.#django({ do: 'start', settings, now: begin })
  }

  #djangoSettings(): object {
    const { key, fallbacks } = secretsAt(this.#rotations)
    return { ...this.#history.settings, SECRET_KEY: key, SECRET_KEY_FALLBACKS: fallbacks }
  }

  async take(step: Step): Promise<Seen> {
    const outcome = await this.#carryOut(step)
    return { outcome: this.#named(outcome), rows: this.#namedRows() }
  }

  /** null where there is nothing to do. */
  #carryOut(step: Step): Promise<Outcome | null> | null {
    switch (step.do) {
      case 'open':
        return this.#open(step)
      case 'operate':
        return this.#operate(step)
      case 'close':
        return this.#close(step)
      case 'wait':
        return this.#wait(step.seconds)
      case 'clearExpired':
        return step.side === 'us' && this.#sides.us
          ? this.#ours(this.#sides.us.clearExpired())
          : this.#django({ do: 'clear_expired' })
      case 'end':
        return this.#end(step)
      case 'spoil':
        return this.#spoil(step)
      case 'forge':
        this.#cookies.set(step.visitor, step.cookie)
        return null
      case 'changePassword':
        return this.#django({ do: 'change_password', user: step.user, password: step.password })
      default:
        return this.#rotate()
    }
  }

  async #django(action: Action): Promise<Outcome> {
    const [outcome, rows] = await this.#sides.django.carryOut([action, { do: 'rows' }])
    this.#rows = (rows as { answer: Rows }).answer
    return outcome as Outcome
  }

  async #ours(acting: Promise<Outcome> | Outcome): Promise<Outcome> {
    const outcome = await acting
    const [rows] = await this.#sides.django.carryOut([{ do: 'rows' }])
    this.#rows = (rows as { answer: Rows }).answer
    return outcome
  }

  #isOurs(side: Side): OurSide | null {
    return side === 'us' ? this.#sides.us : null
  }

  #open(step: Step & { do: 'open' }): Promise<Outcome> {
    const { request, side, visitor, form } = step
    this.#requests.set(request, { side, visitor })
    const cookie = this.#header(visitor, form)
    const us = this.#isOurs(side)
    const opening = us
      ? Promise.resolve(us.open(request, cookie))
      : this.#django({ do: 'open', request, cookie })
    return opening.then(() => ({ answer: this.#cookies.get(visitor) ?? null }))
  }

  #header(visitor: number, form: CookieForm): string | null {
    const name = this.#cookieName
    const value = this.#cookies.get(visitor)
    if (value === undefined) return form === 'among others' ? 'other=1' : null
    if (form === 'among others') return `other=1; ${name}=${value}; more`
    if (form === 'twice') return `${name}=anotherkeyanotherkey; ${name}=${value}`
    return form === 'quoted' ? `${name}="${value}"` : `${name}=${value}`
  }

  get #cookieName(): string {
    return String(this.#history.settings['SESSION_COOKIE_NAME'] ?? 'sessionid')
  }

  #operate(step: Step & { do: 'operate' }): Promise<Outcome> | null {
    const { request, name } = step
    const open = this.#requests.get(request)
    if (!open) return null
    const given = this.#absolute(step.given)
    const us = this.#isOurs(open.side)
    if (us) return this.#ours(us.operate(request, { ...step, given }))
    return this.#django({ do: 'op', request, name, ...given })
  }

  /** A moment is so many seconds from now. */
  #absolute(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    if (given['kind'] !== 'moment') return given
    return { ...given, value: this.#sides.clock.now + Number(given['value']) }
  }

  async #close({ request, status }: Step & { do: 'close' }): Promise<Outcome | null> {
    const open = this.#requests.get(request)
    if (!open) return null
    this.#requests.delete(request)
    const us = this.#isOurs(open.side)
    const outcome = us
      ? await this.#ours(us.close(request, status))
      : await this.#django({ do: 'close', request, status })
    if ('answer' in outcome) this.#keepCookies(open.visitor, outcome.answer as ResponseHeaders)
    return outcome
  }

  #keepCookies(visitor: number, { cookies }: ResponseHeaders): void {
    for (const { name, value, isDeleted } of readCookies(cookies)) {
      if (name !== this.#cookieName) continue
      if (value !== '""') this.#nameOf(value)
      if (isDeleted) this.#cookies.delete(visitor)
      else this.#cookies.set(visitor, value)
    }
  }

  #wait(seconds: number): Promise<Outcome> {
    const { clock } = this.#sides
    clock.now = Math.round((clock.now + seconds) * 1000) / 1000
    return this.#django({ do: 'tick', now: clock.now })
  }

  #end({ visitor, side }: Step & { do: 'end' }): Promise<Outcome> | null {
    const key = this.#cookies.get(visitor)
    if (key === undefined) return null
    const us = this.#isOurs(side)
    return us ? this.#ours(us.end(key)) : this.#django({ do: 'end', key })
  }

  async #spoil({ visitor, how }: Step & { do: 'spoil' }): Promise<Outcome | null> {
    const key = this.#cookies.get(visitor)
    if (key === undefined) return null
    const text = how === 'no json' ? '{' : how === 'no object' ? '[1]' : '{"spoiled":true}'
    const secret = how === 'other secret' ? 'a secret of nobody' : secretsAt(this.#rotations).key
    const sign = { do: 'sign', text, key: secret, salt }
    const [signed] = await this.#sides.django.carryOut([sign])
    const payload = how === 'garbage' ? 'garbage' : (signed as { answer: string }).answer
    return this.#django({ do: 'spoil', key, payload })
  }

  #rotate(): Promise<Outcome> | null {
    if (this.#requests.size > 0) return null
    this.#rotations += 1
    this.#sides.us?.rotate(this.#rotations)
    return this.#django({ do: 'configure', settings: this.#djangoSettings() })
  }

  // Names for keys.

  #nameOf(key: string): string {
    const name = this.#names.get(key) ?? `key ${this.#names.size + 1}`
    this.#names.set(key, name)
    return name
  }

  #namedRows(): Rows {
    const unnamed = this.#rows.sessions.filter(([key]) => !this.#names.has(key))
    const inOrder = unnamed.toSorted((a, b) => compare(`${a[1]} ${a[2]}`, `${b[1]} ${b[2]}`))
    for (const [key] of inOrder) this.#nameOf(key)
    const sessions = this.#rows.sessions.map(
      ([key, text, expireDate]) => [this.#nameOf(key), this.#withNames(text), expireDate] as const,
    )
    return { ...this.#rows, sessions: sessions.toSorted(([a], [b]) => compare(a, b)) }
  }

  #named(outcome: Outcome | null): Outcome | null {
    if (outcome === null || 'error' in outcome) return outcome
    return JSON.parse(this.#withNames(JSON.stringify(outcome))) as Outcome
  }

  #withNames(text: string): string {
    return text.replaceAll(/[a-z0-9]{32}/g, (key) => this.#names.get(key) ?? key)
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
