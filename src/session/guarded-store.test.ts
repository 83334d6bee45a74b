import { describe, expect, test } from 'vitest'

import { memoryStore } from '../stores/memory.ts'
import type { Codec } from './codec.ts'
import { Deadline } from './deadline.ts'
import { GuardedStore } from './guarded-store.ts'
import { readRelease, resolveSettings } from '../settings.ts'
import { defaultLimits } from './limits.ts'

/** What `load` of a store that fails like this is rejected with. */
async function failure(cause: unknown): Promise<unknown> {
  const store = memoryStore()({
    settings: resolveSettings({}, readRelease('5.2')),
    codecs: { signed: () => ({}) as Codec, legacy: () => ({}) as Codec },
    limits: defaultLimits,
    now: () => new Date(),
  })
  const guarded = new GuardedStore({ ...store, load: () => Promise.reject(cause) })
  return guarded.load('key', new Deadline(1000)).catch((error: unknown) => error)
}

const coded = (code: string, more: object = {}): Error =>
  Object.assign(new Error('of the driver'), { code, ...more })

describe('a driver that fails', () => {
  test.each([
    ['pg: refused', coded('ECONNREFUSED')],
    ['pg: shut down', coded('57P01')],
    ['pg: too many connections', coded('53300')],
    ['pg: statement_timeout', coded('57014')],
    ['pg: lock_timeout', coded('55P03')],
    ['mysql2: server gone', coded('PROTOCOL_CONNECTION_LOST')],
    ['mysql2: too many connections', coded('ER_CON_COUNT_ERROR')],
    ['mysql2: waited for a lock', coded('ER_LOCK_WAIT_TIMEOUT')],
    ['mysql2: interrupted', coded('ER_QUERY_INTERRUPTED')],
    ['mariadb: no connection', coded('ER_GET_CONNECTION_TIMEOUT')],
    ['mariadb: server gone', coded('ER_SOCKET_UNEXPECTED_CLOSE')],
    ['mariadb: pool closed', coded('ER_POOL_ALREADY_CLOSED')],
    ['libsql and better-sqlite3: locked', coded('SQLITE_BUSY')],
    ['better-sqlite3: locked by a snapshot', coded('SQLITE_BUSY_SNAPSHOT')],
    ['node:sqlite: locked', coded('ERR_SQLITE_ERROR', { errcode: 5 })],
    ['node:sqlite: locked by a snapshot', coded('ERR_SQLITE_ERROR', { errcode: 517 })],
    ['node:sqlite: cannot open', coded('ERR_SQLITE_ERROR', { errcode: 14 })],
  ])('is unavailable: %s', async (_name, cause) => {
    expect(await failure(cause)).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', status: 503 })
  })

  test.each([
    ['pg: no table', coded('42P01')],
    ['mysql2: no table', coded('ER_NO_SUCH_TABLE')],
    ['node:sqlite: no table', coded('ERR_SQLITE_ERROR', { errcode: 1 })],
    ['node:sqlite: taken', coded('ERR_SQLITE_ERROR', { errcode: 1555 })],
    ['without a code', new Error('of the driver')],
    ['no error at all', 'text'],
  ])('has failed: %s', async (_name, cause) => {
    expect(await failure(cause)).toMatchObject({ code: 'ERR_STORE', status: 500 })
  })
})
