/**
 * Checks of `django.core.signing`. Base 62 has no public door: it is taken from the source.
 *
 * @module
 */
import { signCookie, unsignCookie } from 'async-django'
import {
  dumps,
  getCookieSigner,
  loads,
  saltedHmac,
  type Secret,
  Signer,
  TimestampSigner,
} from 'async-django/signing'

import { decodeBase62, encodeBase62 } from '../../../src/formats/base62.ts'
import { canonicalize } from '../../../src/formats/json-source.ts'
import { djangoOf } from '../django.ts'
import { checkValue } from '../python-value.ts'
import {
  bytes,
  type Check,
  answerOf,
  fieldsOf,
  isSince,
  outcome,
  releasesOf,
  same,
  text,
  type Vector,
} from '../vector.ts'

/** Checkers by kind. */
export const signingChecks: Readonly<Record<string, Check>> = {
  'signing.salted_hmac': checkSaltedHmac,
  'signing.b62': checkBase62,
  'signing.sign': checkSign,
  'signing.sep': checkSeparator,
  'signing.unsign': checkUnsign,
  'signing.dumps': checkDumps,
  'signing.unserializable': checkUnserializable,
  'signing.cookie_signer': checkCookieSigner,
  'signing.http_signed_cookie': checkSignedCookie,
}

type Digest = 'md5' | 'sha1' | 'sha256' | 'sha512'

/** SHA-1 up to 3.0. */
function digestOf(vector: Vector): Digest {
  return isSince(vector, 3, 1) ? 'sha256' : 'sha1'
}

function nowOf({ settings }: Vector): () => Date {
  return () => new Date(Number(settings['now']) * 1000)
}

function checkSaltedHmac({ input, output }: Vector): void {
  const value = 'value' in input ? text(input, 'value') : bytes(input, 'value_b64')
  const secret: Secret = 'secret' in input ? text(input, 'secret') : bytes(input, 'secret_b64')
  for (const algorithm of Object.keys(output)) {
    const mac = saltedHmac(text(input, 'key_salt'), value, secret, algorithm as Digest)
    const hex = Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('')
    same(algorithm, hex, output[algorithm])
  }
}

function checkBase62({ input, output }: Vector): void {
  const integer = BigInt(text(input, 'int'))
  same('encoded', encodeBase62(integer), output['text'])
  same('decoded', decodeBase62(text(output, 'text')), integer)
}

/** The signer that the vector's input describes. */
function signerOf(vector: Vector): Signer {
  const { input, settings } = vector
  const key = text(settings, 'SECRET_KEY')
  const fallbackKeys = (settings['SECRET_KEY_FALLBACKS'] ?? []) as string[]
  const form = { key, fallbackKeys, algorithm: digestOf(vector), ...fieldsOf(input, 'opts') }
  return input['class'] === 'Signer'
    ? new Signer(form)
    : new TimestampSigner({ ...form, now: nowOf(vector) })
}

function checkSign(vector: Vector): void {
  const { input, output } = vector
  const signer = signerOf(vector)
  same('salt', signer.salt, output['salt_used'])
  same('signed', signer.sign(text(input, 'value')), output['signed'])
  same('unsigned', signer.unsign(text(output, 'signed')), input['value'])
}

async function checkSeparator({ input, output }: Vector): Promise<void> {
  const made = await outcome(() => {
    const { sep } = new Signer({ key: 'key', sep: text(input, 'sep') })
    return { ok: sep === input['sep'] }
  })
  same('made', made, answerOf(output, { ValueError: 'ERR_INVALID_ARGUMENT' }))
}

async function checkUnsign(vector: Vector): Promise<void> {
  const { input, output } = vector
  const signer = signerOf(vector) as TimestampSigner
  const maxAge = input['max_age'] as number | null
  const read = await outcome(() => ({ value: signer.unsign(text(input, 'signed'), { maxAge }) }))
  same('unsigned', read, answerOf(output))
}

/** Compressed text is not reproducible: where it comes in, only what it decodes to is compared. */
function checkDumps(vector: Vector): void {
  const { input, output, settings } = vector
  const salt = text(input, 'salt')
  const compress = input['compress'] === true
  const signed = text(output, 'signed')
  const form = {
    key: text(settings, 'SECRET_KEY'),
    salt,
    algorithm: digestOf(vector),
    now: nowOf(vector),
  }
  const value = loads(signed, form)
  checkValue(value, text(output, 'decoded_json'))
  same('read again', loads(dumps(value, { ...form, compress }), form), value)
  if (!isSince(vector, 3, 1)) return
  const codec = djangoOf(vector).codecs.signed(salt)
  const json = codec.decode(signed)
  same('source', canonicalize(json), canonicalize(text(input, 'data_json')))
  const ours = new TimestampSigner(form).signJson(json, { compress })
  same('source again', codec.decode(ours), json)
  if (output['compressed'] === false && !ours.startsWith('.')) same('signed', ours, signed)
}

class Decimal {}
class Uuid {}

/** What Python's values are most like here. */
const unlike: Readonly<Record<string, unknown>> = {
  datetime: { d: new Date() },
  decimal: { d: new Decimal() },
  uuid: { u: new Uuid() },
  set: { s: new Set([1]) },
  bytes: { b: new Uint8Array(1) },
  tuplekey: { m: new Map([[[1, 2], 3]]) },
}

async function checkUnserializable({ input, output }: Vector): Promise<void> {
  const value = unlike[text(input, 'label')]
  const signed = await outcome(() => ({ signed: dumps(value, { key: 'key' }) }))
  same('signed', signed, answerOf(output))
}

function checkCookieSigner(vector: Vector): void {
  const { input, output } = vector
  const signer = cookieSigner(vector, text(input, 'salt'))
  same('signed', signer.sign(text(input, 'value')), output['signed'])
  same('unsigned', signer.unsign(text(output, 'signed')), input['value'])
}

/** What `getCookieSigner` makes; it knows no SHA-1, so that is put together here. */
function cookieSigner(vector: Vector, salt: string): TimestampSigner {
  const key = text(vector.settings, 'SECRET_KEY')
  const now = nowOf(vector)
  if (digestOf(vector) === 'sha256') return getCookieSigner({ key, salt, now })
  return new TimestampSigner({ key: `django.http.cookies${key}`, salt, algorithm: 'sha1', now })
}

async function checkSignedCookie(vector: Vector): Promise<void> {
  const { input, output } = vector
  const signer = cookieSigner(vector, text(output, 'salt_used'))
  same('by salt', signer.sign(text(input, 'value')), output['cookie_value'])
  for (const release of releasesOf(vector)) await checkRelease(vector, release)
}

async function checkRelease({ input, output, settings }: Vector, release: string): Promise<void> {
  const name = text(input, 'name')
  const value = text(input, 'value')
  const form = {
    key: text(settings, 'SECRET_KEY'),
    salt: text(input, 'salt'),
    djangoVersion: release as '6.1',
    now: () => new Date(Number(settings['now']) * 1000),
  }
  same('signed', signCookie(name, value, form), output['cookie_value'])
  same('unsigned', unsignCookie(name, text(output, 'cookie_value'), form), value)
  if (!('legacy_cookie_value' in output)) return
  const legacy = text(output, 'legacy_cookie_value')
  const readLegacy = (fallback: object): Promise<unknown> =>
    outcome(() => unsignCookie(name, legacy, { ...form, ...fallback }))
  const refused = { raises: 'ERR_BAD_SIGNATURE' }
  const byDefault = settings['SIGNED_COOKIE_LEGACY_SALT_FALLBACK(default)'] === true
  same('legacy by default', await readLegacy({}), byDefault ? value : refused)
  same('legacy, read', await readLegacy({ signedCookieLegacySaltFallback: true }), value)
  same('legacy, refused', await readLegacy({ signedCookieLegacySaltFallback: false }), refused)
}
