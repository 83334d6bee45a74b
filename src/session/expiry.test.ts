import { describe, expect, test } from 'vitest'

import { SessionDataError } from '../errors.ts'
import { isoUtc, PreciseDate } from '../formats/datetime.ts'
import { type Expiry, type ExpirySettings, storedExpiry } from './expiry.ts'
import { ExpiryRule } from './expiry-rule.ts'

const now = new PreciseDate(Date.parse('2026-06-10T20:36:58.123Z'), 456)

class Rule extends ExpiryRule {
  readonly stored: (expiry: Exclude<Expiry, null>) => number | string

  constructor(settings: ExpirySettings) {
    super(settings, () => now)
    this.stored = (expiry) => storedExpiry(expiry, settings, () => now)
  }
}

function ruleOf(settings: Partial<ExpirySettings> = {}): Rule {
  const all = {
    sessionCookieAge: 1000,
    sessionExpireAtBrowserClose: false,
    useTz: true,
    timeZone: 'UTC',
    ...settings,
  }
  return new Rule(all)
}

const utc = ruleOf()
const naive = ruleOf({ useTz: false })
const tokyo = ruleOf({ useTz: false, timeZone: 'Asia/Tokyo' })

describe('age', () => {
  test.each([null, undefined, 0, -0, 0n, false, '', [], {}])(
    'is the general one for %o, as Python finds it false',
    (expiry) => {
      expect(utc.age(expiry)).toBe(1000)
    },
  )

  test.each([300, -300, 1.5, true, 10n ** 20n, [300], { a: 1 }, Number.NaN])(
    '%o comes back as it is',
    (expiry) => {
      expect(utc.age(expiry)).toBe(expiry)
    },
  )

  test.each([
    ['2026-06-10T21:36:58.123456+00:00', 3600],
    ['2026-06-10T21:36:58.123455+00:00', 3599],
    ['2026-06-11T03:06:58.123456+05:30', 3600],
    ['2026-06-10T20:36:58.123455+00:00', -1],
    ['2026-06-10T20:36:48.123456Z', -10],
  ])('of %s is %d whole seconds', (expiry, age) => {
    expect(utc.age(expiry)).toBe(age)
  })

  test('of a naive date is counted on the clock of the time zone', () => {
    expect(naive.age('2026-06-10T21:36:58.123456')).toBe(3600)
    expect(tokyo.age('2026-06-11T06:36:58.123456')).toBe(3600)
  })

  test('counts from another moment where one is given', () => {
    const earlier = new Date('2026-06-10T20:00:00Z')
    expect(utc.age('2026-06-10T21:00:00+00:00', earlier)).toBe(3600)
  })

  test('refuses text that is no date, or that USE_TZ contradicts', () => {
    expect(() => utc.age('tomorrow')).toThrow(SessionDataError)
    expect(() => utc.age('2026-06-10T21:00:00')).toThrow(/has no offset, and useTz is true/)
    expect(() => naive.age('2026-06-10T21:00:00Z')).toThrow(/has an offset, and useTz is false/)
  })
})

describe('date', () => {
  test.each<[unknown, string]>([
    [null, '2026-06-10T20:53:38.123456+00:00'],
    [0, '2026-06-10T20:53:38.123456+00:00'],
    [[], '2026-06-10T20:53:38.123456+00:00'],
    [300, '2026-06-10T20:41:58.123456+00:00'],
    [300n, '2026-06-10T20:41:58.123456+00:00'],
    [-300, '2026-06-10T20:31:58.123456+00:00'],
    [true, '2026-06-10T20:36:59.123456+00:00'],
    [0.0000015, '2026-06-10T20:36:58.123458+00:00'],
    ['2031-01-01T00:00:00+09:00', '2030-12-31T15:00:00+00:00'],
    ['2031-01-01T00:00:00.000001-00:30', '2031-01-01T00:30:00.000001+00:00'],
    ['2031-01-01', '2031-01-01T00:00:00+00:00'],
    ['9999-12-31T23:59:59.999999+00:00', '9999-12-31T23:59:59.999999+00:00'],
  ])('for %o is %s', (expiry, date) => {
    expect(isoUtc(utc.date(expiry))).toBe(date)
  })

  test('without useTz is the moment at which the clock shows it', () => {
    expect(isoUtc(tokyo.date('2031-01-01T09:00:00'))).toBe('2031-01-01T00:00:00+00:00')
    expect(isoUtc(tokyo.date(300))).toBe('2026-06-10T20:41:58.123456+00:00')
  })

  test.each([
    'tomorrow',
    '',
    '300',
    [300],
    { a: 1 },
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e12,
    -1e12,
    10n ** 30n,
    '9999-12-31T23:59:59-00:01',
    '0001-01-01T00:00:00+00:01',
  ])('refuses %o, with the key', (expiry) => {
    expect(() => utc.date(expiry)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DATA', path: ['_session_expiry'] }) as Error,
    )
  })
})

test.each([
  [null, true],
  [undefined, true],
  [0, true],
  [-0, true],
  [0n, true],
  [false, true],
  [300, false],
  ['', false],
  ['2031-01-01T00:00:00', false],
  [[], false],
])('with %o the cookie goes with the browser: %s', (expiry, goes) => {
  expect(ruleOf({ sessionExpireAtBrowserClose: true }).atBrowserClose(expiry)).toBe(goes)
})

test('without an expiry of its own, the cookie goes with the browser as the settings say', () => {
  expect(utc.atBrowserClose(null)).toBe(false)
  expect(utc.atBrowserClose(0)).toBe(true)
})

describe('stored', () => {
  test.each<[Exclude<Expiry, null>, number | string]>([
    [300, 300],
    [2.5, 2.5],
    ['2031-01-01T00:00:00-03:00', '2031-01-01T00:00:00-03:00'],
    [new Date('2031-01-01T00:00:00Z'), '2031-01-01T00:00:00+00:00'],
    [new Date('2031-01-01T00:00:00.5Z'), '2031-01-01T00:00:00.500000+00:00'],
    [new PreciseDate(0, 7), '1970-01-01T00:00:00.000007+00:00'],
    [{ days: 2, seconds: 5, microseconds: 7 }, '2026-06-12T20:37:03.123463+00:00'],
    [{ weeks: 1, hours: -1, minutes: 1 }, '2026-06-17T19:37:58.123456+00:00'],
    [{ milliseconds: 1500 }, '2026-06-10T20:36:59.623456+00:00'],
    [{ days: 0.5 }, '2026-06-11T08:36:58.123456+00:00'],
    [{}, '2026-06-10T20:36:58.123456+00:00'],
  ])('of %o is %s', (expiry, stored) => {
    expect(utc.stored(expiry)).toBe(stored)
  })

  test('without useTz is what the clock of the time zone shows', () => {
    expect(tokyo.stored(new Date('2031-01-01T00:00:00Z'))).toBe('2031-01-01T09:00:00')
    expect(tokyo.stored({ hours: 1 })).toBe('2026-06-11T06:36:58.123456')
  })

  test.each([
    [new Date(Number.NaN)],
    [new Date(8e15)],
    [new Date(-8e15)],
    [{ days: 3_000_000 }],
    [{ days: Number.NaN }],
  ])('refuses %o', (expiry) => {
    expect(() => utc.stored(expiry)).toThrow(SessionDataError)
  })
})

test('a length of time is counted on the wall clock, as Python counts naive dates', () => {
  const chicago = ruleOf({ useTz: false, timeZone: 'America/Chicago' })
  expect(chicago.stored({ days: 160 })).toBe('2026-11-17T15:36:58.123456')
  expect(chicago.stored(new Date('2026-11-17T20:00:00Z'))).toBe('2026-11-17T14:00:00')
  expect(utc.stored({ days: 160 })).toBe('2026-11-17T20:36:58.123456+00:00')
})
