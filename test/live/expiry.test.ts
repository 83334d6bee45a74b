/**
 * Real Django and this package, over one table: when a session ends, to the microsecond.
 *
 * @module
 */
import type { Expiry, Session } from 'async-django'
import { expect } from 'vitest'

import type { SharedSettings } from './_beside.ts'
import type { DjangoExpiry, DjangoSession } from './_django-process.ts'
import { type Check, readThere, testBeside } from './_matrix.ts'

/** The same expiry on both sides; what holds a moment of its own is written alike. */
interface ExpiryCase {
  readonly name: string
  readonly theirs: DjangoExpiry
  readonly ours: (shared: SharedSettings) => Expiry
  readonly isMoment?: boolean
}

const expiryCases: readonly ExpiryCase[] = [
  { name: 'none', theirs: ['none', null], ours: () => null },
  { name: 'seconds', theirs: ['seconds', 300], ours: () => 300 },
  { name: 'a part of a second', theirs: ['seconds', 86_400.25], ours: () => 86_400.25 },
  { name: 'with the browser', theirs: ['seconds', 0], ours: () => 0 },
  {
    name: 'a moment',
    theirs: ['datetime', '2031-02-03T04:05:06.789000+00:00'],
    ours: () => new Date('2031-02-03T04:05:06.789Z'),
    isMoment: true,
  },
  {
    name: 'a moment in whole seconds',
    theirs: ['datetime', '2031-02-03T04:05:06+00:00'],
    ours: () => new Date('2031-02-03T04:05:06Z'),
    isMoment: true,
  },
  {
    name: 'a moment to the microsecond',
    theirs: ['datetime', '2031-02-03T04:05:06.789012+00:00'],
    ours: ({ useTz }) =>
      useTz ? '2031-02-03T04:05:06.789012+00:00' : '2031-02-03T13:05:06.789012',
    isMoment: true,
  },
  {
    name: 'a length of time',
    theirs: ['timedelta', { days: 1, minutes: 2, microseconds: 7 }],
    ours: () => ({ days: 1, minutes: 2, microseconds: 7 }),
  },
]

await testBeside('expiry', (check, shared) => {
  for (const expiryCase of expiryCases) testExpiry(check, shared, expiryCase)
  testExpired(check)
})

function testExpiry(check: Check, shared: SharedSettings, expiryCase: ExpiryCase): void {
  const { name, theirs, ours, isMoment = false } = expiryCase
  check('Django sets, we read', name, async (sides) => {
    const key = await sides.real.create('{"a": 1}', theirs)
    const session = await sides.django.sessions.get(key).load()
    expectSame(session, await readThere(sides, key))
  })

  check('we set, Django reads', name, async (sides) => {
    const session = await sides.django.sessions.get(null).load()
    session.setExpiry(ours(shared))
    session.set('a', 1)
    await session.save()
    expectSame(session, await readThere(sides, session.key))
  })

  check('both set in turn', name, async (sides) => {
    const key = await sides.real.create('{"a": 1}', theirs)
    const session = await sides.django.sessions.get(key).load()
    session.setExpiry(77)
    await session.save()
    expectSame(session, await readThere(sides, key))
    await sides.real.change(key, { expiry: theirs })
    await session.reload()
    expectSame(session, await readThere(sides, key))
  })

  if (!isMoment) return
  check('both write alike', name, async (sides) => {
    const session = await sides.django.sessions.get(null).load()
    session.setExpiry(ours(shared))
    await session.save()
    const { data, expireDate } = await readThere(sides, session.key)
    const key = await sides.real.create('{}', theirs)
    expect(await readThere(sides, key)).toMatchObject({ data, expireDate })
  })
}

function testExpired(check: Check): void {
  check('expired', 'neither reads it, both clear it', async ({ django, real }) => {
    for (const clear of [() => real.clearSessions(), () => django.sessions.clearExpired()]) {
      await clear()
      const live = await real.keys()
      const theirs = await real.create('{"a": 1}', ['seconds', -60])
      const ours = await django.sessions.get(null).load()
      ours.setExpiry(-60)
      await ours.save()
      for (const key of [theirs, ours.key ?? '']) {
        expect(await real.read(key)).toBeNull()
        expect((await django.sessions.get(key).load()).key).toBeNull()
        expect(await django.sessions.exists(key)).toBe(true)
      }
      await clear()
      expect(await real.keys()).toStrictEqual(live)
    }
  })

  check('expired', 'ours are counted', async ({ django, real }) => {
    await real.clearSessions()
    for (let at = 0; at < 5; at++) await real.create('{}', ['seconds', -1])
    expect(await django.sessions.clearExpired({ batchSize: 2 })).toBe(5)
  })
}

function expectSame(session: Session, seen: DjangoSession): void {
  const modification = new Date(seen.modification)
  expect({
    expireDate: toMicroseconds(session.expireDate),
    expiryDate: toMicroseconds(session.getExpiryDate({ modification })),
    expiryAge: session.getExpiryAge({ modification }),
    atBrowserClose: session.getExpireAtBrowserClose(),
  }).toStrictEqual({
    expireDate: seen.expireDate,
    expiryDate: seen.expiryDate,
    expiryAge: seen.expiryAge,
    atBrowserClose: seen.atBrowserClose,
  })
}

/** As Python's `isoformat(timespec="microseconds")` writes a moment in UTC. */
function toMicroseconds(date: Date | null): string | null {
  if (date === null) return null
  const micros = String(Reflect.get(date, 'microsecond') ?? 0).padStart(3, '0')
  return date.toISOString().replace('Z', `${micros}+00:00`)
}
