/**
 * Session data of every kind, as Python has it and as JavaScript has it.
 *
 * @module
 */

/** The same data on both sides. */
export interface ValueCase {
  readonly name: string
  /** In the words of Python's `json.dumps`. */
  readonly python: string
  readonly js: Readonly<Record<string, unknown>>
  /**
   * What Python has after JavaScript wrote it: whole floats below 2^53 are integers. Default: the
   * same.
   */
  readonly fromJs?: string
}

const long = 'lorem ipsum dolor '.repeat(400)

/** All kinds. */
export const valueCases: readonly ValueCase[] = [
  { name: 'nothing', python: '{}', js: {} },
  {
    name: 'plain values',
    python: '{"a": "text", "b": 1, "c": true, "d": false, "e": null, "f": [], "g": {}, "": ""}',
    js: { a: 'text', b: 1, c: true, d: false, e: null, f: [], g: {}, '': '' },
  },
  {
    name: 'floats',
    python: '{"a": 0.1, "b": -0.0, "c": 1e-07, "d": 5e-324, "e": 123456.789}',
    js: { a: 0.1, b: -0, c: 1e-7, d: 5e-324, e: 123456.789 },
  },
  {
    name: 'whole floats',
    python: '{"a": 1.0, "b": [2.0, -3.0], "c": 1e+16, "d": 1.5e+300}',
    js: { a: 1, b: [2, -3], c: 1e16, d: 1.5e300 },
    fromJs: '{"a": 1, "b": [2, -3], "c": 1e+16, "d": 1.5e+300}',
  },
  {
    name: 'big integers',
    python: '{"a": 9007199254740991, "b": 9007199254740993, "c": -123456789012345678901234567890}',
    js: { a: 9007199254740991, b: 9007199254740993n, c: -123456789012345678901234567890n },
  },
  {
    name: 'no numbers',
    python: '{"a": NaN, "b": Infinity, "c": [-Infinity]}',
    js: { a: Number.NaN, b: Number.POSITIVE_INFINITY, c: [Number.NEGATIVE_INFINITY] },
  },
  {
    name: 'unicode',
    python: String.raw`{"Za\u017c\u00f3\u0142\u0107": "\ud83d\udc22\u2028\u007f\u0080\uffff", "\n": "\\\"/\t\b\f\r\u0001"}`,
    js: { Zażółć: '🐢\u2028\u007f\u0080\uffff', '\n': '\\"/\t\b\f\r\u0001' },
  },
  { name: 'NUL', python: String.raw`{"a\u0000b": "\u0000"}`, js: { 'a\0b': '\0' } },
  {
    name: 'lone surrogates',
    python: String.raw`{"\udc22": "\ud83d", "a": ["\udc22\ud83d"]}`,
    js: { '\udc22': '\ud83d', a: ['\udc22\ud83d'] },
  },
  {
    name: 'nested',
    python: '{"cart": {"lines": [{"sku": "tea", "n": [1, [2, [3, {"deep": null}]]]}]}}',
    js: { cart: { lines: [{ sku: 'tea', n: [1, [2, [3, { deep: null }]]] }] } },
  },
  {
    name: '__proto__',
    python: '{"__proto__": {"a": 1}, "constructor": "x", "b": {"__proto__": [], "toString": 1}}',
    js: JSON.parse(
      '{"__proto__": {"a": 1}, "constructor": "x", "b": {"__proto__": [], "toString": 1}}',
    ) as Record<string, unknown>,
  },
  { name: 'long, so compressed', python: `{"text": "${long}"}`, js: { text: long } },
  {
    name: 'random, so not compressed',
    python: '{"a": "qZ8vK2pX"}',
    js: { a: 'qZ8vK2pX' },
  },
]

/** Data whose order of keys JavaScript cannot hold; what it does not change must keep it. */
export const orderCases: readonly string[] = [
  '{"b": 1, "10": 2, "a": 3, "2": 4}',
  '{"x": {"10": 1, "9": {"1": 1, "0": 0}}, "0": 0}',
]
