/**
 * Checks of when sessions end, and of the rows that are kept of them. The text of a date in SQLite
 * has no public door beside a store: without one, it is taken from `formats/`.
 *
 * @module
 */
import type { NewSession } from 'async-django'

import { canonicalize } from '../../../src/formats/json-source.ts'
import { sqlText, toWall } from '../../../src/formats/datetime.ts'
import { djangoOf, type Site } from '../django.ts'
import {
  type Check,
  answerOf,
  fieldsOf,
  isSince,
  outcome,
  releasesOf,
  same,
  text,
  type Vector,
} from '../vector.ts'

/** Checkers by kind. */
export const expiryChecks: Readonly<Record<string, Check>> = {
  'session.expiry': checkExpiry,
  'session.set_expiry': checkSetExpiry,
  'session.db': checkRow,
}

const key = 'a'.repeat(32)

/** A site that holds one session. */
async function siteWith(vector: Vector, release: string, json: string): Promise<Site> {
  const site = djangoOf(vector, release)
  const payload = site.store.codec.encode(json)
  await site.store.create(key, { payload, expireDate: new Date(site.now.getTime() + 1000) })
  return site
}

/** Every expiry that Python refuses, whatever it raises, is data that cannot be. */
const refusals = {
  AttributeError: 'ERR_SESSION_DATA',
  OverflowError: 'ERR_SESSION_DATA',
  TypeError: 'ERR_SESSION_DATA',
  ValueError: 'ERR_SESSION_DATA',
}

async function checkExpiry(vector: Vector): Promise<void> {
  const { input, output } = vector
  for (const release of releasesOf(vector)) {
    const { django } = await siteWith(vector, release, text(input, 'session_json'))
    const session = await django.sessions.get(key).load()
    const age = await outcome(() => session.getExpiryAge())
    same('age', age, answerOf(output['get_expiry_age'], refusals))
    const date = await outcome(() => microsOf(session.getExpiryDate()))
    const wanted = output['get_expiry_date']
    const moment = typeof wanted === 'string' ? microsOfText(wanted) : answerOf(wanted, refusals)
    same('date', date, moment)
    const atClose = session.getExpireAtBrowserClose()
    same('at browser close', atClose, output['get_expire_at_browser_close'])
  }
}

/** Microseconds since the epoch. */
function microsOf(date: Date): bigint {
  const past: unknown = Reflect.get(date, 'microsecond')
  return BigInt(date.getTime()) * 1000n + BigInt(typeof past === 'number' ? past : 0)
}

/** The same of a Python datetime; one without an offset is in UTC, the zone of the vectors. */
function microsOfText(iso: string): bigint {
  const match = /^(.{19})(?:\.(\d{6}))?(?:([+-])(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{6}))?)?)?$/.exec(
    iso,
  )
  if (match === null) throw new TypeError(`${iso} is no datetime of Python.`)
  const [, wall = '', micros = '0', sign, hours, minutes, seconds, fraction] = match
  const ms = BigInt(Date.parse(`${wall}Z`))
  const offset = BigInt(
    Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0),
  )
  const shift = offset * 1_000_000n + BigInt(fraction ?? 0)
  return ms * 1000n + BigInt(micros) - (sign === '-' ? -shift : shift)
}

/** A datetime of Python is a `Date` here, where there is one like it, and its text in any case. */
function* expiriesOf({
  input,
  settings,
}: Vector): Generator<number | string | Date | object | null> {
  const value = input['value'] as number | string | null
  if (input['type'] === 'timedelta') {
    const micros = Math.round(Number(value) * 1e6)
    const seconds = Math.floor(micros / 1e6)
    yield { seconds, microseconds: micros - seconds * 1e6 }
    yield { days: 1, seconds: seconds - 86_400, microseconds: micros - seconds * 1e6 }
    return
  }
  yield value
  if (input['type'] !== 'datetime' || typeof value !== 'string') return
  const isAware = value.endsWith('+00:00')
  const isNaive = /T[\d:.]+$/.test(value)
  if (/\.\d{3}(?!000)/.test(value)) return
  if (settings['USE_TZ'] === true && isAware) yield new Date(value)
  if (settings['USE_TZ'] === false && isNaive) yield new Date(`${value}Z`)
}

async function checkSetExpiry(vector: Vector): Promise<void> {
  const before = vector.input['value'] === null ? '{"keep":1,"_session_expiry":5}' : '{"keep":1}'
  for (const release of releasesOf(vector)) {
    for (const expiry of expiriesOf(vector)) {
      const { django, store } = await siteWith(vector, release, before)
      const session = await django.sessions.get(key).load()
      session.setExpiry(expiry)
      await session.save()
      // Read without a look at the date: some of them are in the past.
      const { format } = store.codec
      const stored = format.stringify(session.data)
      same('stored', stored, canonicalize(text(vector.output, 'stored')))
    }
  }
}

async function checkRow(vector: Vector): Promise<void> {
  const { input, output, settings } = vector
  const row = fieldsOf(output, 'row')
  same('key', row['session_key'], input['session_key'])
  for (const release of isSince(vector, 4, 2) ? releasesOf(vector) : ['4.2']) {
    const { payload, expireDate } = await write(vector, release)
    const zone = text(settings, 'TIME_ZONE')
    const wall = settings['USE_TZ'] === true ? expireDate : toWall(expireDate, zone)
    same('expire_date', sqlText(wall), row['expire_date_text'])
    const { codecs } = djangoOf(vector, release)
    const codec = isSince(vector, 3, 1) ? codecs.signed() : codecs.legacy()
    const theirs = text(row, 'session_data')
    same('data', codec.decode(payload), codec.decode(theirs))
    if (!theirs.startsWith('.') && !payload.startsWith('.')) same('payload', payload, theirs)
  }
}

/** What the store is given when the vector's data is saved under its key. */
async function write(vector: Vector, release: string): Promise<NewSession> {
  const { input } = vector
  const written: NewSession[] = []
  const site = djangoOf(vector, release, (store, codecs) => ({
    ...store,
    codec: isSince(vector, 3, 1) ? store.codec : codecs.legacy(),
    update: (sessionKey, next, previous) => {
      written.push(next)
      return store.update(sessionKey, next, previous)
    },
  }))
  const sessionKey = text(input, 'session_key')
  const empty = { payload: site.store.codec.encode('{}'), expireDate: new Date(8e15) }
  await site.store.create(sessionKey, empty)
  const session = await site.django.sessions.get(sessionKey).load()
  session.update(site.store.codec.format.parse(text(input, 'data_json')) as object)
  await session.save()
  const [first] = written
  if (first === undefined) throw new TypeError('Nothing was written.')
  return first
}
