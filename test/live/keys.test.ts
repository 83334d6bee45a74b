/**
 * Real Django and this package, over one table: sessions that move to a new key, or end.
 *
 * @module
 */
import { expect } from 'vitest'

import { type Check, readThere, testBeside } from './_matrix.ts'

await testBeside('keys', (check) => {
  testCycles(check)
  testEnds(check)
})

function testCycles(check: Check): void {
  check('Django cycles', 'we read under the new key alone', async ({ django, real }) => {
    const old = await real.create('{"a": 1.0}')
    const key = await real.cycleKey(old)
    expect((await django.sessions.get(old).load()).key).toBeNull()
    expect((await django.sessions.get(key).load()).data).toStrictEqual({ a: 1 })
  })

  check('Django cycles', 'what waits here for its save is refused', async ({ django, real }) => {
    const old = await real.create('{"a": 1.0}')
    const session = await django.sessions.get(old).load()
    const key = await real.cycleKey(old)
    session.set('b', 2)
    await expect(session.save()).rejects.toMatchObject({ code: 'ERR_SESSION_INTERRUPTED' })
    expect(await real.read(old)).toBeNull()
    expect(await real.read(key)).toMatchObject({ data: '{"a": 1.0}' })
  })

  check('we cycle', 'Django reads under the new key alone', async (sides) => {
    const old = await sides.real.create('{"a": 1.0}')
    const session = await sides.django.sessions.get(old).load()
    await session.cycleKey()
    expect(session.key).not.toBe(old)
    expect(await sides.real.read(old)).toBeNull()
    expect(await readThere(sides, session.key)).toMatchObject({ data: '{"a": 1.0}' })
  })

  check('we cycle', 'what Django wrote meanwhile moves too', async (sides) => {
    const old = await sides.real.create('{"a": 1.0}')
    const session = await sides.django.sessions.get(old).load()
    await sides.real.change(old, { values: '{"b": 2.0}' })
    await session.cycleKey()
    expect(await sides.real.read(old)).toBeNull()
    expect(await readThere(sides, session.key)).toMatchObject({ data: '{"a": 1.0, "b": 2.0}' })
  })
}

function testEnds(check: Check): void {
  check('Django flushes', 'a slower save here does not bring it back', async ({ django, real }) => {
    const key = await real.create('{"a": 1}')
    const session = await django.sessions.get(key).load()
    await real.flush(key)
    session.set('b', 2)
    await expect(session.save()).rejects.toMatchObject({ code: 'ERR_SESSION_INTERRUPTED' })
    expect(await real.read(key)).toBeNull()
    expect(await django.sessions.exists(key)).toBe(false)
  })

  check('Django flushes', 'nor does a new key', async ({ django, real }) => {
    const key = await real.create('{"a": 1}')
    const session = await django.sessions.get(key).load()
    await real.flush(key)
    const before = await real.keys()
    await expect(session.cycleKey()).rejects.toMatchObject({ code: 'ERR_SESSION_INTERRUPTED' })
    expect(await real.keys()).toStrictEqual(before)
  })

  check('we flush', 'Django sees nothing', async ({ django, real }) => {
    const key = await real.create('{"a": 1}')
    const session = await django.sessions.get(key).load()
    await session.flush()
    expect(await real.read(key)).toBeNull()
    expect(await real.keys()).not.toContain(key)
  })

  check('we flush', 'without a look at it', async ({ django, real }) => {
    const key = await real.create('{"a": 1}')
    await django.sessions.get(key).flush()
    expect(await real.keys()).not.toContain(key)
  })
}
