/**
 * Signed text. Mirrors `django.core.signing.Signer`.
 *
 * @module
 */
import { BadSignatureError, invalidArgument, PayloadError } from '../errors.ts'
import { decodeBase64url } from '../formats/base64.ts'
import { defaultBounds } from '../formats/json-bounds.ts'
import { parsePythonJson, stringifyPythonJson } from '../formats/python-json.ts'
import type { HashAlgorithm } from '../platform/platform.ts'
import { constantTimeCompare, type PreparedKey, prepareKey, type Secret } from './salted-hmac.ts'
import { platform } from '#platform'

/** How a signer signs. Give a `key`, or `preparedKeys` where the secret is not at hand. */
export type SignerOptions = SignerForm & (SecretKeys | PreparedKeys)

/** The outer form of what a signer writes. */
export interface SignerForm {
  /** What the signature is for. Default: the name of Django's class. */
  readonly salt?: string
  /** What stands between value and signature. Default `:`. */
  readonly sep?: string
  /** Default `sha256`. */
  readonly algorithm?: HashAlgorithm
}

/** Keys by their secrets. */
export interface SecretKeys {
  /** The secret to sign with. */
  readonly key: Secret
  /** Former secrets, still good for reading. Default none. */
  readonly fallbackKeys?: readonly Secret[]
}

/** Keys that `prepareKey(salt + 'signer', secret)` made: the one to sign with, then former ones. */
export interface PreparedKeys {
  readonly preparedKeys: readonly PreparedKey[]
}

/** How an object is signed. */
export interface SignObjectOptions {
  /** Whether to compress where that makes it shorter. Default false. */
  readonly compress?: boolean
}

// Django's own character class, with the six signs between Z and a; Python's $ passes over a newline.
const unsafeSeparator = /^[A-z0-9\-_=]*\n?$/

const algorithms: readonly string[] = ['md5', 'sha1', 'sha256', 'sha512'] satisfies HashAlgorithm[]

// Half of a UTF-16 pair: it has no UTF-8 form, and would be verified as a replacement character.
const halfCharacter = /\p{Surrogate}/u

/** The size that signed, compressed text may have once inflated, in bytes. */
const maxInflatedSize = 8 * 1024 * 1024

/** Whoever could sign it could also write it. */
const bounds = { ...defaultBounds, values: Number.POSITIVE_INFINITY }

/** Signs text, so that it comes back unchanged or not at all. */
export class Signer {
  readonly salt: string
  readonly sep: string
  readonly algorithm: HashAlgorithm
  readonly #keys: readonly PreparedKey[]
  /** The one of them that signs. */
  readonly #key: PreparedKey

  /**
   * @throws TypeError for a separator that could be part of a signature, for an algorithm that there
   *   is not, or without a key.
   */
  constructor(options: SignerOptions) {
    this.salt = options.salt || this.defaultSalt
    this.sep = options.sep ?? ':'
    this.algorithm = options.algorithm ?? 'sha256'
    if (!algorithms.includes(this.algorithm)) {
      throw invalidArgument(`There is no hash algorithm "${this.algorithm}".`)
    }
    if (unsafeSeparator.test(this.sep)) {
      throw invalidArgument(
        `Unsafe separator "${this.sep}": it cannot be empty or consist of A-z, 0-9, "-", "_" and "=".`,
      )
    }
    this.#keys = this.#prepare(options)
    const [key] = this.#keys
    if (!key) throw invalidArgument('A signer needs a key.')
    this.#key = key
  }

  /** Salt of a signer that is given none. */
  protected get defaultSalt(): string {
    return 'django.core.signing.Signer'
  }

  #prepare(options: SignerOptions): readonly PreparedKey[] {
    if ('preparedKeys' in options) return options.preparedKeys
    const secrets = [options.key, ...(options.fallbackKeys ?? [])]
    if (secrets.some((secret) => secret.length === 0)) throw invalidArgument('A key is empty.')
    return secrets.map((secret) => prepareKey(`${this.salt}signer`, secret, this.algorithm))
  }

  /** The signature of a value. */
  signature(value: string): string {
    return platform.hmacBase64url(this.algorithm, this.#key, platform.encodeUtf8(value))
  }

  /** The value with its signature. */
  sign(value: string): string {
    return value + this.sep + this.signature(value)
  }

  /**
   * The value without its signature.
   *
   * @throws BadSignatureError
   */
  unsign(signed: string): string {
    const at = signed.lastIndexOf(this.sep)
    if (at === -1) throw new BadSignatureError(`No "${this.sep}" found in the signed text.`)
    const value = signed.slice(0, at)
    const signature = signed.slice(at + this.sep.length)
    if (halfCharacter.test(value) || !this.#verify(value, signature)) {
      throw new BadSignatureError('The signature does not match.')
    }
    return value
  }

  #verify(value: string, signature: string): boolean {
    for (const key of this.#keys) {
      const expected = platform.hmacBase64url(this.algorithm, key, value)
      if (constantTimeCompare(signature, expected)) return true
    }
    return false
  }

  /**
   * Signs a JSON value as URL-safe text. Mirrors `Signer.sign_object`.
   *
   * @throws UnserializableError for a value that is not JSON.
   */
  signObject(value: unknown, options: SignObjectOptions = {}): string {
    return this.signJson(stringifyPythonJson(value), options)
  }

  /** Signs JSON text as it is. */
  signJson(json: string, { compress = false }: SignObjectOptions = {}): string {
    return this.sign(packJson(json, compress))
  }

  /**
   * Reads what `signObject` wrote. Mirrors `Signer.unsign_object`.
   *
   * @throws BadSignatureError; PayloadError where the signature is right and the content is not.
   */
  unsignObject(signed: string): unknown {
    return readObject(this.unsign(signed))
  }
}

/** The JSON value in unsigned text. */
export function readObject(packed: string): unknown {
  return parsePythonJson(unpackJson(packed, maxInflatedSize), bounds)
}

/** JSON text as URL-safe base64; `.` tells that it is compressed. */
export function packJson(json: string, compress: boolean): string {
  const bytes = platform.encodeLatin1(json)
  if (!compress) return platform.encodeBase64url(bytes)
  const compressed = platform.deflate(bytes)
  return compressed.length < bytes.length - 1
    ? `.${platform.encodeBase64url(compressed)}`
    : platform.encodeBase64url(bytes)
}

/** @throws PayloadError `malformed`, `tooLarge` past `maxSize` bytes. */
export function unpackJson(packed: string, maxSize: number): string {
  if (!packed.startsWith('.')) return platform.decodeLatin1(decodeBase64url(packed))
  return platform.decodeLatin1(inflate(decodeBase64url(packed.slice(1)), maxSize))
}

function inflate(bytes: Uint8Array, maxSize: number): Uint8Array {
  try {
    return platform.inflate(bytes, maxSize)
  } catch (error) {
    const isTooLarge = Reflect.get(error as object, 'code') === 'ERR_BUFFER_TOO_LARGE'
    throw isTooLarge
      ? new PayloadError('tooLarge', `A compressed payload is more than ${maxSize} bytes long.`)
      : new PayloadError('malformed', 'A payload is not a zlib stream.')
  }
}
