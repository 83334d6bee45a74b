/**
 * Servers give the same answers, and write the same, before they are timed.
 *
 * @module
 */
import { deepStrictEqual, notStrictEqual, strictEqual } from 'node:assert/strict'

import { decode } from './_bare-codec.ts'
import type { Sides } from './_contest.ts'
import { keyOf, oddKey, oddTheme, type SessionDatabase, usualTheme } from './_data.ts'

/** @throws AssertionError where an answer, or what was written, is not what it should be. */
export async function checkAnswers(
  { ours, bare }: Sides,
  database: SessionDatabase,
): Promise<void> {
  const key = keyOf(1)
  for (const work of ['free', 'single', 'gathered', 'decoded', 'write'] as const) {
    strictEqual(await bare.ask(work, key), usualTheme)
  }
  for (const work of ['free', 'read', 'write'] as const) {
    strictEqual(await ours.ask(work, key), usualTheme)
  }
  // Who knows what nearly all sessions say does not know this one.
  strictEqual(await bare.ask('decoded', oddKey), oddTheme)
  strictEqual(await ours.ask('read', oddKey), oddTheme)
  for (const side of [ours, bare]) {
    const before = decode(await database.payloadOf(key))
    await side.ask('write', key)
    const after = decode(await database.payloadOf(key))
    notStrictEqual(after['visits'], before['visits'])
    deepStrictEqual({ ...after, visits: null }, { ...before, visits: null })
  }
}
