/**
 * What the core needs from the runtime it is in. `#platform` resolves to one of the files beside
 * this one; all of them keep this contract.
 *
 * @module
 */

/** The digests that Django's formats use. */
export type HashAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512'

/** A one-way announcement that nobody needs to listen to. */
export interface Channel {
  readonly hasSubscribers: boolean
  publish(message: unknown): void
}

/** What every derivation of a key from a password takes. */
export interface Derivation {
  readonly password: Uint8Array
  readonly salt: Uint8Array
  /** Length of the key, in bytes. */
  readonly size: number
}

/** PBKDF2 with an HMAC. */
export interface Pbkdf2Derivation extends Derivation {
  readonly algorithm: HashAlgorithm
  readonly iterations: number
}

/** scrypt. */
export interface ScryptDerivation extends Derivation {
  /** `N`, a power of two. */
  readonly workFactor: number
  /** `r`. */
  readonly blockSize: number
  /** `p`. */
  readonly parallelism: number
  /** The memory it may take, in bytes; 0 for the 32 MiB of OpenSSL. */
  readonly maxMemory: number
}

/** Argon2, version 19. */
export interface Argon2Derivation extends Derivation {
  readonly variety: 'argon2d' | 'argon2i' | 'argon2id'
  /** In KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** A timer that is set again and again. */
export interface Alarm {
  /** Rings once in so many milliseconds, and no more when it was to ring before. */
  set(ms: number): void
  /** Whether the process waits for it before it ends, where a runtime gives a choice. */
  keepProcess(isKept: boolean): void
}

/** Primitives that differ by runtime. */
export interface Platform {
  /** Digest of the concatenated parts. */
  hash(algorithm: HashAlgorithm, ...parts: readonly Uint8Array[]): Uint8Array
  /** HMAC of a message; text is taken as UTF-8. */
  hmac(algorithm: HashAlgorithm, key: Uint8Array, message: Uint8Array | string): Uint8Array
  /** The same, as URL-safe base64 without padding. */
  hmacBase64url(algorithm: HashAlgorithm, key: Uint8Array, message: Uint8Array | string): string
  /** Compares in a time that depends on the lengths only. */
  timingSafeEqual(a: string, b: string): boolean
  /** Cryptographically random bytes. */
  randomBytes(size: number): Uint8Array
  /** zlib with header, level 6. */
  deflate(bytes: Uint8Array): Uint8Array
  /** zlib with header; bytes after the stream are ignored. Throws past `maxSize` bytes. */
  inflate(bytes: Uint8Array, maxSize: number): Uint8Array
  /** UTF-8; throws on a lone surrogate, as Python does. */
  encodeUtf8(text: string): Uint8Array
  /** One byte a character; characters past U+00FF never come in. */
  encodeLatin1(text: string): Uint8Array
  decodeLatin1(bytes: Uint8Array): string
  /** Two lower-case digits a byte. */
  encodeHex(bytes: Uint8Array): string
  /** URL-safe base64 without padding. */
  encodeBase64url(bytes: Uint8Array): string
  /** Standard base64 with padding. */
  encodeBase64(bytes: Uint8Array): string
  /** Reads either alphabet, with or without padding; the text holds nothing else. */
  decodeBase64(text: string): Uint8Array
  /** A named diagnostics channel. */
  channel(name: string): Channel
  /** Runs a task later, unless the returned function is called before. */
  delay(task: () => void, ms: number): () => void
  /** A timer, not set yet. */
  alarm(task: () => void): Alarm
  /** Runs a task after the present turn of the event loop has taken its I/O in. */
  afterTurn(task: () => void): void
  /** Whether the process says that it runs in production. */
  isProduction(): boolean
  /** Tells the operator something, once per code. */
  warn(code: string, message: string): void
}

/** Derivations of keys from passwords. They take long, and run off the event loop. */
export interface Derivations {
  /** Rejects for parameters that make no sense. */
  pbkdf2(derivation: Pbkdf2Derivation): Promise<Uint8Array>
  /** Rejects for parameters that make no sense. */
  scrypt(derivation: ScryptDerivation): Promise<Uint8Array>
  /** Null where the runtime has no Argon2 of its own. */
  readonly argon2: ((derivation: Argon2Derivation) => Promise<Uint8Array>) | null
  /** How many derivations may run at once, so that files and names are still read meanwhile. */
  mostAtOnce(): number
}

/** The primitives of the present runtime. */
export declare const platform: Platform

/** The derivations of the present runtime. */
export declare const derivations: Derivations
