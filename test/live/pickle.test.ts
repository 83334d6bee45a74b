/**
 * Real Python and this package: what one pickles, the other reads, in every protocol, and what nobody
 * changed goes back as it was. `PICKLE_SEED` and `PICKLE_VALUES` choose others, and more.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { describe, expect, test } from 'vitest'

import * as jsonSource from '../../src/formats/json-source.ts'
import { pickleCodec } from '../../src/session/codecs/pickle.ts'
import { defaultLimits } from '../../src/session/limits.ts'
import { pythonVariables } from '../../tools/_python.ts'
import { liveReleases } from './_pythons.ts'

const script = fileURLToPath(new URL('pickle_values.py', import.meta.url))
const { PICKLE_SEED: seed = 'pickle', PICKLE_VALUES: count = '1500' } = process.env

/** What Python made of a value. */
interface Made {
  /** In base64, by protocol. */
  readonly pickles: Readonly<Record<string, string>>
  /** The same, for plain data: its JSON, and the pickle in which equal strings are one. */
  readonly json?: string
  readonly bytes?: string
}

const codec = pickleCodec({ limits: defaultLimits, values: 'python' })
const { format } = codec
const editing = format.editing(jsonSource)

async function runPython(python: string, command: string, input = ''): Promise<string> {
  const options = { env: pythonVariables(), maxBuffer: 2 ** 28 }
  const running = promisify(execFile)(python, [script, command, seed, count], options)
  running.child.stdin?.end(input)
  return (await running).stdout
}

/** Our pickles of a value, by what was done to it on the way. */
function ourPickles(text: string): Record<string, string> {
  const data = format.parse(text) as Record<string, unknown>
  const beside = editing.stringifyLike({ ...data, ours: [1.5] }, text)
  return {
    untouched: codec.encode(editing.stringifyLike(data, text)),
    'beside ours': codec.encode(beside),
    'without ours again': codec.encode(editing.stringifyLike(data, beside)),
    'written anew': codec.encode(editing.stringifyLike(data, '{}')),
  }
}

function toBase64(pickles: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(pickles).map(([name, it]) => [name, btoa(it)]))
}

/** Reads what Python made, by each protocol the same, and makes pickles of it. */
function answer({ pickles, json, bytes }: Made): string {
  const text = codec.decode(atob(pickles['5'] ?? ''))
  for (const [protocol, it] of Object.entries(pickles)) {
    // Python itself keeps the fold of a time from protocol 4 on.
    const wanted = Number(protocol) < 4 ? text.replaceAll(' fold=1', '') : text
    expect(codec.decode(atob(it))).toBe(wanted)
  }
  // A key that begins with U+0000 has another form in the text.
  const isPlain = !text.includes(String.raw`"\u0000`)
  const ours = btoa(codec.encode(text))
  expect({ text, ours }).toEqual({ text: (isPlain ? json : null) ?? text, ours: bytes ?? ours })
  return JSON.stringify(toBase64(ourPickles(text)))
}

describe.each(await liveReleases())('Django $series', ({ python }) => {
  test('both read what the other pickles', { timeout: 300_000 }, async ({ skip }) => {
    if (python === null) skip('there is no Python for it')
    const lines = (await runPython(String(python), 'make')).trimEnd().split('\n')
    expect(lines).toHaveLength(Number(count))
    const ours = lines.map((line) => answer(JSON.parse(line) as Made))
    expect(await runPython(String(python), 'check', `${ours.join('\n')}\n`)).toBe('')
  })
})
