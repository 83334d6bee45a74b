import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { sharedStore } from '../../test/fixtures/watched-store.ts'
import { createDjango, type Django, type StandardSchema } from '../index.ts'
import { memoryStore } from '../stores/memory.ts'

const store = sharedStore(memoryStore({ allowProduction: true }))
const settings = { secretKey: 'secret' }
const plain = createDjango({ settings, store })

function checked(schema: StandardSchema): Django {
  return createDjango({ settings, store, schema })
}

async function stored(data: Record<string, unknown>): Promise<string> {
  const session = plain.sessions.get(null)
  session.update(data)
  await session.save({ force: true })
  return session.key ?? ''
}

async function read(key: string): Promise<Record<string, unknown>> {
  return (await plain.sessions.get(key).load()).data
}

const schemas: ReadonlyArray<readonly [string, StandardSchema]> = [
  [
    'zod',
    z.object({
      theme: z.enum(['dark', 'light']),
      visits: z.number().default(7),
      cart: z.object({ items: z.array(z.number()) }),
    }),
  ],
  [
    'valibot',
    v.object({
      theme: v.picklist(['dark', 'light']),
      visits: v.optional(v.number(), 7),
      cart: v.object({ items: v.array(v.number()) }),
    }),
  ],
]

describe.each(schemas)('a plain object schema of %s', (_name, schema) => {
  const django = checked(schema)

  test('accepts a new visitor, who has none of the keys', async () => {
    const session = await django.sessions.get(null).load()
    expect(session.get('theme')).toBe(null)
    expect(await session.save()).toBe(false)
  })

  test('keeps the keys that it strips, inside of values too, and never sees those with _', async () => {
    const data = {
      theme: 'dark',
      cart: { items: [1], extra: 1 },
      other: true,
      _auth_user_id: 5,
      visits: 1,
    }
    const key = await stored(data)
    const session = await django.sessions.get(key).load()
    expect(session.data).toEqual(data)
    session.data['theme'] = 'light'
    await session.save()
    expect(await read(key)).toEqual({ ...data, theme: 'light' })
  })

  test('names what does not fit, when loading', async () => {
    const key = await stored({ theme: 'pink', cart: { items: ['x'] } })
    const loading = django.sessions.get(key).load()
    await expect(loading).rejects.toMatchObject({ code: 'ERR_SESSION_DATA' })
    const error: unknown = await loading.catch((reason: unknown) => reason)
    const { issues, path } = error as { issues: unknown[]; path: unknown[] }
    expect(issues).toHaveLength(2)
    expect(path).toEqual(['theme'])
    expect(await read(key)).toEqual({ theme: 'pink', cart: { items: ['x'] } })
  })

  test('names what does not fit, when saving, and nothing is written', async () => {
    const key = await stored({ theme: 'dark' })
    const session = await django.sessions.get(key).load()
    session.data['cart'] = { items: ['x'] }
    await expect(session.save()).rejects.toMatchObject({ path: ['cart', 'items', 0] })
    expect(await read(key)).toEqual({ theme: 'dark' })
  })

  test('fills defaults in, which are stored only once they are changed', async () => {
    const cart = { items: [] }
    const key = await stored({ theme: 'dark', cart })
    const session = await django.sessions.get(key).load()
    expect(session.data['visits']).toBe(7)
    expect(await session.save()).toBe(false)
    session.data['theme'] = 'light'
    await session.save()
    expect(await read(key)).toEqual({ theme: 'light', cart })
    session.data['visits'] = 8
    await session.save()
    expect(await read(key)).toEqual({ theme: 'light', cart, visits: 8 })
  })
})

test.each([
  ['a transform', z.object({ a: z.string().transform((text) => text.length) })],
  ['a coercion', z.object({ a: z.coerce.number() })],
  ['a default inside of a value', z.object({ a: z.object({ b: z.number().default(1) }) })],
])('%s is refused, with the way to it', async (_name, schema) => {
  const key = await stored({ a: schema.shape.a instanceof z.ZodObject ? {} : '5' })
  const loading = checked(schema).sessions.get(key).load()
  await expect(loading).rejects.toMatchObject({ code: 'ERR_SESSION_DATA', path: ['a'] })
})

test('an asynchronous schema, or none of version 1, is refused at the start', () => {
  const schema = z.object({
    a: z
      .string()
      .default('x')
      .refine(async () => true),
  })
  expect(() => checked(schema)).toThrow(/schema: must be synchronous/)
  const odd = { '~standard': { version: 2 } } as never as StandardSchema
  expect(() => checked(odd)).toThrow(/version 1/)
})
