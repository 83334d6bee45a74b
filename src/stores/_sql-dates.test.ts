import { describe, expect, test } from 'vitest'

import { PreciseDate } from '../formats/datetime.ts'
import { momentDates, wallDates } from './_sql-dates.ts'

const moment = new PreciseDate(Date.UTC(2026, 6, 1, 12, 0, 0, 123), 45)

describe('wallDates', () => {
  test.each([
    ['UTC', '2026-07-01 12:00:00.123045'],
    ['Asia/Tokyo', '2026-07-01 21:00:00.123045'],
    ['America/Chicago', '2026-07-01 07:00:00.123045'],
  ])('writes and reads the wall clock of %s', (zone, text) => {
    const dates = wallDates(zone)
    expect(dates.write(moment)).toBe(text)
    expect(dates.read(text)).toEqual(moment)
    expect(dates.read(text)?.microsecond).toBe(45)
  })

  test('leaves out a fraction of 0, as Django does in SQLite, and reads what MySQL fills up', () => {
    const dates = wallDates('UTC')
    expect(dates.write(new Date(0))).toBe('1970-01-01 00:00:00')
    expect(dates.read('1970-01-01 00:00:00')).toEqual(new PreciseDate(0))
    expect(dates.read('1970-01-01 00:00:00.000000')).toEqual(new PreciseDate(0))
  })

  test('orders as text the way the moments are ordered', () => {
    const dates = wallDates('UTC')
    const ordered = [
      [5999, 999],
      [6000, 0],
      [6000, 1],
      [6000, 10],
      [6100, 0],
      [7000, 0],
    ].map(([ms = 0, micros]) => dates.write(new PreciseDate(ms, micros)))
    expect(ordered.toSorted()).toEqual(ordered)
  })

  test.each([null, undefined, 0, '', 'never', '0000-00-00 00:00:00', new Date(0)])(
    'knows no date in %j',
    (value) => {
      expect(wallDates('UTC').read(value)).toBeNull()
    },
  )
})

describe('momentDates', () => {
  test('writes text with an offset', () => {
    expect(momentDates.write(moment)).toBe('2026-07-01 12:00:00.123045+00')
  })

  test.each([
    ['1782907200.123045', Date.UTC(2026, 6, 1, 12, 0, 0, 123), 45],
    ['1782907200.000000', Date.UTC(2026, 6, 1, 12), 0],
    ['1782907200', Date.UTC(2026, 6, 1, 12), 0],
    ['1782907200.5', Date.UTC(2026, 6, 1, 12, 0, 0, 500), 0],
    ['253402300799.999999', Date.UTC(9999, 11, 31, 23, 59, 59, 999), 999],
    ['0.000001', 0, 1],
    ['-0.000001', -1, 999],
    ['-1.500000', -1500, 0],
    ['-62135596800.000000', Date.parse('0001-01-01T00:00:00Z'), 0],
  ])('reads %s seconds', (text, ms, microsecond) => {
    const read = momentDates.read(text)
    expect(read?.getTime()).toBe(ms)
    expect(read?.microsecond).toBe(microsecond)
  })

  test.each([null, undefined, '', 'Infinity', '-Infinity', 'NaN', '1e3', '9224318015999.9'])(
    'knows no date in %j',
    (value) => {
      expect(momentDates.read(value)).toBeNull()
    },
  )
})
