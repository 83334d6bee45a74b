/**
 * Servers give the same answers, and write the same, before they are timed.
 *
 * @module
 */
import { deepStrictEqual, notStrictEqual, strictEqual } from 'node:assert/strict'

import { decode } from './_bare-codec.ts'
import type { Sides } from './_contest.ts'
import {
  cookieOf,
  keyOf,
  oddKey,
  oddTheme,
  sessionData,
  type SessionDatabase,
  usualTheme,
} from './_data.ts'
import { cookieSetBy, type ServerProcess } from './_server-process.ts'

/** @throws AssertionError where an answer, or what was written, is not what it should be. */
export async function checkAnswers(
  { ours, bare }: Sides,
  database: SessionDatabase,
): Promise<void> {
  const key = keyOf(1)
  const [cookie, oddCookie] = [cookieOf(key), cookieOf(oddKey)]
  for (const work of ['free', 'single', 'gathered', 'decoded', 'write'] as const) {
    strictEqual(await bare.server.ask(work, cookie), usualTheme)
  }
  for (const work of ['free', 'read', 'write'] as const) {
    strictEqual(await ours.server.ask(work, cookie), usualTheme)
  }
  // Who knows what nearly all sessions say does not know this one.
  strictEqual(await bare.server.ask('decoded', oddCookie), oddTheme)
  strictEqual(await ours.server.ask('read', oddCookie), oddTheme)
  for (const { server } of [ours, bare]) {
    const before = decode(await database.payloadOf(key))
    await server.ask('write', cookie)
    const after = decode(await database.payloadOf(key))
    notStrictEqual(after['visits'], before['visits'])
    deepStrictEqual({ ...after, visits: null }, { ...before, visits: null })
  }
}

/**
 * The same of a server that has made its sessions by itself.
 *
 * @param cookies - Of the odd session, and of one more.
 */
export async function checkOwnAnswers(
  server: ServerProcess,
  [oddCookie = '', cookie = '']: readonly string[],
): Promise<void> {
  const dataOf = async (of: string): Promise<Record<string, unknown>> =>
    JSON.parse(await server.ask('data', of)) as Record<string, unknown>
  for (const work of ['free', 'read'] as const) {
    const response = await server.request(work, cookie)
    strictEqual(await response.text(), usualTheme)
    strictEqual(cookieSetBy(response), null)
  }
  strictEqual(await server.ask('read', oddCookie), oddTheme)
  deepStrictEqual(await dataOf(cookie), sessionData(1))
  const response = await server.request('write', cookie)
  strictEqual(await response.text(), usualTheme)
  const { visits, ...rest } = await dataOf(cookieSetBy(response) ?? cookie)
  const { visits: before, ...restBefore } = sessionData(1)
  notStrictEqual(visits, before)
  deepStrictEqual(rest, restBefore)
}
