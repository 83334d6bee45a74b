/**
 * The session store suite: dates to the microsecond, in every zone that Django may be set to.
 *
 * @module
 */
import { PreciseDate } from '../formats/datetime.ts'
import type { StoreSettings } from '../session/store.ts'
import { check, same, sameMoment } from './_assert.ts'
import type { Case } from './_session-store-kit.ts'

const zones: ReadonlyArray<Partial<StoreSettings>> = [
  { useTz: true, timeZone: 'America/Chicago' },
  { useTz: false, timeZone: 'UTC' },
  { useTz: false, timeZone: 'Asia/Tokyo' },
  { useTz: false, timeZone: 'America/Phoenix' },
  { useTz: false, timeZone: 'Asia/Kolkata' },
]

/** Cases about dates. */
export const dating: readonly Case[] = [
  {
    name: 'keeps dates to the microsecond',
    async run(kit) {
      for (const microsecond of [0, 1, 500, 999]) {
        const expireDate = new PreciseDate(Date.UTC(2091, 1, 3, 4, 5, 6, 7), microsecond)
        const { key } = await kit.create({ ...kit.next(), expireDate })
        sameMoment((await kit.load(key)).expireDate, expireDate, 'the stored date')
      }
    },
  },
  {
    name: 'keeps whole seconds, leap days and the ends of years',
    async run(kit) {
      for (const text of [
        '2088-02-29T23:59:59.999Z',
        '2090-01-01T00:00:00Z',
        '9999-12-31T00:00Z',
      ]) {
        const expireDate = new Date(text)
        const { key } = await kit.create({ ...kit.next(), expireDate })
        sameMoment((await kit.load(key)).expireDate, expireDate, 'the stored date')
      }
    },
  },
  {
    name: 'keeps dates, and ends sessions, in the zone that Django is set to',
    needs: 'revoke',
    async run(kit) {
      for (const settings of zones) {
        const store = kit.open(settings)
        for (const seconds of [-90, 90]) {
          const expireDate = kit.date(seconds, 321)
          const created = await store.create(kit.key(), { ...kit.next(), expireDate })
          check(created !== null, 'a free key is not taken')
          const loaded = await store.load(created.key)
          same(loaded !== null, seconds > 0, `a session ${seconds} s from its end is there`)
          if (loaded) sameMoment(loaded.expireDate, expireDate, `the date in ${settings.timeZone}`)
        }
      }
    },
  },
]
