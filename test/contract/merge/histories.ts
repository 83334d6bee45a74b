/**
 * Random histories of two writers of one session.
 *
 * @module
 */
import * as fc from 'fast-check'

import { type Edit, type LazyEdit, messageOf, messageText, type Nested } from './edits.ts'
import { isContainer, textOf } from './values.ts'

/** How a writer's step ends. */
export type Finish =
  | { readonly kind: 'save' | 'force' | 'cycleKey' | 'flush' }
  | { readonly kind: 'saveTwice' | 'change'; readonly edits: readonly Edit[] }

/** What one writer does before the other comes to it. */
export interface Step {
  readonly who: 'we' | 'they'
  readonly edits: readonly Edit[]
  readonly finish: Finish
}

/** A key as Python left it; with `asFloat` its whole numbers stand as floats, `1.0`. */
export interface BaseKey {
  readonly key: string
  readonly value: unknown
  readonly asFloat: boolean
}

/** A session, and what two writers that both hold it do to it. They go first. */
export interface History {
  readonly base: readonly BaseKey[]
  /** Our writes from before our load, and whether we load before their first step or at our save. */
  readonly lazy: { readonly edits: readonly LazyEdit[]; readonly loadsFirst: boolean } | null
  readonly steps: readonly Step[]
}

/** The text of a base, as Python writes it. */
export function baseText(base: readonly BaseKey[]): string {
  const members = base.map(
    ({ key, value, asFloat }) => `${textOf(key)}:${pythonText(value, asFloat)}`,
  )
  return `{${members.join(',')}}`
}

function pythonText(value: unknown, asFloat: boolean): string {
  if (Array.isArray(value)) {
    return `[${value.map((member) => pythonText(member, asFloat)).join(',')}]`
  }
  if (isContainer(value)) {
    const members = Object.entries(value).map(
      ([key, member]) => `${textOf(key)}:${pythonText(member, asFloat)}`,
    )
    return `{${members.toReversed().join(',')}}`
  }
  const isWhole = typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1e15
  return asFloat && isWhole ? `${value}.0` : textOf(value)
}

type Weighted<T> = fc.WeightedArbitrary<T>

const anyKey = fc.constantFrom('cart', 'visits', 'é', '10', '2', '__proto__', 'constructor')

const scalar = fc.oneof(
  fc.integer({ min: -2, max: 3 }),
  fc.constantFrom(0.5, -1.25, 6.02214, 1e21, 2 ** 53),
  fc.constantFrom(2n ** 53n + 1n, -(2n ** 64n)),
  fc.constantFrom('', 'Grüße', '\u{1f36a} \ud800 \u007f "\\\n', '1.0'),
  fc.constantFrom(null, true, false),
)

const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 2, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    {
      weight: 1,
      arbitrary: fc
        .uniqueArray(fc.tuple(anyKey, tie('value')), { selector: ([name]) => name, maxLength: 3 })
        .map((entries) => Object.fromEntries(entries)),
    },
  ),
})).value

const container = value.filter(isContainer)
const message = fc.constantFrom('Saved.', 'Gelöscht.', 'Welcome "back"')
const user = fc.integer({ min: 1, max: 2 })
const token = fc.constantFrom('a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32))

const expiry = fc.oneof(
  fc.constantFrom(null, 0, 600, 86_400),
  fc.constantFrom(new Date('2099-01-02T03:04:05Z'), new Date('2098-07-06T05:04:03.210Z')),
  fc.constantFrom({ seconds: 3600 }, { seconds: 5400.5 }),
)

const nested: fc.Arbitrary<Nested> = fc.oneof(
  fc.record({ kind: fc.constant('put'), name: anyKey, value }),
  fc.record({ kind: fc.constant('remove'), at: fc.nat({ max: 1 }) }),
  fc.record({ kind: fc.constant('reverse') }),
)

const entries = fc.array(fc.tuple(anyKey, value), { minLength: 1, maxLength: 2 })
const clear: fc.Arbitrary<LazyEdit> = fc.record({ do: fc.constant('clear') })
const update: fc.Arbitrary<LazyEdit> = fc.record({ do: fc.constant('update'), entries })
const setExpiry: fc.Arbitrary<LazyEdit> = fc.record({ do: fc.constant('setExpiry'), expiry })

const setToken: fc.Arbitrary<LazyEdit> = fc.record({
  do: fc.constant('setToken'),
  token: fc.option<string>(token, { freq: 3 }),
})

const lazyLogin: fc.Arbitrary<LazyEdit> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('logIn'), user }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('logOut') }) },
)

const login: fc.Arbitrary<Edit> = fc.oneof<Array<Weighted<Edit>>>(
  { weight: 3, arbitrary: lazyLogin },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('changeHash'), hash: fc.constantFrom('h', 'i') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dropLogin') }) },
)

const removeMessages = {
  do: fc.constant('removeMessages' as const),
  from: fc.nat({ max: 1 }),
  count: fc.integer({ min: 1, max: 3 }),
}

const notMessages = fc.constantFrom('no list', 7, '{}', ['no text'])

const messages: fc.Arbitrary<Edit> = fc.oneof<Array<Weighted<Edit>>>(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('addMessage'), text: message }) },
  { weight: 6, arbitrary: fc.record(removeMessages) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('breakMessages'), value: notMessages }) },
)

const lazyKeyEdit = (key: fc.Arbitrary<string>): fc.Arbitrary<LazyEdit> =>
  fc.oneof<Array<Weighted<LazyEdit>>>(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('set'), key, value }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('delete'), key }) },
  )

const keyEdit = (key: fc.Arbitrary<string>): fc.Arbitrary<Edit> =>
  fc.oneof<Array<Weighted<Edit>>>(
    { weight: 10, arbitrary: lazyKeyEdit(key) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('setEqual'), key }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('setSame'), key }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('assign'), key, value }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('assign'), key, value: container }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('assignEqual'), key }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('drop'), key }) },
    {
      weight: 15,
      arbitrary: fc.record({
        do: fc.constant('nested'),
        key,
        depth: fc.nat({ max: 2 }),
        how: nested,
      }),
    },
  )

const lazyEdit = fc.oneof(lazyKeyEdit(anyKey), update, clear, setExpiry, setToken, lazyLogin)

const edit: fc.Arbitrary<Edit> = fc.oneof<Array<Weighted<Edit>>>(
  { weight: 25, arbitrary: keyEdit(anyKey) },
  { weight: 1, arbitrary: update },
  { weight: 1, arbitrary: clear },
  { weight: 3, arbitrary: setExpiry },
  { weight: 3, arbitrary: setToken },
  { weight: 5, arbitrary: login },
  { weight: 6, arbitrary: messages },
)

const edits = fc.array(edit, { minLength: 1, maxLength: 5 })

/** Up to five edits, of which some are about one thing, so that two writers meet there. */
const editsOn = (topic: fc.Arbitrary<Edit>): fc.Arbitrary<Edit[]> =>
  fc.array(fc.oneof({ weight: 2, arbitrary: topic }, { weight: 1, arbitrary: edit }), {
    minLength: 1,
    maxLength: 5,
  })

const cart = fc.constant('cart')

/** One deletes the cart, the other puts something into it. */
const cartDuel: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ do: fc.constant('drop'), key: cart }),
  fc.record({ do: fc.constant('nested'), key: cart, depth: fc.nat({ max: 2 }), how: nested }),
)

const topics = [edit, keyEdit(cart), cartDuel, login, lazyLogin, lazyLogin, setToken, messages]

const finish: fc.Arbitrary<Finish> = fc.oneof<Array<Weighted<Finish>>>(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('save') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('force') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('saveTwice'), edits }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('change'), edits }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('cycleKey') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush') }) },
)

const stepsOn = (topic: fc.Arbitrary<Edit>): fc.Arbitrary<Step[]> => {
  const first = fc.record({ who: fc.constant('they'), edits: editsOn(topic), finish })
  const second = fc.record({ who: fc.constant('we'), edits: editsOn(topic), finish })
  const other = fc.record({
    who: fc.constantFrom('we', 'they'),
    edits: fc.array(fc.oneof(topic, edit), { maxLength: 3 }),
    finish,
  })
  const rest = fc.array(other, { maxLength: 3 })
  return fc.tuple(first, second, rest).map(([they, we, more]) => [they, we, ...more])
}

const base: fc.Arbitrary<BaseKey[]> = fc
  .record({
    plain: fc.uniqueArray(
      fc.record({ key: anyKey, value: fc.oneof(value, container), asFloat: fc.boolean() }),
      { selector: ({ key }) => key, maxLength: 7 },
    ),
    cart: fc.option(container, { freq: 2 }),
    user: fc.option(user, { freq: 2 }),
    token: fc.option(token, { freq: 2 }),
    messages: fc.array(message, { maxLength: 3 }),
    expiry: fc.option(fc.constantFrom(0, 900), { freq: 2 }),
  })
  .map(({ plain, cart: inCart, ...special }) => [
    ...plain.filter(({ key }) => inCart === null || key !== 'cart'),
    ...(inCart === null ? [] : [{ key: 'cart', value: inCart, asFloat: false }]),
    ...specialKeys(special),
  ])

function specialKeys(special: {
  readonly user: number | null
  readonly token: string | null
  readonly messages: readonly string[]
  readonly expiry: number | null
}): BaseKey[] {
  const list = special.messages.map(messageOf)
  const values = {
    ...(special.user !== null && {
      _auth_user_id: String(special.user),
      _auth_user_backend: 'django.contrib.auth.backends.ModelBackend',
      _auth_user_hash: `hash of ${special.user}`,
    }),
    ...(special.token !== null && { _csrftoken: special.token }),
    ...(list.length > 0 && { _messages: messageText(list) }),
    ...(special.expiry !== null && { _session_expiry: special.expiry }),
  }
  return Object.entries(values).map(([key, text]) => ({ key, value: text, asFloat: false }))
}

const lazy = fc.record({
  edits: fc.array(lazyEdit, { minLength: 1, maxLength: 3 }),
  loadsFirst: fc.boolean(),
})

/** Histories: they write first, then we; then, in some, either of us again. */
export const history: fc.Arbitrary<History> = fc.record({
  base,
  lazy: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: lazy }),
  steps: fc.oneof(...topics.map(stepsOn)),
})
