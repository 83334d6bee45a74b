import type { StandardSchemaV1 } from '@standard-schema/spec'
import { createDjango, type DjangoOptions, type StandardSchema } from 'async-django'
import { memoryStore } from 'async-django/stores/memory'
import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'

const options = { settings: { secretKey: 'secret' }, store: memoryStore() }

describe('a schema', () => {
  test('is any of the standard', () => {
    expectTypeOf<StandardSchemaV1>().toExtend<StandardSchema>()
    expectTypeOf(z.object({ visits: z.number() })).toExtend<StandardSchema>()
    expectTypeOf(v.object({ visits: v.number() })).toExtend<StandardSchema>()
    expectTypeOf<DjangoOptions['schema']>().toEqualTypeOf<StandardSchema | undefined>()
  })

  test('is an option', () => {
    createDjango({ ...options, schema: z.object({ visits: z.number() }) })
    createDjango({ ...options, schema: v.object({ visits: v.number() }) })
    // @ts-expect-error That is no schema.
    createDjango({ ...options, schema: { visits: 'number' } })
  })
})
