/**
 * Damages pickles and signed payloads, and reads them: each is read as plain data, or refused.
 *
 *     npm run fuzz                              a minute of it, of a new seed
 *     npm run fuzz -- --count=1000000           so many
 *     npm run fuzz -- --seed=5 --from=77 --count=1      one again, by its number
 *
 * @module
 */
import { parseArgs } from 'node:util'

import * as jsonSource from '../../src/formats/json-source.ts'
import { AsyncDjangoError } from '../../src/errors.ts'
import { UnserializableError } from '../../src/formats/python-json.ts'
import type { Codec } from '../../src/session/codec.ts'
import { legacyCodec } from '../../src/session/codecs/legacy.ts'
import { pickleCodec } from '../../src/session/codecs/pickle.ts'
import { signedCodec } from '../../src/session/codecs/signed.ts'
import { defaultLimits as limits } from '../../src/session/limits.ts'
import { VerifiedPayloads } from '../../src/session/verified-payloads.ts'
import { prepareKey } from '../../src/signing/salted-hmac.ts'
import { Random } from '../differential/random.ts'
import { pickles, texts } from './corpus.ts'
import { mutate } from './mutate.ts'
import { foreignIn, inherited } from './watch.ts'

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    count: { type: 'string' },
    seconds: { type: 'string', default: '60' },
  },
})
const seed = Number(options.seed ?? Date.now() % 1_000_000_000)
const from = Number(options.from)
const count = options.count === undefined ? Number.POSITIVE_INFINITY : Number(options.count)
const seconds = options.count === undefined ? Number(options.seconds) : Number.POSITIVE_INFINITY
/** Nothing that is read takes longer; the bound of 20 ms has tests that know how busy a machine is. */
const mostMs = 200

const signed = signedCodec({
  salt: 'salt',
  preparedKeys: [prepareKey('saltsigner', 'secret')],
  limits,
  now: () => new Date(0),
})
const legacy = legacyCodec({ preparedKeys: [prepareKey('salt', 'secret', 'sha1')], limits })
const corpus = { pickles: pickles(), texts: texts() }

interface Case {
  readonly codec: Codec
  readonly payload: string
}

/** A damaged payload: with a right signature in two of three cases, where it has one. */
function signedCase(codec: Codec, random: Random): Case {
  const text = random.pick(corpus.texts)
  const other = random.pick(corpus.texts)
  if (random.chance(1 / 3)) {
    return { codec, payload: mutate(codec.encode(text), other, random, 'json') }
  }
  return { codec, payload: signAnyway(codec, mutate(text, other, random, 'json')) }
}

/** What is past the bounds is refused when it is written; then it is only damaged. */
function signAnyway(codec: Codec, text: string): string {
  try {
    return codec.encode(text)
  } catch {
    return text
  }
}

function makeCase(random: Random): Case {
  const kind = random.below(10)
  if (kind === 0) return signedCase(legacy, random)
  if (kind < 3) return signedCase(signed, random)
  const codec = pickleCodec({ limits, values: random.chance(0.7) ? 'python' : [] })
  const payload = mutate(random.pick(corpus.pickles), random.pick(corpus.pickles), random, 'pickle')
  return { codec, payload }
}

/** What came of a payload: how it was refused, or that it was read. */
function judge({ codec, payload }: Case): string {
  const read = readAll(codec, payload)
  if (typeof read === 'string') return read
  const { text, data } = read
  const foreign = foreignIn(data)
  if (foreign !== null) throw new Error(`It was read as ${foreign}.`)
  const isObject = text.trimStart().startsWith('{')
  if (!isObject) return 'no object'
  return isSame(codec, text, data as Record<string, unknown>)
}

function readAll(codec: Codec, payload: string): string | { text: string; data: unknown } {
  try {
    const verified = new VerifiedPayloads(codec).open(payload)
    return { text: verified.text, data: verified.parse() }
  } catch (error) {
    if (!(error instanceof AsyncDjangoError)) throw error
    return 'reason' in error ? String(error.reason) : 'badSignature'
  }
}

/** What nobody changed is written as it was, and is read as it was once it is written. */
function isSame(codec: Codec, text: string, data: Record<string, unknown>): string {
  const { stringifyLike } = codec.format.editing(jsonSource)
  try {
    const untouched = stringifyLike(data, text)
    if (untouched !== text) return 'read; not written as it was'
    if (codec.decode(codec.encode(text)) !== text) throw new Error('It was written as another.')
    return 'read'
  } catch (error) {
    if (error instanceof UnserializableError) return 'read; cannot be written'
    if (error instanceof AsyncDjangoError) return 'read; cannot be written'
    throw error
  }
}

/** Where it seems slow, the least of some runs counts: a busy machine disturbs. */
function isSlow(number: number): boolean {
  let least = Number.POSITIVE_INFINITY
  for (let time = 0; time < 3; time++) {
    const made = makeCase(new Random(seedOf(number)))
    const begin = performance.now()
    judge(made)
    least = Math.min(least, performance.now() - begin)
  }
  return least > mostMs
}

const seedOf = (number: number): number => seed * 1_000_003 + number

function run(): boolean {
  const outcomes = new Map<string, number>()
  const before = inherited()
  const startedAt = performance.now()
  let slowest = 0
  let done = 0
  for (; done < count && performance.now() - startedAt < seconds * 1000; done++) {
    const number = from + done
    const made = makeCase(new Random(seedOf(number)))
    const begin = performance.now()
    try {
      const outcome = `${made.codec.name}: ${judge(made)}`
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      const ms = performance.now() - begin
      slowest = Math.max(slowest, ms)
      if (ms > mostMs && isSlow(number)) throw new Error(`It took ${ms.toFixed(0)} ms.`)
      if (inherited() !== before) throw new Error('It changed what objects inherit.')
    } catch (error) {
      console.error(`--seed=${seed} --from=${number} --count=1:`, error)
      console.error(JSON.stringify(made.payload.slice(0, 4000)))
      return false
    }
  }
  report(outcomes, done, slowest, performance.now() - startedAt)
  return true
}

function report(
  outcomes: ReadonlyMap<string, number>,
  done: number,
  slowest: number,
  ms: number,
): void {
  const rate = ((done / ms) * 1000).toFixed(0)
  console.log(
    `seed ${seed}: ${done} payloads, ${rate} a second, the slowest ${slowest.toFixed(1)} ms`,
  )
  for (const [outcome, times] of [...outcomes].toSorted(([, a], [, b]) => b - a)) {
    console.log(`${String(times).padStart(9)}  ${outcome}`)
  }
  console.log('crashes 0, hangs 0, changed prototypes 0, foreign objects 0')
}

process.exitCode = run() ? 0 : 1
