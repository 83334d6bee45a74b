import { describe, expect, test } from 'vitest'

import type { Codec } from '../session/codec.ts'
import { defaultLimits } from '../session/limits.ts'
import type { KeyedUpdate, SessionStore } from '../session/store.ts'
import { readRelease, resolveSettings } from '../settings.ts'
import { postgresStore } from './postgres.ts'

const expireDate = new Date('2031-07-01T12:00:00Z')
const stored = { payload: 'old', expireDate }
const updates: readonly KeyedUpdate[] = ['first', 'second'].map((key) => ({
  key,
  next: { payload: 'new', expireDate },
  previous: stored,
}))

/** A store whose server fails, and how often that was asked. */
function failing(code: string | undefined): { store: SessionStore; asked(): number } {
  let asked = 0
  const factory = postgresStore({
    query(_query, done) {
      asked += 1
      done(Object.assign(new Error('of the driver'), code && { code }), { rows: [], rowCount: 0 })
    },
  })
  const store = factory({
    settings: resolveSettings({}, readRelease('5.2')),
    codecs: { signed: () => ({}) as Codec, legacy: () => ({}) as Codec },
    limits: defaultLimits,
    now: () => new Date(),
  })
  return { store, asked: () => asked }
}

describe('several updates as one, which fail', () => {
  test.each([
    ['serialization', '40001'],
    ['deadlock', '40P01'],
    ['a text that cannot be', '22021'],
    ['a constraint', '23514'],
    ['a trigger', 'P0001'],
    ['a lock of the table', '55P03'],
    ['no table', '42P01'],
  ])('leave all alone, once, where nothing can have been written: %s', async (_name, code) => {
    const { store, asked } = failing(code)
    expect(await store.updateMany?.(updates)).toEqual(new Map())
    expect(asked()).toBe(1)
  })

  test.each([
    ['the connection was lost', 'ECONNRESET'],
    ['the pipe was closed', 'EPIPE'],
    ['the server says that it was lost', '08006'],
    ['the pooler says so', '08P01'],
    ['the server was shut down', '57P01'],
    ['cancelled', '57014'],
    ['the disk', '58030'],
    ['the server does not know', '40003'],
    ['the driver does not say', undefined],
  ])('fail all, where they may have been written: %s', async (_name, code) => {
    const { store, asked } = failing(code)
    await expect(store.updateMany?.(updates)).rejects.toThrow(/.../)
    expect(asked()).toBe(1)
  })
})
