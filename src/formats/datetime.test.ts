import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { fromWall, isoNaive, isoUtc, midnight, PreciseDate, sqlText, toWall } from './datetime.ts'

const at = (iso: string, microsecond = 0): PreciseDate =>
  new PreciseDate(Date.parse(iso), microsecond)

describe('PreciseDate', () => {
  test('is a Date, with microseconds', () => {
    const date = at('2026-06-10T20:36:58.123Z', 456)
    expect(date).toBeInstanceOf(Date)
    expect(isoUtc(date)).toBe('2026-06-10T20:36:58.123456+00:00')
  })

  test('from() keeps microseconds, and has none for a plain date', () => {
    const date = at('2026-06-10T20:36:58Z', 5)
    expect(PreciseDate.from(date)).toBe(date)
    expect(PreciseDate.from(new Date(7)).microsecond).toBe(0)
    expect(PreciseDate.from(new Date(7)).getTime()).toBe(7)
  })

  // What Python's datetime answers to + timedelta(seconds=…).
  test.each([
    [1, '2026-01-01T00:00:01.000001'],
    [0.25, '2026-01-01T00:00:00.250001'],
    [-0.25, '2025-12-31T23:59:59.750001'],
    [1e-6, '2026-01-01T00:00:00.000002'],
    [-1e-6, '2026-01-01T00:00:00'],
    [-2e-6, '2025-12-31T23:59:59.999999'],
    [5e-7, '2026-01-01T00:00:00.000001'],
    [1.5e-6, '2026-01-01T00:00:00.000003'],
    [2.5e-6, '2026-01-01T00:00:00.000003'],
    [0.999999, '2026-01-01T00:00:01'],
    [-86_400.5, '2025-12-30T23:59:59.500001'],
    [1_209_600, '2026-01-15T00:00:00.000001'],
  ])('plusSeconds(%d) from a microsecond after new year is %s', (seconds, text) => {
    expect(isoNaive(at('2026-01-01T00:00:00Z', 1).plusSeconds(seconds))).toBe(text)
  })

  test('plusMicroseconds is exact, there and back', () => {
    const date = at('2026-01-01T00:00:00Z', 999)
    fc.assert(
      fc.property(fc.integer({ min: -8e15, max: 8e15 }), (micros) => {
        const moved = date.plusMicroseconds(micros)
        expect(moved.microsecond).toBeGreaterThanOrEqual(0)
        expect(moved.microsecond).toBeLessThan(1000)
        const back = moved.plusMicroseconds(-micros)
        expect([back.getTime(), back.microsecond]).toEqual([date.getTime(), 999])
      }),
    )
  })

  test.each([
    ['2026-01-01T00:00:10Z', 0, 10],
    ['2026-01-01T00:00:09.999Z', 999, 9],
    ['2026-01-01T00:00:10Z', 1, 10],
    ['2025-12-31T23:59:59.999Z', 999, -1],
    ['2025-12-31T23:59:50Z', 0, -10],
  ])('secondsUntil(%s and %d µs) is %d', (iso, microsecond, seconds) => {
    expect(at('2026-01-01T00:00:00Z').secondsUntil(at(iso, microsecond))).toBe(seconds)
  })

  test('secondsUntil counts microseconds on both sides', () => {
    const now = at('2026-01-01T00:00:00Z', 500)
    expect(now.secondsUntil(at('2026-01-01T00:00:10Z', 499))).toBe(9)
    expect(now.secondsUntil(at('2026-01-01T00:00:10Z', 500))).toBe(10)
  })
})

test('dates are written as Django writes them, without a fraction of 0', () => {
  expect(sqlText(at('2026-06-10T20:36:58Z'))).toBe('2026-06-10 20:36:58')
  expect(sqlText(at('2026-06-10T20:36:58.120Z'))).toBe('2026-06-10 20:36:58.120000')
  expect(sqlText(at('2026-06-10T20:36:58Z', 7))).toBe('2026-06-10 20:36:58.000007')
  expect(isoNaive(at('2026-06-10T20:36:58.500Z'))).toBe('2026-06-10T20:36:58.500000')
  expect(isoUtc(new Date(0))).toBe('1970-01-01T00:00:00+00:00')
  expect(isoNaive(new Date(midnight(7, 1, 2)))).toBe('0007-01-02T00:00:00')
})

// What Python's zoneinfo answers, fold=0: winter, summer, an hour that is not, an hour that is twice.
test.each([
  ['UTC', '2026-07-01T12:00:00', '2026-07-01T12:00:00Z'],
  ['Asia/Tokyo', '2026-07-01T21:00:00', '2026-07-01T12:00:00Z'],
  ['Asia/Kathmandu', '2026-07-01T17:45:00', '2026-07-01T12:00:00Z'],
  ['America/New_York', '2026-01-15T07:00:00', '2026-01-15T12:00:00Z'],
  ['America/New_York', '2026-07-15T08:00:00', '2026-07-15T12:00:00Z'],
  ['America/New_York', '2026-03-08T01:59:59', '2026-03-08T06:59:59Z'],
  ['America/New_York', '2026-03-08T02:30:00', '2026-03-08T07:30:00Z'],
  ['America/New_York', '2026-03-08T03:00:00', '2026-03-08T07:00:00Z'],
  ['America/New_York', '2026-11-01T01:30:00', '2026-11-01T05:30:00Z'],
  ['America/New_York', '2026-11-01T02:00:00', '2026-11-01T07:00:00Z'],
  ['Europe/Lisbon', '2026-10-25T01:15:00', '2026-10-25T00:15:00Z'],
  ['Australia/Lord_Howe', '2026-04-05T01:45:00', '2026-04-04T14:45:00Z'],
  ['Australia/Lord_Howe', '2026-10-04T02:15:00', '2026-10-03T15:45:00Z'],
])('in %s the clock shows %s at %s', (zone, wall, moment) => {
  expect(fromWall(at(`${wall}Z`, 9), zone).toISOString()).toBe(at(moment).toISOString())
  expect(fromWall(at(`${wall}Z`, 9), zone).microsecond).toBe(9)
})

test('toWall is what fromWall reads, but for the hours that are twice', () => {
  const moments = fc.date({
    min: new Date('2000-01-01'),
    max: new Date('2029-12-31'),
    noInvalidDate: true,
  })
  const zones = fc.constantFrom('UTC', 'Asia/Tokyo', 'America/New_York', 'Australia/Lord_Howe')
  fc.assert(
    fc.property(moments, zones, (moment, zone) => {
      const wall = toWall(moment, zone)
      const read = fromWall(wall, zone)
      expect(toWall(read, zone)).toEqual(wall)
      expect(read.getTime()).toBeLessThanOrEqual(moment.getTime())
    }),
  )
})
