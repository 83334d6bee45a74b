/**
 * Checks of what Django's caches hold: pickles, of session data and of whatever else there is. How
 * Python's values look in a session's data has a public door, how one is read alone has none.
 *
 * @module
 */
import { PythonValue } from 'async-django/pickle'

import { canonicalize } from '../../../src/formats/json-source.ts'
import { fromMarked } from '../../../src/formats/pickle-live.ts'
import { readPickle } from '../../../src/formats/pickle-reader.ts'
import { readText, writeText } from '../../../src/formats/pickle-text.ts'
import { writePickle } from '../../../src/formats/pickle-writer.ts'
import { pickleCodec } from '../../../src/session/codecs/pickle.ts'
import { djangoLimits } from '../../../src/session/limits.ts'
import { checkValue } from '../python-value.ts'
import { type Check, type Fields, outcome, same, text, textOrNull, type Vector } from '../vector.ts'

/** Checkers by kind. */
export const pickleChecks: Readonly<Record<string, Check>> = {
  'cache.pickle': checkPickles,
  'cache.memcached_serde': checkMemcached,
  'cache.redis_value': checkRedisValue,
  'cache.redis_read': checkRedisRead,
}

const codec = pickleCodec({ limits: djangoLimits, values: 'python' })

/** The text of what a pickle in base64 holds, whether or not it is a dict. */
function textOf(pickle: string): string {
  const options = { bounds: djangoLimits, isOn: () => true }
  return writeText(readPickle(atob(pickle), options), { ...djangoLimits, size: 2 ** 24 })
}

function checkPickles({ input, output }: Vector): void {
  const texts = Object.values(output['protocols'] as Record<string, string>).map(textOf)
  const [source = ''] = texts
  for (const other of texts) same('the same by another protocol', other, source)
  checkContent(source, textOrNull(output, 'json'))
  const newest = (output['protocols'] as Record<string, string>)['5']
  if (newest !== undefined) checkWritten(input, source, newest)
}

/** What it reads as, beside what Python's JSON makes of it; some of it has none. */
function checkContent(source: string, json: string | null): void {
  const isDict = source.startsWith('{')
  const value = isDict ? codec.format.parse(source) : fromMarked(JSON.parse(source))
  if (json === null || isOther(value)) return
  checkValue(value, json)
}

/** Whether JSON shows it otherwise: a SafeString as text, two keys as one that differ in their type. */
function isOther(value: unknown): boolean {
  const members = Object.entries(Object(value) as object)
  return members.some(([key, member]) => key.startsWith('\0') || member instanceof PythonValue)
}

/** Where Python shares all that we share, the pickles are the same to the byte; else ours is shorter. */
function checkWritten({ label }: Fields, source: string, theirs: string): void {
  const ours = btoa(writePickle(readText(source)))
  same('written and read', textOf(ours), source)
  // A list that is there twice is written twice; SafeString has a longer name than it had.
  const isLonger = label === 'shared' || source.includes('safestring')
  if (ours.length >= theirs.length && !isLonger) same('written', ours, theirs)
}

/** Flag 1 says that a value is a pickle; all else are no sessions. */
async function checkMemcached({ input, output }: Vector): Promise<void> {
  const value = text(output, 'value_b64')
  if (output['flags'] === 1) checkWritten(input, textOf(value), value)
  else same('read', await refusal(value), { raises: 'ERR_PAYLOAD' })
}

function refusal(value: string): Promise<unknown> {
  return outcome(() => codec.decode(atob(value)))
}

/** Django's Redis cache writes integers as their digits; a session is none. */
async function checkRedisValue({ input, output }: Vector): Promise<void> {
  const raw = text(output, 'raw_b64')
  const json = text(input, 'value_json')
  if (/^-?\d+$/.test(atob(raw))) return same('read', await refusal(raw), { raises: 'ERR_PAYLOAD' })
  same('read', canonicalize(textOf(raw)), canonicalize(json))
  checkWritten(input, textOf(raw), raw)
}

async function checkRedisRead({ input, output }: Vector): Promise<void> {
  const raw = text(input, 'raw_b64')
  const json = textOrNull(output, 'read_json')
  if (json?.startsWith('{') === true) return checkValue(codec.format.parse(textOf(raw)), json)
  same('read', await refusal(raw), { raises: 'ERR_PAYLOAD' })
}
