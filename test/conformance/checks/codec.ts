/**
 * Checks of session payloads and session keys. How text is kept as its source has no public door:
 * it is taken from `formats/`.
 *
 * @module
 */
import { type Codec, createDjango } from 'async-django'
import { saltedHmac, TimestampSigner } from 'async-django/signing'
import { memoryStore } from 'async-django/stores/memory'

import * as jsonSource from '../../../src/formats/json-source.ts'
import { djangoOf, type Site } from '../django.ts'
import { checkValue } from '../python-value.ts'
import {
  type Check,
  isSince,
  Mismatch,
  releasesOf,
  same,
  text,
  textOrNull,
  type Vector,
} from '../vector.ts'

/** Checkers by kind. */
export const codecChecks: Readonly<Record<string, Check>> = {
  'session.encode': checkEncode,
  'session.decode': checkDecode,
  'session.key_salt': checkKeySalt,
  'session.key_valid': checkKeyValid,
  'session.key_shape': checkKeyShape,
}

function checkEncode(vector: Vector): void {
  const { output } = vector
  const { codecs } = djangoOf(vector)
  const isLegacy = output['format'] === 'legacy-sha1-base64'
  const codec = isLegacy ? codecs.legacy() : codecs.signed()
  const encoded = text(output, 'encoded')
  const json = codec.decode(encoded)
  same('payload', json, output['payload_json'])
  const decoded = text(output, 'decoded_json')
  const rewritten = textOrNull(output, 'reencoded_payload_json') ?? jsonSource.canonicalize(decoded)
  same('payload, as Python would write it', jsonSource.canonicalize(json), rewritten)
  const value = codec.format.parse(json)
  checkValue(value, decoded)
  const { stringifyLike } = codec.format.editing(jsonSource)
  same('untouched', stringifyLike(value, json), json)
  const again = codec.encode(json)
  same('payload again', codec.decode(again), json)
  if (isLegacy || !(output['compressed'] === true || again.startsWith('.'))) {
    same('encoded', again, encoded)
  }
}

/** What a release could read, the form that it wrote itself first. */
function readersOf(vector: Vector, { codecs }: Site): ReadonlyArray<Pick<Codec, 'decode'>> {
  const { django, settings } = vector
  if (isSince(vector, 4, 0)) return [codecs.signed()]
  if (django.some((release) => release.startsWith('2.'))) return [codecs.legacy()]
  const form = { key: text(settings, 'SECRET_KEY'), salt: 'django.contrib.sessions.SessionStore' }
  const sha1 = new TimestampSigner({ ...form, algorithm: 'sha1' })
  const sha256 = new TimestampSigner(form)
  const current = codecs.signed()
  const decodeSha1 = (payload: string): string => current.decode(sha256.sign(sha1.unsign(payload)))
  return [current, { decode: decodeSha1 }, codecs.legacy()]
}

async function checkDecode(vector: Vector): Promise<void> {
  const { input, output } = vector
  const encoded = text(input, 'encoded')
  const site = djangoOf(vector)
  const decoded = 'raises' in output ? '{}' : text(output, 'decoded_json')
  same('text', readText(encoded, readersOf(vector, site), site), jsonSource.canonicalize(decoded))
  for (const release of releasesOf(vector)) {
    const current = djangoOf(vector, release)
    checkValue(current.django.sessions.decode(encoded), decoded)
    await checkReport(vector, current, decoded)
  }
}

function readText(
  encoded: string,
  readers: ReadonlyArray<Pick<Codec, 'decode'>>,
  { codecs }: Site,
): string {
  const { format } = codecs.signed()
  for (const reader of readers) {
    try {
      const json = reader.decode(encoded)
      format.parse(json)
      return jsonSource.canonicalize(json)
    } catch (error) {
      const code: unknown = Reflect.get(error as object, 'code')
      if (code !== 'ERR_BAD_SIGNATURE' && code !== 'ERR_PAYLOAD') throw error
    }
  }
  return '{}'
}

/** Django logs a bad signature and nothing else; here every unreadable payload is reported, with why. */
async function checkReport(vector: Vector, site: Site, decoded: string): Promise<void> {
  const reasons: string[] = []
  site.django.on('session.corrupt', ({ reason }) => reasons.push(reason))
  const expireDate = new Date(site.now.getTime() + 1000)
  await site.store.create('a'.repeat(32), { payload: text(vector.input, 'encoded'), expireDate })
  const session = await site.django.sessions.get('a'.repeat(32)).load()
  same('logged', reasons.includes('badSignature'), (vector.output['log'] as []).length > 0)
  if (decoded.startsWith('{')) checkValue(session.data, decoded)
}

function checkKeySalt(vector: Vector): void {
  const { output } = vector
  const { codecs } = djangoOf(vector)
  const salt = textOrNull(output, 'key_salt')
  if (salt !== null) {
    const signer = new TimestampSigner({ key: 'key', salt })
    same('signed', codecs.signed().decode(signer.signJson('{"a":1}')), '{"a":1}')
  }
  const [mac = ''] = atob(codecs.legacy().encode('{}')).split(':')
  const wanted = saltedHmac(text(output, 'legacy_key_salt'), '{}', 'key', 'sha1')
  const hex = Array.from(wanted, (byte) => byte.toString(16).padStart(2, '0')).join('')
  same('legacy', mac, hex)
}

function checkKeyValid(vector: Vector): void {
  const { input, output } = vector
  for (const release of releasesOf(vector)) {
    const { django } = djangoOf(vector, release)
    const { key } = django.sessions.get(textOrNull(input, 'key'))
    same('key', key, output['accepted'] === true ? input['key'] : null)
  }
}

async function checkKeyShape({ output }: Vector): Promise<void> {
  const alphabet = text(output, 'alphabet')
  const django = createDjango({ settings: { secretKey: 'key' }, store: memoryStore() })
  const seen = new Set<string>()
  for (let count = 0; count < 100; count++) {
    const session = django.sessions.get(null)
    await session.create()
    same('length', session.key?.length, output['length'])
    for (const letter of session.key ?? '') seen.add(letter)
  }
  const made = [...seen].toSorted().join('')
  if (made !== alphabet.split('').toSorted().join('')) throw new Mismatch(`keys are of ${made}`)
}
