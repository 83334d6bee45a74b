import { deflateSync, gzipSync } from 'node:zlib'

import { describe, expect, test } from 'vitest'

import { type Codec, jsonFormat } from '../session/codec.ts'
import { defaultLimits } from '../session/limits.ts'
import type { StoreContext } from '../session/store.ts'
import { redisCodec, type RedisValueOptions } from './_redis-codec.ts'
import type { RedisCompressor } from './_redis-compressors.ts'

function codecOf(options: RedisValueOptions = {}): Codec {
  const signed = (): Codec => ({ format: jsonFormat() }) as Codec
  return redisCodec(options)({
    codecs: { signed, legacy: signed },
    limits: { ...defaultLimits, inflatedSize: 1000 },
  } as Partial<StoreContext> as StoreContext)
}

const text = `{"a":"${'long '.repeat(50)}","é":[1.0,{"b":", : "}]}`

describe('redisCodec', () => {
  test.each([
    {},
    { serializer: 'json' },
    { compressor: 'zlib' },
    { compressor: 'gzip', serializer: 'json' },
  ] as const)('reads what it writes, with %j', (options) => {
    const codec = codecOf(options)
    const payload = codec.encode(text)
    expect(/^[\0-\xff]*$/.test(payload), 'one character a byte').toBe(true)
    expect(codec.format.parse(codec.decode(payload))).toEqual(JSON.parse(text))
    expect(codec.isSigned).toBe(false)
    expect(codec.signedAt(payload)).toBeNull()
  })

  test('writes JSON as Python does by itself, and keeps what stands in strings', () => {
    const codec = codecOf({ serializer: 'json' })
    const given = '{"a":[1,2.50,{"b\\"c":", :"}] ,\n"d" : "\\u00e9"}'
    const spaced = '{"a": [1, 2.50, {"b\\"c": ", :"}], "d": "\\u00e9"}'
    expect(codec.encode(given)).toBe(spaced)
    expect(codec.decode(spaced)).toBe(spaced)
  })

  test('reads JSON in UTF-8, and nothing else', () => {
    const codec = codecOf({ serializer: 'json' })
    const bytes = Buffer.from('{"é":"漢字"}').toString('latin1')
    expect(codec.decode(bytes)).toBe('{"é":"漢字"}')
    expect(() => codec.decode('{"\xe9":1}')).toThrow(
      expect.objectContaining({ code: 'ERR_PAYLOAD', reason: 'malformed' }),
    )
    expect(() => codec.decode('1'.repeat(defaultLimits.payloadSize + 1))).toThrow(
      expect.objectContaining({ reason: 'tooLarge' }),
    )
  })

  test.each(['zlib', 'gzip'] as const)('compresses by %s what is longer than 15 bytes', (name) => {
    const codec = codecOf({ serializer: 'json', compressor: name })
    expect(codec.encode('{"a": "123456"}')).toBe('{"a": "123456"}')
    const packed = codec.encode('{"a": "1234567"}')
    const [first] = name === 'zlib' ? ['\x78'] : ['\x1f']
    expect(packed.startsWith(first ?? '')).toBe(true)
    expect(codec.decode(packed)).toBe('{"a": "1234567"}')
  })

  test('reads what was not compressed, as a cache has it that is set to compress since', () => {
    const codec = codecOf({ compressor: 'zlib' })
    const plain = codecOf().encode(text)
    expect(codec.decode(plain)).toBe(codecOf().decode(plain))
  })

  test.each([
    ['zlib', deflateSync],
    ['gzip', gzipSync],
  ] as const)('inflates no more by %s than a session may hold', (compressor, pack) => {
    const codec = codecOf({ serializer: 'json', compressor })
    const bomb = pack(Buffer.alloc(100_000, ' ')).toString('latin1')
    expect(() => codec.decode(bomb)).toThrow(
      expect.objectContaining({ code: 'ERR_PAYLOAD', reason: 'tooLarge' }),
    )
  })

  test('compresses by what it is given', () => {
    const compressor: RedisCompressor = {
      minLength: 3,
      compress: (bytes) => bytes.toReversed(),
      decompress(bytes, maxSize) {
        expect(maxSize).toBe(1000)
        return bytes.toReversed()
      },
    }
    const codec = codecOf({ serializer: 'json', compressor })
    expect(codec.encode('{}')).toBe('{}')
    expect(codec.encode('{"a":1}')).toBe('}1 :"a"{')
    expect(codec.decode('}1 :"a"{')).toBe('{"a": 1}')
  })

  test.each([
    [{ serializer: 'yaml' }, 'serializer'],
    [{ compressor: 'lzma' }, 'compressor'],
    [{ compressor: 'toString' }, 'compressor'],
  ])('refuses %j', (options, setting) => {
    expect(() => codecOf(options as RedisValueOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_IMPROPERLY_CONFIGURED', setting }),
    )
  })
})
