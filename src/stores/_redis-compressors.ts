/**
 * Compressors of django-redis, as far as Node has them.
 *
 * @module
 */
import type { Buffer } from 'node:buffer'
import zlib from 'node:zlib'

import { ImproperlyConfiguredError, PayloadError } from '../errors.ts'

/** What django-redis calls a compressor. Yours is to write and read what `COMPRESSOR` there does. */
export interface RedisCompressor {
  /** `min_length`: what is not longer is kept as it is. */
  readonly minLength: number
  compress(bytes: Uint8Array): Uint8Array
  /**
   * Throws for what it did not compress: that is then read as it is. Is to stop once there are more
   * than `maxSize` bytes.
   */
  decompress(bytes: Uint8Array, maxSize: number): Uint8Array
}

/** Compressors by name: `ZlibCompressor`, `GzipCompressor` and `ZStdCompressor` of django-redis. */
export type RedisCompressorName = 'zlib' | 'gzip' | 'zstd'

type Work = (bytes: Uint8Array, options?: { readonly maxOutputLength: number }) => Buffer

/** Node has zstd from 22.15 on. */
const works: Readonly<Record<RedisCompressorName, readonly [Work | undefined, Work | undefined]>> =
  {
    zlib: [zlib.deflateSync, zlib.inflateSync],
    gzip: [zlib.gzipSync, zlib.gunzipSync],
    zstd: [
      Reflect.get(zlib, 'zstdCompressSync') as Work | undefined,
      Reflect.get(zlib, 'zstdDecompressSync') as Work | undefined,
    ],
  }

/** What django-redis has as `min_length` of these three. */
const minLength = 15

/**
 * The compressor that is meant.
 *
 * @throws ImproperlyConfiguredError for one that is not there.
 */
export function namedCompressor(name: RedisCompressorName): RedisCompressor {
  const [compress, decompress] = Object.hasOwn(works, name) ? works[name] : []
  if (!compress || !decompress) {
    throw new ImproperlyConfiguredError(
      'compressor',
      `this runtime has no ${JSON.stringify(name)}. Give an object that compresses and decompresses.`,
    )
  }
  return {
    minLength,
    compress: (bytes) => compress(bytes),
    decompress(bytes, maxOutputLength) {
      try {
        return decompress(bytes, { maxOutputLength })
      } catch (error) {
        throw isTooLarge(error) ? tooLarge(maxOutputLength) : error
      }
    },
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && Reflect.get(error, 'code') === 'ERR_BUFFER_TOO_LARGE'
}

function tooLarge(maxSize: number): PayloadError {
  return new PayloadError('tooLarge', `A value is more than ${maxSize} bytes long.`)
}
