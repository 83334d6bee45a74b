/**
 * What a session costs in each store: round trips and bytes of a read and of a write, and what it
 * takes where it is kept. `npm run bench -- stores`, with the number of sessions behind it: 10000.
 * Servers are found by `POSTGRES_URL`, `MYSQL_URL` and `REDIS_URL`, or on their usual local ports.
 *
 * @module
 */

import { createDjango, type Django } from 'async-django'

import { readCounts } from './_arguments.ts'
import { sessionData } from './_data.ts'
import { rounded, saveResults } from './_results.ts'
import { type Place, places } from './_places.ts'
import type { Traffic } from './_wire.ts'

const [sessions] = readCounts([10_000], [1000])
const samples = 1000
const atOnce = 32

/** What one request of a kind costs, in the mean. */
interface Cost {
  readonly turns: number
  readonly sent: number
  readonly received: number
}

/** The figures of a store. */
interface Row {
  readonly store: string
  /** One request after the other. */
  readonly read: Cost | null
  readonly write: Cost | null
  /** Many requests at once. */
  readonly readMany: Cost | null
  /** Bytes where sessions are kept, of each. */
  readonly kept: number | null
}

async function measure({ name, open }: Place): Promise<Row> {
  const { store, traffic, keptBytes, close } = await open()
  const django = createDjango({ settings: { secretKey: 'secret' }, store })
  const before = await keptBytes?.()
  const keys = await fill(django)
  const after = await keptBytes?.()
  const read = await costOf(traffic, 1, (at) => look(django, keys, at))
  const write = await costOf(traffic, 1, (at) => change(django, keys, at))
  const readMany = await costOf(traffic, atOnce, (at) => look(django, keys, at))
  await close()
  const kept = before === undefined || after === undefined ? null : (after - before) / sessions
  return { store: name, read, write, readMany, kept }
}

async function fill(django: Django): Promise<readonly string[]> {
  const keys: string[] = []
  for (let at = 0; at < sessions; at += atOnce) {
    const made = Array.from({ length: Math.min(atOnce, sessions - at) }, async (_, more) => {
      const session = django.sessions.get(null)
      session.update(sessionData(at + more))
      await session.save()
      return session.key ?? ''
    })
    keys.push(...(await Promise.all(made)))
  }
  return keys
}

function sessionOf(django: Django, keys: readonly string[], at: number) {
  return django.sessions.get(keys[(at * 7919) % keys.length] ?? '')
}

async function look(django: Django, keys: readonly string[], at: number): Promise<void> {
  const session = await sessionOf(django, keys, at).load()
  if (session.get('theme') === null) throw new Error('A session was not found.')
}

async function change(django: Django, keys: readonly string[], at: number): Promise<void> {
  const session = await sessionOf(django, keys, at).load()
  session.set('visits', at + 2)
  if (!(await session.save())) throw new Error('A session was not saved.')
}

async function costOf(
  traffic: Traffic | null,
  lanes: number,
  request: (at: number) => Promise<void>,
): Promise<Cost | null> {
  if (traffic === null) return null
  const { turns, sent, received } = traffic
  for (let at = 0; at < samples; at += lanes) {
    await Promise.all(Array.from({ length: lanes }, (_, lane) => request(at + lane)))
  }
  const count = Math.ceil(samples / lanes) * lanes
  return {
    turns: (traffic.turns - turns) / count,
    sent: (traffic.sent - sent) / count,
    received: (traffic.received - received) / count,
  }
}

function shown(cost: Cost | null): string {
  if (cost === null) return 'none'
  return `${rounded(cost.turns, 2)} trips, ${rounded(cost.sent, 0)} + ${rounded(cost.received, 0)} B`
}

const rows: Row[] = []
for (const place of places) {
  const row = await measure(place)
  rows.push(row)
  console.log(
    [
      row.store.padEnd(34),
      `read ${shown(row.read)}`,
      `write ${shown(row.write)}`,
      `read, ${atOnce} at once ${shown(row.readMany)}`,
      `kept ${row.kept === null ? '?' : rounded(row.kept, 0)} B`,
    ].join('  '),
  )
}
saveResults('stores', { sessions, samples, rows })
