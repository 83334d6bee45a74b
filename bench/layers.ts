/**
 * The layers of a request, each alone, in a loop: microseconds on one core. `--quick` runs shorter.
 *
 * @module
 */
import { createDjango, type Django, type SessionStoreFactory } from 'async-django'
import { deepStrictEqual } from 'node:assert/strict'
import { parseArgs } from 'node:util'

import * as jsonSource from '../src/formats/json-source.ts'
import type { Exchange } from '../src/http/exchange.ts'
import { signedCodec } from '../src/session/codecs/signed.ts'
import type { Codec } from '../src/session/codec.ts'
import { Draft } from '../src/session/draft.ts'
import { defaultLimits } from '../src/session/limits.ts'
import { merge } from '../src/session/merge.ts'
import { prepareKey } from '../src/signing/salted-hmac.ts'
import { decode as decodeBare, encode as encodeBare, secretKey } from './_bare-codec.ts'
import { keyOf, sessionData } from './_data.ts'
import { median, rounded, saveResults } from './_results.ts'

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const roundsPerLayer = options.quick ? 3 : 11
const msPerRound = options.quick ? 30 : 200

const salt = 'django.contrib.sessions.SessionStore'
const makeCodec = (): Codec =>
  signedCodec({
    salt,
    preparedKeys: [prepareKey(`${salt}signer`, secretKey)],
    limits: defaultLimits,
    now: () => new Date(),
  })

const count = 1000
const codec = makeCodec()
const editing = codec.format.editing(jsonSource)
const texts = Array.from({ length: count }, (_, at) => JSON.stringify(sessionData(at)))
const payloads = texts.map((text) => encodeBare(text))
const at = <T>(list: readonly T[], index: number): T => list[index % count] as T
const parsed = (text: string): Record<string, unknown> =>
  codec.format.parse(text) as Record<string, unknown>

/** Sessions that are there at once, so that only our own work is measured. */
const instantStore: SessionStoreFactory = ({ codecs }) => {
  const load = (key: string): { payload: string; expireDate: null } => ({
    payload: at(payloads, Number(key)),
    expireDate: null,
  })
  return {
    name: 'instant',
    codec: codecs.signed(),
    can: { compareAndSwap: true, revoke: true, touch: true, clear: true, columns: false },
    load: async (key) => load(key),
    loadMany: async (keys) => new Map(keys.map((key) => [key, load(key)])),
    exists: async () => true,
    create: async (key, stored) => ({ key, stored }),
    update: async (key, stored) => ({ outcome: 'saved', key, stored }),
    touch: async () => true,
    delete: async () => 'deleted',
    async *clearExpired() {},
  }
}

const django: Django = createDjango({ settings: { secretKey }, store: instantStore })

function exchange(key: string): Exchange {
  const headers = new Map<string, string>()
  return {
    method: 'GET',
    scheme: 'http',
    host: 'localhost',
    path: '/',
    status: 200,
    headersSent: false,
    header: (name) => (name === 'cookie' ? `sessionid=${key}` : null),
    formField: () => Promise.resolve(null),
    getHeader: (name) => headers.get(name) ?? null,
    setHeader: (name, value) => void headers.set(name, value),
    appendHeader: (name, value) => void headers.set(name, value),
  }
}

let fresh = makeCodec()

/** What is measured; the index differs at each call. */
const layers: Readonly<Record<string, (index: number) => unknown>> = {
  'decode, new payload': (index) => {
    if (index % count === 0) fresh = makeCodec()
    return fresh.decode(at(payloads, index))
  },
  'decode, straight with node:crypto and JSON.parse': (index) => decodeBare(at(payloads, index)),
  'decode, payload seen before': (index) => codec.decode(at(payloads, index)),
  parse: (index) => codec.format.parse(at(texts, index)),
  'JSON.parse': (index) => JSON.parse(at(texts, index)) as unknown,
  encode: (index) => codec.encode(at(texts, index)),
  'encode, straight': (index) => encodeBare(at(texts, index)),
  'find a change and write its text': (index) => {
    const text = at(texts, index)
    const draft = new Draft(text, parsed(text), codec.format, editing)
    draft.live['visits'] = index
    return draft.snapshot().ours
  },
  'merge of two changes': (index) => {
    const base = at(texts, index)
    const changes = {
      base,
      ours: base.replace('"visits":1', '"visits":2'),
      assigned: new Set(['visits']),
      kept: new Set<string>(),
      cleared: false,
    }
    return merge(changes, base.replace('"en"', '"fr"'), codec.format).text
  },
  'middleware, session not touched': (index) =>
    django.begin(exchange(keyOf(index % count))).commit(),
  'middleware, session read': async (index) => {
    const state = django.begin(exchange(keyOf(index % count)))
    const session = await state.session.load()
    session.get('theme')
    await state.commit()
  },
  'middleware, session written': async (index) => {
    const state = django.begin(exchange(keyOf(index % count)))
    const session = await state.session.load()
    session.data['visits'] = index
    await state.commit()
  },
}

/** Microseconds a call. */
async function time(layer: (index: number) => unknown, ms: number): Promise<number> {
  let calls = 0
  const start = performance.now()
  while (performance.now() - start < ms) {
    for (let turn = 0; turn < 50; turn++) {
      const result = layer(calls++)
      if (result instanceof Promise) await result
    }
  }
  return ((performance.now() - start) / calls) * 1000
}

deepStrictEqual(parsed(codec.decode(at(payloads, 7))), decodeBare(at(payloads, 7)))

const times = new Map(Object.keys(layers).map((name) => [name, [] as number[]]))
for (let round = 0; round <= roundsPerLayer; round++) {
  for (const [name, layer] of Object.entries(layers)) {
    const us = await time(layer, msPerRound)
    if (round > 0) times.get(name)?.push(us)
  }
}
const rows = Array.from(times, ([layer, us]) => ({ layer, µs: rounded(median(us), 2) }))
const title = `Layers alone: a session of ${at(texts, 7).length} bytes, ${at(payloads, 7).length} characters as it is stored`
console.log(title)
console.table(rows)
saveResults('layers', { title, rows })
