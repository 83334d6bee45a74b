/**
 * How caches in Redis keep values: serialized, and compressed where the cache is set to.
 *
 * @module
 */
import { ImproperlyConfiguredError, isAsyncDjangoError, PayloadError } from '../errors.ts'
import type { Codec } from '../session/codec.ts'
import { pickleCodec, type PickleOptions } from '../session/codecs/pickle.ts'
import type { StoreContext } from '../session/store.ts'
import {
  namedCompressor,
  type RedisCompressor,
  type RedisCompressorName,
} from './_redis-compressors.ts'
import { platform } from '#platform'

type Limits = StoreContext['limits']

/** What the cache keeps values as. */
export interface RedisValueOptions extends PickleOptions {
  /**
   * `json` for `SERIALIZER: 'django_redis.serializers.json.JSONSerializer'`. Default `pickle`, as
   * Django's own `RedisCache` has it, and django-redis by itself.
   */
  readonly serializer?: 'pickle' | 'json'
  /** `COMPRESSOR` of django-redis, by name or as an object of yours. Default none. */
  readonly compressor?: RedisCompressorName | RedisCompressor
}

/**
 * The codec of a cache. Its payloads are bytes, one character each.
 *
 * @throws ImproperlyConfiguredError for an option that cannot be.
 */
export function redisCodec({
  serializer = 'pickle',
  compressor,
  ...pickleOptions
}: RedisValueOptions): (context: StoreContext) => Codec {
  if (serializer !== 'pickle' && serializer !== 'json') {
    throw new ImproperlyConfiguredError('serializer', 'must be "pickle" or "json".')
  }
  const used = typeof compressor === 'string' ? namedCompressor(compressor) : compressor
  return ({ codecs, limits }) => {
    const serialized =
      serializer === 'json'
        ? jsonCodec(codecs.signed().format, limits)
        : pickleCodec({ limits, ...pickleOptions })
    return used ? compressed(serialized, used, limits) : serialized
  }
}

/** Mirrors `django_redis.serializers.json.JSONSerializer`: JSON with spaces, in UTF-8. */
function jsonCodec(format: Codec['format'], { payloadSize }: Limits): Codec {
  return {
    name: 'json',
    isSigned: false,
    format,
    encode: (text) =>
      checkSize(platform.decodeLatin1(platform.encodeUtf8(spaced(text))), payloadSize),
    decode: (payload) => decodeUtf8(platform.encodeLatin1(checkSize(payload, payloadSize))),
    signedAt: () => null,
  }
}

function checkSize(payload: string, mostBytes: number): string {
  if (payload.length <= mostBytes) return payload
  throw new PayloadError('tooLarge', `A value is more than ${mostBytes} bytes long.`)
}

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[ \t\n\r]+|[,:]/g

/** As Python's `json.dumps` writes by itself: a space after commas and colons. */
function spaced(text: string): string {
  return text.replace(tokens, (token) => {
    if (token === ',' || token === ':') return `${token} `
    return token.startsWith('"') ? token : ''
  })
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new PayloadError('malformed', 'A value is no text in UTF-8.', { cause: error })
  }
}

/** Mirrors `DefaultClient.encode` and `decode` of django-redis: what cannot be inflated never was. */
function compressed(codec: Codec, compressor: RedisCompressor, limits: Limits): Codec {
  const { minLength, compress, decompress } = compressor
  const inflated = (payload: string): string => {
    try {
      const bytes = decompress(platform.encodeLatin1(payload), limits.inflatedSize)
      return platform.decodeLatin1(bytes)
    } catch (error) {
      if (isAsyncDjangoError(error)) throw error
      return payload
    }
  }
  return {
    ...codec,
    encode(text) {
      const payload = codec.encode(text)
      if (payload.length <= minLength) return payload
      return platform.decodeLatin1(compress(platform.encodeLatin1(payload)))
    },
    decode: (payload) => codec.decode(inflated(payload)),
  }
}
