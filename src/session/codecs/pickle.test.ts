import { describe, expect, test } from 'vitest'

import * as jsonSource from '../../formats/json-source.ts'
import { createDjango, type Django } from '../../django.ts'
import { ImproperlyConfiguredError, SessionDataError } from '../../errors.ts'
import { frozenset, isFrozenset, isTuple, PythonValue, tuple } from '../../formats/pickle.ts'
import { UnserializableError } from '../../formats/python-json.ts'
import { memoryStore } from '../../stores/memory.ts'
import type { Codec } from '../codec.ts'
import { defaultLimits } from '../limits.ts'
import type { SessionStore } from '../store.ts'
import { pickleCodec } from './pickle.ts'

const codec: Codec = pickleCodec({ limits: defaultLimits, values: 'python' })
const { format } = codec
const editing = format.editing(jsonSource)
const key = 'k'.repeat(32)

/** A pickle, protocol 4, of a dict that these opcodes fill. */
const dict = (opcodes: string): string => `\u0080\u0004}(${opcodes}u.`
const text = (value: string): string => `\u008c${String.fromCharCode(value.length)}${value}`
const member = (name: string, opcodes: string): string => text(name) + opcodes

const tupleOfOne = member('tuple', 'K\u0001\u0085')
const mixedKeys = `K\u0001${text('int')}${text('1')}${text('text')}N${text('none')}\u0088${text('true')}`

function read(payload: string, by: Codec = codec): Record<string, unknown> {
  return by.format.parse(by.decode(payload)) as Record<string, unknown>
}

interface Site {
  readonly django: Django
  readonly store: SessionStore
}

/** Sessions that stand as pickles, in memory. */
function siteOf(payload: string, options: { readonly values?: 'python' } = {}): Site {
  const stores: SessionStore[] = []
  const django = createDjango({
    settings: { secretKey: 'secret' },
    store(context) {
      const store = {
        ...memoryStore()(context),
        codec: pickleCodec({ limits: context.limits, ...options }),
      }
      stores.push(store)
      return store
    },
  })
  const [store] = stores as [SessionStore]
  void store.create(key, { payload, expireDate: new Date(Date.now() + 1e6) })
  return { django, store }
}

async function payloadOf({ store }: Site): Promise<string> {
  return (await store.load(key))?.payload ?? ''
}

describe('in JavaScript', () => {
  test('a tuple is an array that is known for one', () => {
    const data = read(dict(tupleOfOne))
    expect(data).toStrictEqual({ tuple: [1] })
    expect(isTuple(data['tuple'] as unknown[])).toBe(true)
    expect(isTuple([1])).toBe(false)
  })

  test('a set is a Set, a frozenset one that is known for it, bytes are a Uint8Array', () => {
    const sets = `${member('s', '\u008f(K\u0001\u0090')}${member('f', '(K\u0002\u0091')}`
    const data = read(dict(`${sets}${member('b', 'C\u0002\0\u00ff')}`))
    expect(data).toStrictEqual({ s: new Set([1]), f: new Set([2]), b: Uint8Array.of(0, 255) })
    expect(isFrozenset(data['f'] as Set<unknown>)).toBe(true)
    expect(isFrozenset(data['s'] as Set<unknown>)).toBe(false)
  })

  test('a dict with a key that is no string is a Map, below the top', () => {
    const data = read(dict(member('d', `}(${mixedKeys}u`)))
    expect(data['d']).toStrictEqual(
      new Map<unknown, unknown>([
        [1, 'int'],
        ['1', 'text'],
        [null, 'none'],
        [true, 'true'],
      ]),
    )
  })

  test('at the top such keys have the names of JSON, and no two the same', () => {
    const data = read(dict(mixedKeys))
    expect(data).toStrictEqual({ 1: 'text', '\u00001': 'int', null: 'none', true: 'true' })
  })

  test('a key may be called like what all objects inherit', () => {
    const data = read(dict(member('__proto__', `}(${member('a', 'K\u0001')}u`)))
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype)
    expect(Object.getOwnPropertyDescriptor(data, '__proto__')?.value).toStrictEqual({ a: 1 })
    expect(editing.stringifyLike(data, '{}')).toBe('{"__proto__":{"a":1}}')
  })

  test('so may a key beside, or above, what JSON has no form for', () => {
    const inner = member('__proto__', `}(${member('a', 'K\u0001\u0085')}u`)
    const source = codec.decode(dict(`${member('n', `}(${inner}u`)}${inner}K\u0001N`))
    const data = format.parse(source) as Record<string, object>
    for (const object of [data, data['n'] ?? {}]) {
      expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
      const own = Object.getOwnPropertyDescriptor(object, '__proto__')
      expect(own?.value).toStrictEqual({ a: [1] })
    }
    expect(editing.stringifyLike(data, source)).toBe(source)
  })

  test('integers past 2^53 are bigint, and floats stay floats', () => {
    const payload = dict(
      `${member('i', '\u008a\u0008\u0001\0\0\0\0\0\u0020\0')}${member('f', 'G?\u00f0\0\0\0\0\0\0')}`,
    )
    expect(read(payload)).toStrictEqual({ i: 9007199254740993n, f: 1 })
    expect(codec.decode(payload)).toBe('{"i":9007199254740993,"f":1.0}')
  })
})

describe('what is stored', () => {
  test.each<readonly [string, unknown, string]>([
    ['a tuple', tuple([1, tuple([])]), '{"\\u0000tuple":[1,{"\\u0000tuple":[]}]}'],
    ['a set', new Set(['a', 1]), '{"\\u0000set":["a",1]}'],
    ['a frozenset', frozenset(new Set([null])), '{"\\u0000frozenset":[null]}'],
    ['bytes', Uint8Array.of(0, 255), '{"\\u0000bytes":"AP8="}'],
    ['bytes of Node', Buffer.from('a'), '{"\\u0000bytes":"YQ=="}'],
    ['a Map', new Map([[1, 'a']]), '{"\\u0000dict":[[1,"a"]]}'],
    ['a key that begins with NUL', { '\0a': 1 }, '{"\\u0000dict":[["\\u0000a",1]]}'],
    ['a Decimal', new PythonValue('decimal', '1.50'), '{"\\u0000decimal":"1.50"}'],
  ])('%s', (_name, value, source) => {
    const written = format.stringify(value)
    expect(written).toBe(source)
    expect(format.stringify(format.parse(written))).toBe(source)
    const whole = `{"a":${source}}`
    expect(codec.decode(codec.encode(whole))).toBe(whole)
  })

  test('a tuple stays one wherever it is put, and a new array is a list', () => {
    const before = '{"a":[{"\\u0000tuple":[1]},[2]]}'
    const data = format.parse(before) as { a: unknown[] }
    data.a.shift()
    expect(editing.stringifyLike(data, before)).toBe('{"a":[[2]]}')
    const other = format.parse(before) as { a: unknown[]; b?: unknown }
    other.b = other.a.shift()
    expect(editing.stringifyLike(other, before)).toBe('{"a":[[2]],"b":{"\\u0000tuple":[1]}}')
  })

  test('a key of the top keeps its type when its value changes', () => {
    const before = codec.decode(dict(mixedKeys))
    const data = format.parse(before) as Record<string, unknown>
    data['\u00001'] = 'changed'
    delete data['null']
    const after = editing.stringifyLike(data, before)
    expect(after).toBe(String.raw`{"\u00001":"changed","1":"text","\u0000true":"true"}`)
  })

  test('a new key of the top that begins with NUL is text', () => {
    const written = editing.stringifyLike({ '\u00001': 'a' }, '{}')
    expect(read(codec.encode(written))).toStrictEqual({ '\u00001': 'a' })
    expect(written).toBe(String.raw`{"\u0000\"\\u00001\"":"a"}`)
  })

  test('of a float only the change is another number', () => {
    const before = '{"m":{"\\u0000dict":[[1.0,2.0],["a",3.0]]}}'
    const data = format.parse(before) as { m: Map<unknown, unknown> }
    data.m.set('a', 4)
    expect(editing.stringifyLike(data, before)).toBe('{"m":{"\\u0000dict":[[1.0,2.0],["a",4]]}}')
  })
})

test.each<readonly [string, unknown, PropertyKey[], RegExp]>([
  ['a function in a Map', new Map([['k', [1, () => 1]]]), ['k', 1], /a function/],
  ['a Date in a Set of tuples', tuple([1, new Date()]), [1], /an instance of Date/],
  ['an array as a key', new Map([[[1], 1]]), [], /tuple\(\)/],
  ['an object in a set', new Set([{}]), [], /must be text/],
  [
    '1 and true as keys',
    new Map<unknown, number>([
      [1, 1],
      [true, 2],
    ]),
    [],
    /same in Python/,
  ],
  ['1 and 1n in a set', new Set<unknown>([1, 1n]), [], /same in Python/],
  ['undefined in a tuple', tuple([undefined]), [0], /undefined/],
  ['a symbol as a key', new Map([[Symbol('s'), 1]]), [], /must be text/],
  ['an instance that holds a Map', Object.assign(new (class X {})(), { m: new Map() }), [], /X/],
])('%s is refused, with the way to it', (_name, value, path, problem) => {
  let error: unknown
  try {
    editing.stringifyLike({ a: { b: value } }, '{}')
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(UnserializableError)
  expect((error as UnserializableError).path).toStrictEqual(['a', 'b', ...path])
  expect((error as UnserializableError).problem).toMatch(problem)
})

test('a value that is not turned on is refused when it is stored, too', () => {
  const plain = pickleCodec({ limits: defaultLimits, values: ['uuid'] })
  const uuid = new PythonValue('uuid', '00000000-0000-0000-0000-000000000001')
  expect(plain.format.stringify(uuid)).toContain('uuid')
  expect(() => plain.format.stringify(new PythonValue('decimal', '1'))).toThrow(/decimal/)
})

test.each([
  ['datetime', '2031-01-02T03:04:05.678901+00:00'],
  ['datetime', '2031-10-26T02:30:00[Europe/Berlin] fold=1'],
  ['date', '2024-02-29'],
  ['time', '23:59:59-00:00:01.000001'],
  ['timedelta', '-P1DT00H00M00.000001S'],
  ['decimal', '-1E-7'],
  ['uuid', '12345678-1234-5678-1234-567812345678'],
  ['safestring', '<b>\ud800'],
] as const)('a %s is written and read: %s', (kind, value) => {
  const data = { a: new PythonValue(kind, value) }
  expect(read(codec.encode(format.stringify(data)))).toStrictEqual(data)
  expect(JSON.stringify(data)).toBe(JSON.stringify({ a: value }))
  expect(data.a.toString()).toBe(value)
})

test.each([
  ['datetime', '2031-01-02'],
  ['datetime', '2031-13-02T00:00:00'],
  ['datetime', '0000-01-02T00:00:00'],
  ['date', '2023-02-29'],
  ['time', '24:00:00'],
  ['time', '00:00:00+24:00'],
  ['timedelta', 'P1D'],
  ['decimal', '1,5'],
  ['uuid', '12345678123456781234567812345678'],
  ['complex', '1j'],
] as const)('there is no %s %s', (kind, value) => {
  expect(() => new PythonValue(kind as 'date', value)).toThrow(TypeError)
})

test('there are no values of another kind to turn on', () => {
  const values = ['complex'] as unknown as ['uuid']
  expect(() => pickleCodec({ limits: defaultLimits, values })).toThrow(ImproperlyConfiguredError)
})

describe('a session', () => {
  test('whose pickle nobody changed is not written, and one that was keeps the rest', async () => {
    const payload = dict(`${tupleOfOne}${member('f', 'G?\u00f0\0\0\0\0\0\0')}${mixedKeys}`)
    const site = siteOf(payload)
    const session = await site.django.sessions.get(key).load()
    expect(session.data['tuple']).toStrictEqual([1])
    expect(await session.save()).toBe(false)
    session.data['ours'] = new Set(['a'])
    expect(await session.save()).toBe(true)
    const before = codec.decode(payload)
    const after = codec.decode(await payloadOf(site))
    expect(after).toBe(`${before.slice(0, -1)},"ours":{"\\u0000set":["a"]}}`)
  })

  test('sees changes inside of a Set, a Map, a tuple and bytes', async () => {
    const site = siteOf(
      codec.encode(
        format.stringify({
          set: new Set([1]),
          map: new Map([[1, 'a']]),
          tuple: tuple([[1]]),
          bytes: Uint8Array.of(1),
        }),
      ),
    )
    const session = await site.django.sessions.get(key).load()
    const changes: Readonly<Record<string, (value: never) => unknown>> = {
      set: (value: Set<unknown>) => value.add(2),
      map: (value: Map<unknown, unknown>) => value.set(2, 'b'),
      tuple: (value: unknown[][]) => value[0]?.push(2),
      bytes: (value: Uint8Array) => value.fill(2),
    }
    for (const [name, change] of Object.entries(changes)) {
      change(session.data[name] as never)
      expect(await session.save()).toBe(true)
      expect(await session.save()).toBe(false)
    }
    expect(read(await payloadOf(site))).toStrictEqual({
      set: new Set([1, 2]),
      map: new Map<unknown, unknown>([
        [1, 'a'],
        [2, 'b'],
      ]),
      tuple: [[1, 2]],
      bytes: Uint8Array.of(2),
    })
  })

  test('takes in what another one wrote beside it', async () => {
    const site = siteOf(dict(`${tupleOfOne}K\u0001${text('int')}`))
    const [one, other] = await Promise.all([
      site.django.sessions.get(key).load(),
      site.django.sessions.get(key).load(),
    ])
    one.data['set'] = new Set([1])
    other.data['1'] = 'changed'
    await one.save()
    await other.save()
    expect(other.data).toStrictEqual({ tuple: [1], set: new Set([1]), 1: 'changed' })
    expect(codec.decode(await payloadOf(site))).toBe(
      String.raw`{"tuple":{"\u0000tuple":[1]},"\u00001":"changed","set":{"\u0000set":[1]}}`,
    )
  })

  test('ends when the date says that Django kept as such, and keeps it', async () => {
    const value = new PythonValue('datetime', '2099-01-02T03:04:05+00:00')
    const payload = codec.encode(format.stringify({ _session_expiry: value }))
    const site = siteOf(payload, { values: 'python' })
    const session = await site.django.sessions.get(key).load()
    expect(session.getExpiryDate().toISOString()).toBe('2099-01-02T03:04:05.000Z')
    session.set('a', 1)
    await session.save()
    const after = codec.decode(await payloadOf(site))
    expect(after).toBe(
      String.raw`{"_session_expiry":{"\u0000datetime":"2099-01-02T03:04:05+00:00"},"a":1}`,
    )
  })

  test('with a value that cannot be stored tells where it is', async () => {
    const session = await siteOf(dict('')).django.sessions.get(key).load()
    session.data['map'] = new Map([['cart', new Date()]])
    await expect(session.save()).rejects.toThrow(SessionDataError)
    await expect(session.save()).rejects.toMatchObject({ path: ['map', 'cart'] })
  })

  test('that holds what is not turned on cannot be read', async () => {
    const { django } = siteOf(
      codec.encode(format.stringify({ d: new PythonValue('decimal', '1') })),
    )
    const reasons: string[] = []
    django.on('session.corrupt', ({ reason }) => reasons.push(reason))
    expect((await django.sessions.get(key).load()).data).toStrictEqual({})
    expect(reasons).toStrictEqual(['unsafePickle'])
  })
})
