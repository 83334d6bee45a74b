/**
 * Makes a history out of a seed.
 *
 * @module
 */
import type { History, HistorySettings, Operation, Side, Spoiled, Step } from './history.ts'
import { Random } from './random.ts'

const visitors = [0, 1] as const
const users = ['ada', 'bob'] as const

/** Values in the words of Python's json, which JavaScript has as well. */
const sharedValues = [
  'null',
  'true',
  'false',
  '0',
  '-1',
  '1.5',
  '1e-07',
  '-0.0',
  'NaN',
  '-Infinity',
  '9007199254740993',
  '-123456789012345678901234567890',
  '""',
  '"text"',
  String.raw`"\u00e9\u007f\u2028"`,
  String.raw`"\ud83d\udc22"`,
  '[]',
  '{}',
  '[1,[2,{"a":null}]]',
  '{"b":1,"a":{"c":[]}}',
  '{"__proto__":{"x":1}}',
  `"${'long '.repeat(200)}"`,
]

const deep = 600

/** What only Python tells apart: floats that are whole; the order of keys that look like integers. */
const pythonValues = [
  ...sharedValues,
  '1.0',
  '[2.0,-3.0]',
  '1e+16',
  '{"10":1,"2":{"1":0,"0":0}}',
  `${'['.repeat(deep)}${']'.repeat(deep)}`,
]

const sharedKeys = ['a', 'b', 'cart', 'ключ', '__proto__', '']
const pythonKeys = [...sharedKeys, '10', '2']

const forgedCookies = [
  'nobodyhasthiskey0',
  'short',
  '',
  'x'.repeat(41),
  '\\"quoted\\"',
  'ÄÖÜäöüßéè',
]

const oneDay = 60 * 60 * 24

/**
 * The same seed makes the same history.
 *
 * @param isExact - Without payloads that are no object: Django raises a `TypeError` whenever such a
 *   session is used, which not even `djangoExact` does.
 */
export function generate(seed: number, isExact: boolean): History {
  const random = new Random(seed)
  return {
    settings: makeSettings(random, isExact),
    begin: Date.UTC(2026, 0, 1) / 1000 + random.below(365 * oneDay) + random.below(1000) / 1000,
    steps: new Steps(random, isExact).make(),
  }
}

function makeSettings(random: Random, isExact: boolean): HistorySettings {
  const maybe = (name: string, values: readonly unknown[]): object =>
    random.chance(0.15) ? { [name]: random.pick(values) } : {}
  return {
    USE_TZ: random.chance(0.7),
    TIME_ZONE: random.pick(['UTC', 'America/Chicago', 'Asia/Tokyo', 'Europe/Berlin']),
    ...maybe('SESSION_COOKIE_AGE', [60, 3600, oneDay * 400]),
    // Browsers refuse the latter over HTTP, and so do we.
    ...maybe('SESSION_COOKIE_NAME', ['sid', isExact ? '__Host-session' : 'session']),
    ...maybe('SESSION_COOKIE_DOMAIN', ['.example.com']),
    ...maybe('SESSION_COOKIE_PATH', ['/app/']),
    ...maybe('SESSION_COOKIE_SECURE', [true]),
    ...maybe('SESSION_COOKIE_HTTPONLY', [false]),
    ...maybe('SESSION_COOKIE_SAMESITE', ['Strict', 'lax', null]),
    ...maybe('SESSION_EXPIRE_AT_BROWSER_CLOSE', [true]),
    ...maybe('SESSION_SAVE_EVERY_REQUEST', [true]),
  }
}

/** A request that is open. */
interface Open {
  readonly request: number
  readonly side: Side
  /** No other is open meanwhile: then it is all the same when the session is read. */
  readonly isAlone: boolean
  left: number
}

class Steps {
  readonly #random: Random
  readonly #spoiled: readonly Spoiled[]
  readonly #steps: Step[] = []
  #requests = 0

  constructor(random: Random, isExact: boolean) {
    this.#random = random
    this.#spoiled = ['garbage', 'other secret', 'no json', isExact ? 'no json' : 'no object']
  }

  make(): readonly Step[] {
    const many = 2 + this.#random.below(7)
    for (let n = 0; n < many; n++) this.#scene()
    return this.#steps
  }

  #scene(): void {
    const random = this.#random
    if (random.chance(0.55)) return this.#requestsAtOnce(1)
    if (random.chance(0.5)) return this.#requestsAtOnce(2 + random.below(2))
    if (random.chance(0.7)) this.#steps.push(this.#event())
    else this.#scripted()
  }

  #scripted(): void {
    const one = this.#random.below(3)
    if (one === 0) this.#cartScene()
    else if (one === 1) this.#rotationScene()
    else this.#overlapScene()
  }

  /** A value with room inside, and requests in which it may be changed there. */
  #cartScene(): void {
    const visitor = this.#random.pick(visitors)
    const given = { key: 'cart', value: this.#random.pick(['[]', '{"n":[1]}']) }
    this.#request(visitor, { name: 'set', given })
    this.#request(visitor, { name: 'change_inside', given: { key: 'cart' } })
  }

  /** A login, and who it is once the secret is another one. */
  #rotationScene(): void {
    const visitor = this.#random.pick(visitors)
    this.#request(visitor, { name: 'login', given: { user: this.#random.pick(users) } })
    this.#steps.push({ do: 'rotate' })
    this.#request(visitor, { name: 'user', given: {} })
  }

  /** A request that has read the session before another one writes it. */
  #overlapScene(): void {
    const random = this.#random
    const visitor = random.pick(visitors)
    const set = (key: string): Pick<Operation, 'name' | 'given'> => ({
      name: 'set',
      given: { key, value: String(random.below(1000)) },
    })
    this.#request(visitor, set('b'))
    const { request, side } = this.#newRequest(false)
    const operate = (operation: Pick<Operation, 'name' | 'given'>): void => {
      this.#steps.push({ do: 'operate', request, ...operation, isLazy: false })
    }
    this.#steps.push({ do: 'open', request, side, visitor, form: 'plain' })
    operate({ name: 'items', given: {} })
    this.#request(visitor, set('a'))
    operate(random.pick([set('u'), { name: 'pop', given: { key: 'b' } }]))
    if (random.chance(0.5)) operate({ name: 'cycle_key', given: {} })
    this.#steps.push({ do: 'close', request, status: 200 })
  }

  #request(visitor: number, operation: Pick<Operation, 'name' | 'given'>): void {
    const { request, side } = this.#newRequest(true)
    this.#steps.push({ do: 'open', request, side, visitor, form: 'plain' })
    this.#steps.push({ do: 'operate', request, ...operation, isLazy: false })
    this.#steps.push({ do: 'close', request, status: 200 })
  }

  #event(): Step {
    const random = this.#random
    const visitor = random.pick(visitors)
    return random.pick<() => Step>([
      () => ({ do: 'wait', seconds: random.pick([1, 59.5, 61, 3600, oneDay, oneDay * 15]) }),
      () => ({ do: 'wait', seconds: random.pick([0.001, 1, 5, 11]) }),
      () => ({ do: 'clearExpired', side: this.#side() }),
      () => ({ do: 'end', visitor, side: this.#side() }),
      () => ({ do: 'spoil', visitor, how: random.pick(this.#spoiled) }),
      () => ({ do: 'forge', visitor, cookie: random.pick(forgedCookies) }),
      () => ({
        do: 'changePassword',
        user: random.pick(users),
        password: `md5$salt$${random.below(1000)}`,
      }),
      () => ({ do: 'rotate' }),
    ])()
  }

  #side(): Side {
    return this.#random.pick(['django', 'us'])
  }

  /** Requests of the same visitor, in most cases, whose steps take turns. */
  #requestsAtOnce(many: number): void {
    const random = this.#random
    const visitor = random.pick(visitors)
    const waiting = Array.from({ length: many }, () => this.#newRequest(many === 1))
    const open: Open[] = []
    while (waiting.length + open.length > 0) {
      const isToOpen = waiting.length > 0 && (open.length === 0 || random.chance(0.5))
      if (isToOpen) open.push(this.#open(waiting.pop() as Open, visitor))
      else this.#goOn(open)
      if (many > 1 && random.chance(0.05)) this.#steps.push({ do: 'wait', seconds: 1 })
    }
  }

  #newRequest(isAlone: boolean): Open {
    this.#requests += 1
    return { request: this.#requests, side: this.#side(), isAlone, left: this.#random.below(5) }
  }

  #open(one: Open, visitor: number): Open {
    const random = this.#random
    const { request, side } = one
    const isOther = random.chance(0.1)
    const form = random.chance(0.85)
      ? 'plain'
      : random.pick(['among others', 'twice', 'quoted'] as const)
    this.#steps.push({ do: 'open', request, side, visitor: isOther ? 1 - visitor : visitor, form })
    return one
  }

  #goOn(open: Open[]): void {
    const random = this.#random
    const one = random.pick(open)
    const { request } = one
    if (one.left > 0) {
      one.left -= 1
      this.#steps.push({ do: 'operate', request, ...this.#operation(one) })
      return
    }
    open.splice(open.indexOf(one), 1)
    const status = random.chance(0.85) ? 200 : random.pick([204, 302, 404, 500, 503])
    this.#steps.push({ do: 'close', request, status })
  }

  #operation({ side, isAlone }: Open): Operation {
    const random = this.#random
    const isLazy = random.chance(0.3) && isAlone
    const key = random.pick(side === 'us' ? sharedKeys : pythonKeys)
    const value = random.pick(side === 'us' ? sharedValues : pythonValues)
    const make = (name: string, given: object = {}): Operation => ({
      name,
      given: given as Operation['given'],
      isLazy,
    })
    const writing = (): Operation =>
      random.pick([
        () => make('set', { key, value }),
        () => make('set', { key, value }),
        () => make('pop', { key }),
        () => make('setdefault', { key, value }),
        () => make('update', { value: `{${JSON.stringify(key)}:${value},"u":1}` }),
        () => make('clear'),
        () => make('change_inside', { key }),
        () => make('set_modified'),
        () => make('set_expiry', this.#expiry()),
        () => make('set_test_cookie'),
      ])()
    const reading = (): Operation =>
      random.pick([
        () => make('get', { key }),
        () => make('has', { key }),
        () => make('items'),
        () => make('is_empty'),
        () => make('get_expiry_age'),
        () => make('get_expiry_date'),
        () => make('get_expire_at_browser_close'),
        () => make('test_cookie_worked'),
        () => make('user'),
      ])()
    const moving = (): Operation =>
      random.pick([
        () => make('save'),
        () => make('cycle_key'),
        () => make('flush'),
        () => make('login', { user: random.pick(users) }),
        () => make('login', { user: random.pick(users) }),
        () => make('logout'),
      ])()
    return random.pick([writing, writing, writing, reading, reading, moving])()
  }

  #expiry(): object {
    const random = this.#random
    const kind = random.pick(['plain', 'plain', 'length', 'moment'] as const)
    const lengths = [0, 10, -5, 3600, oneDay * 30]
    return { kind, value: random.pick(kind === 'plain' ? [null, 2.5, ...lengths] : lengths) }
  }
}
