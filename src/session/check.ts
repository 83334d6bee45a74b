/**
 * Looks at the store for what is set up wrong, before a visitor finds it.
 *
 * @module
 */
import { type AsyncDjangoError, isAsyncDjangoError } from '../errors.ts'
import { expiryKey } from './expiry.ts'
import { Deadline } from './deadline.ts'
import type { GuardedStore } from './guarded-store.ts'
import type { SessionHost } from './host.ts'
import type { RowReader } from './row-reader.ts'
import { isLookupKey, isSessionKey } from './session-key.ts'
import type { KeyedSession } from './store.ts'

/** What to look at besides the store. */
export interface CheckOptions {
  /** The cookies of a browser that has a session at the Django site, to check the cookie's name. */
  readonly cookies?: ReadonlyMap<string, string>
}

/** One thing that is set up wrong. */
export interface CheckProblem {
  readonly code: 'store' | 'secret' | 'cookieName' | 'clock' | 'timeZone'
  /** What is wrong, and what to do. */
  readonly message: string
}

/** A live session that could be read. */
interface Sample {
  readonly data: Record<string, unknown>
  readonly signedAt: Date | null
  readonly expireDate: Date | null
}

const sampleSize = 20
const clockToleranceMs = 60_000
const quarterMs = 900_000
const furthestOffsetMs = 14 * 3_600_000

/** Names what is set up wrong. A process that finds nothing wrong has proven its secrets. */
export async function checkSessions(
  host: SessionHost,
  now: () => Date,
  options: CheckOptions,
): Promise<readonly CheckProblem[]> {
  try {
    const deadline = new Deadline(host.storeTimeoutMs)
    const reader = await host.reader.load()
    const { store, proof } = reader
    const newest = await store.newest(sampleSize, deadline)
    const rows = newest ?? []
    const samples = rows.flatMap((row) => readSample(row, reader) ?? [])
    // A store that cannot tell is no empty one.
    if (newest?.length === 0) proof.prove()
    return [
      ...checkSecret(rows.length, samples.length, host),
      ...(await checkClock(samples, store, host, now)),
      ...checkTimeZone(samples, host),
      ...(await checkCookieName(store, host, options)),
    ]
  } catch (error) {
    if (isAsyncDjangoError(error)) return [storeProblem(error)]
    throw error
  }
}

function storeProblem(error: AsyncDjangoError): CheckProblem {
  const hint =
    error.code === 'ERR_STORE'
      ? ' Most likely the table or a column is not there: run "manage.py migrate", or name the ' +
        "table in the store's options."
      : ''
  return { code: 'store', message: error.message + hint }
}

function readSample({ key, stored }: KeyedSession, { store, proof }: RowReader): Sample | null {
  const { codec } = store
  try {
    const data = codec.format.parse(codec.decode(stored.payload)) as Record<string, unknown>
    if (codec.isSigned ?? true) proof.verified(key)
    return { data, signedAt: codec.signedAt(stored.payload), expireDate: stored.expireDate }
  } catch (error) {
    if (isAsyncDjangoError(error)) return null
    throw error
  }
}

function checkSecret(rows: number, readable: number, { store }: SessionHost): CheckProblem[] {
  if (rows === 0 || readable > 0) return []
  const message =
    `None of the ${rows} newest sessions in ${store.name} can be decoded. Compare secretKey and ` +
    "secretKeyFallbacks with Django's settings; for an engine class of yours that is not called " +
    'SessionStore, set sessionKeySalt.'
  return [{ code: 'secret', message }]
}

/** A session signed in the future, or a server whose clock is elsewhere. */
async function checkClock(
  samples: readonly Sample[],
  store: GuardedStore,
  { storeTimeoutMs }: SessionHost,
  now: () => Date,
): Promise<CheckProblem[]> {
  const ours = now().getTime()
  const server = await store.serverTime(new Deadline(storeTimeoutMs))
  const ahead = samples.map(({ signedAt }) => (signedAt?.getTime() ?? ours) - ours)
  const off = Math.max(...ahead, server === null ? 0 : Math.abs(server.getTime() - ours))
  if (off <= clockToleranceMs) return []
  const message =
    `This machine's clock is off by ${Math.round(off / 1000)} s, by what ${store.name} holds. ` +
    'Sessions would end too early or too late: set the clock.'
  return [{ code: 'clock', message }]
}

/** Rows whose date is off by an hour or more from when they were signed, though by whole quarters. */
function checkTimeZone(samples: readonly Sample[], { settings }: SessionHost): CheckProblem[] {
  const offs = samples.flatMap(({ data, signedAt, expireDate }) => {
    if (signedAt === null || expireDate === null || Object.hasOwn(data, expiryKey)) return []
    return [expireDate.getTime() - signedAt.getTime() - settings.sessionCookieAge * 1000]
  })
  if (offs.length === 0 || !offs.every(isZoneOffset)) return []
  const message =
    `The sessions' dates are off by ${Math.round((offs[0] ?? 0) / 60_000)} minutes. useTz is ` +
    `${String(settings.useTz)} and timeZone "${settings.timeZone}": they must be as in Django.`
  return [{ code: 'timeZone', message }]
}

function isZoneOffset(ms: number): boolean {
  const quarters = Math.round(ms / quarterMs)
  const isWhole = Math.abs(ms - quarters * quarterMs) < clockToleranceMs
  return quarters !== 0 && isWhole && Math.abs(ms) <= furthestOffsetMs
}

async function checkCookieName(
  store: GuardedStore,
  { settings, storeTimeoutMs, limits }: SessionHost,
  { cookies = new Map() }: CheckOptions,
): Promise<CheckProblem[]> {
  if (cookies.has(settings.sessionCookieName)) return []
  for (const [name, value] of cookies) {
    if (!isSessionKey(value) || !isLookupKey(value, limits.keyLength)) continue
    if (!(await store.exists(value, new Deadline(storeTimeoutMs)))) continue
    const message =
      `The browser has its session in the cookie "${name}", and sessionCookieName is ` +
      `"${settings.sessionCookieName}": it must be as in Django.`
    return [{ code: 'cookieName', message }]
  }
  return []
}
