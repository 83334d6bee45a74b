import { describe, expect, test } from 'vitest'

import { leastCost, mostHeap, mostMs } from '../../../test/fixtures/cost.ts'
import { PayloadError } from '../../errors.ts'
import type { Codec } from '../codec.ts'
import { defaultLimits } from '../limits.ts'
import { type PickleOptions, pickleCodec } from './pickle.ts'

const MiB = 1024 * 1024
const make = (options: PickleOptions = {}): Codec =>
  pickleCodec({ limits: defaultLimits, ...options })

/** Why a payload is refused. */
function refusal(payload: string, codec: Codec = make()): PayloadError {
  try {
    const text = codec.decode(payload)
    codec.format.parse(text)
  } catch (error) {
    if (error instanceof PayloadError) return error
    throw error
  }
  throw new Error('This was read.')
}

/** A dict with one member, which these opcodes make. */
const holding = (opcodes: string): string => `\u0080\u0004}\u008c\u0001a${opcodes}s.`
const text = (value: string): string => `\u008c${String.fromCharCode(value.length)}${value}`
const longText = (size: number): string => {
  const bytes = [size & 255, (size >> 8) & 255, (size >> 16) & 255, (size >> 24) & 255]
  return `X${String.fromCharCode(...bytes)}${'x'.repeat(size)}`
}

/** What runs code where Python reads it, and what names it. */
const calls: Readonly<Record<string, readonly [payload: string, named: string]>> = {
  'os.system, protocol 0': [`(dVa\ncposix\nsystem\n(Vid\ntRs.`, 'posix.system'],
  'os.system, protocol 2': [holding('cos\nsystem\nX\u0002\0\0\0id\u0085R'), 'os.system'],
  'os.system, protocol 4': [holding(`${text('os')}${text('system')}\u0093)R`), 'os.system'],
  'os.system before the dict': [`cos\nsystem\n(Vid\ntR0(d.`, 'os.system'],
  'builtins.eval': [holding('cbuiltins\neval\n(V1\ntR'), 'builtins.eval'],
  'builtins.getattr of anything': [holding('cbuiltins\ngetattr\n(V1\nV__class__\ntR'), 'getattr'],
  '__builtin__.exec': [holding('c__builtin__\nexec\n(V1\ntR'), '__builtin__.exec'],
  'subprocess.Popen by NEWOBJ': [holding('csubprocess\nPopen\n)\u0081'), 'subprocess.Popen'],
  'a class by INST': [holding('(ios\nsystem\n'), 'the opcode INST'],
  'a class by OBJ': [holding('(K\u0001o'), 'the opcode OBJ'],
  'a class by NEWOBJ_EX': [holding('))}\u0092'), 'the opcode NEWOBJ_EX'],
  'an extension by one byte': [holding('\u0082\u0001'), 'the opcode EXT1'],
  'an extension by two': [holding('\u0083\u0001\0'), 'the opcode EXT2'],
  'an extension by four': [holding('\u0084\u0001\0\0\0'), 'the opcode EXT4'],
  'a persistent id': [holding('Pid\n'), 'the opcode PERSID'],
  'a persistent id off the stack': [holding('K\u0001Q'), 'the opcode BINPERSID'],
  'a call of a string': [holding(`${text('os.system')})R`), 'a call of a value'],
  'state for a dict': [holding('}}b'), 'the opcode BUILD'],
  'a name that is kept, not called': [holding('c__builtin__\nset\n'), '__builtin__.set'],
  'a name as a key': [`\u0080\u0004}c__builtin__\nset\nNs.`, '__builtin__.set'],
  'a name with a line break in it': [
    holding(`${text('os\n')}${text('system')}\u0093`),
    'a name that cannot be told',
  ],
  'a dict of another kind': [holding('ccollections\nOrderedDict\n)R'), 'collections.OrderedDict'],
  'a lazy text': [holding('cdjango.utils.functional\n_lazy_proxy_unpickle\n)R'), '_lazy_proxy'],
  'a bytearray': [holding('\u0096\u0001\0\0\0\0\0\0\0a'), 'the opcode BYTEARRAY8'],
  'text of Python 2': [holding('U\u0001a'), 'the opcode SHORT_BINSTRING'],
  'bytes of another encoding': [holding('c_codecs\nencode\n(Va\nVrot13\ntR'), '_codecs.encode'],
}

describe.each(Object.entries(calls))('a pickle of %s', (_name, [payload, named]) => {
  test.each([[[]], ['python']] as const)('is refused by its name, with the values %j', (values) => {
    const { reason, message } = refusal(payload, make({ values }))
    expect(reason).toBe('unsafePickle')
    expect(message).toContain(named)
  })
})

test.each([
  ['datetime', 'cdatetime\ndatetime\n'],
  ['date', 'cdatetime\ndate\n'],
  ['time', 'cdatetime\ntime\n'],
  ['timedelta', 'cdatetime\ntimedelta\n'],
  ['datetime', 'cdatetime\ntimezone\n'],
  ['datetime', 'czoneinfo\nZoneInfo\n'],
  ['decimal', 'cdecimal\nDecimal\n'],
  ['uuid', 'cuuid\nUUID\n'],
  ['safestring', 'cdjango.utils.safestring\nSafeString\n'],
])('a %s that is not turned on is refused, and the message says how to', (kind, opcodes) => {
  const { reason, message } = refusal(holding(`${opcodes})R`))
  expect(reason).toBe('unsafePickle')
  expect(message).toContain(`values: ['${kind}']`)
})

const recall = (index: number): string =>
  `j${String.fromCharCode(index & 255, (index >> 8) & 255, (index >> 16) & 255, 0)}`

/** Lists, each ten times in the next. */
const laughs = (levels: number): string => {
  const lists = Array.from({ length: levels }, (_, at) => `](${recall(at).repeat(10)}e\u0094`)
  return holding(`(](${text('lol').repeat(10)}e\u0094${lists.join('')}t`)
}

/** Lists, each in the one before, which is made first. */
const fromWithout = (levels: number): string => {
  const lists = Array.from({ length: levels }, (_, at) => `${recall(at)}]\u0094a`)
  return holding(`(]\u0094${lists.join('')}t`)
}

/** Pickles that would take much, and why they are refused. */
const large: Readonly<Record<string, readonly [payload: string, reason: string]>> = {
  'nested 100,000 lists deep': [holding(`${']'.repeat(100_000)}${'a'.repeat(99_999)}`), 'tooLarge'],
  'nested 90,000 lists deep': [holding(`${']'.repeat(90_000)}${'a'.repeat(89_999)}`), 'tooDeep'],
  'nested 40,000 lists deep, from without': [fromWithout(40_000), 'tooDeep'],
  'nested 100,000 tuples deep': [holding(`)${'\u0085'.repeat(100_000)}`), 'tooDeep'],
  'nested 100,000 marks deep': [holding(`${'('.repeat(100_000)}${'t'.repeat(100_000)}`), 'tooDeep'],
  'nested 100,000 dicts deep': [
    holding(`${'}K\u0001'.repeat(100_000)}N${'s'.repeat(100_000)}`),
    'tooLarge',
  ],
  'nested 40,000 dicts deep': [
    holding(`${'}K\u0001'.repeat(40_000)}N${'s'.repeat(40_000)}`),
    'tooDeep',
  ],
  'that is a list which holds itself': [holding(']\u0094h\0a'), 'unsafePickle'],
  'that is a dict which holds itself': [`\u0080\u0004}\u0094\u008c\u0001ah\0s.`, 'unsafePickle'],
  'of a billion laughs': [laughs(8), 'tooLarge'],
  'of a string that is there 10,000 times': [
    holding(`](${longText(100_000)}\u0094${'h\0'.repeat(10_000)}e`),
    'tooLarge',
  ],
  'that claims text of 2 GB': [holding('X\0\0\0\u0080abc'), 'malformed'],
  'that claims text of 2 GB by eight bytes': [
    holding('\u008d\0\0\0\u0080\0\0\0\0abc'),
    'malformed',
  ],
  'that claims bytes of 2 GB': [holding('B\0\0\0\u0080abc'), 'malformed'],
  'that claims an integer of 2 GB': [holding('\u008b\0\0\0\u0080abc'), 'malformed'],
  'that claims a frame of 2 GB': ['\u0080\u0004\u0095\0\0\0\u0080\0\0\0\0}.', 'malformed'],
  'that claims more than there are bytes in the world': [
    holding(`\u008d${'\u00ff'.repeat(8)}abc`),
    'malformed',
  ],
  'with a memo of two billion': [holding('Nr\0\0\0\u0080'), 'malformed'],
  'of 1 MiB of None': [`\u0080\u0004${'N'.repeat(MiB - 10)}.`, 'tooLarge'],
  'of 1 MiB of empty lists': [`\u0080\u0004${']'.repeat(MiB - 10)}.`, 'tooLarge'],
  'of 1 MiB of memos': [`\u0080\u0004}${'\u0094'.repeat(MiB - 10)}`, 'malformed'],
  'of 1 MiB of marks and tuples': [`\u0080\u0004${'(t'.repeat(MiB / 2 - 10)}.`, 'tooLarge'],
  'of 1 MiB of digits': [holding(`I${'1'.repeat(MiB - 20)}\n`), 'tooLarge'],
  'of 1 MiB of a float': [holding(`F${'1'.repeat(MiB - 20)}x\n`), 'malformed'],
  'of 1 MiB without a line end': [holding(`V${'1'.repeat(MiB - 20)}`), 'malformed'],
  'of integers of 4,000 digits': [
    `\u0080\u0004](${`\u008b\u0080\u0006\0\0${'\u0077'.repeat(1664)}`.repeat(600)}e.`,
    'tooLarge',
  ],
  'of sets of a list, again and again': [
    holding(
      `](${'N'.repeat(50_000)}e\u0094c__builtin__\nset\n\u0094${'h\u0001h\0\u0085R'.repeat(50_000)}`,
    ),
    'tooLarge',
  ],
  'of bytes of a long text, again and again': [
    holding(
      `c_codecs\nencode\n\u0094${longText(400_000)}\u0094${text('latin1')}\u0094${'h\0h\u0001h\u0002\u0086R'.repeat(80_000)}`,
    ),
    'tooLarge',
  ],
  'of a large tuple as a key, again and again': [
    holding(`(${'N'.repeat(40_000)}t\u0094}${'h\0Ns'.repeat(50_000)}`),
    'tooLarge',
  ],
  'of more than 1 MiB': [holding(longText(MiB)), 'tooLarge'],
}

describe.each(Object.entries(large))('a pickle %s', (_name, [payload, reason]) => {
  test(`is refused: ${reason}`, () => {
    expect(refusal(payload, make({ values: 'python' })).reason).toBe(reason)
  })

  test('costs at most 20 ms and 32 MiB', async () => {
    const { ms, heap } = await leastCost(make, (codec) => refusal(payload, codec))
    expect(ms).toBeLessThanOrEqual(mostMs)
    expect(heap).toBeLessThanOrEqual(mostHeap)
  })
})

/** Pickles just within the bounds: these are read. */
const within: Readonly<Record<string, string>> = {
  'of a string of 1 MiB': holding(longText(MiB - 20)),
  'of bytes of 1 MiB': holding(`B\0\0\u000f\0${'\u00ff'.repeat(0xf0000)}`),
  'of bytes of 500 kB, protocol 2': holding(
    `c_codecs\nencode\n${longText(500_000)}${text('latin1')}\u0086R`,
  ),
  'of 99,000 zeros': holding(`](${'K\0'.repeat(49_500)}e`),
  'nested 499 lists deep': holding(`${']'.repeat(499)}${'a'.repeat(498)}`),
  'of 16,000 strings': holding(`](${text('string').repeat(16_000)}e`),
}

describe.each(Object.entries(within))('a pickle %s', (_name, payload) => {
  test('is read, and costs at most 20 ms and 32 MiB', async () => {
    const read = (codec: Codec): unknown => codec.format.parse(codec.decode(payload))
    expect(read(make())).toHaveProperty('a')
    const { ms, heap } = await leastCost(make, read)
    expect(ms).toBeLessThanOrEqual(mostMs)
    expect(heap).toBeLessThanOrEqual(mostHeap)
  })
})

test.each([
  ['nothing', ''],
  ['JSON', '{"a":1}'],
  ['ASCII digits', '42'],
  ['a protocol of the future', '\u0080\u0006}.'],
  ['an end without a value', '.'],
  ['a dict without an end', '\u0080\u0004}'],
  ['a key without a value', '\u0080\u0004}(K\u0001u.'],
  ['a list as a key', '\u0080\u0004}]Ns.'],
  ['a value below a mark', '\u0080\u0004}(\u008c\u0001aNs.'],
  ['items without a mark', '\u0080\u0004}NNu.'],
  ['a memo that has no such entry', '\u0080\u0004}\u008c\u0001ah\u0005s.'],
  ['text that is no UTF-8', holding('\u008c\u0001\u00ff')],
  ['text cut inside a character', holding('\u008c\u0002\u00e4\u00b8')],
  ['an overlong character', holding('\u008c\u0002\u00c0\u0080')],
  ['a character past the last', holding('\u008c\u0004\u00f4\u0090\u0080\u0080')],
  ['digits that are none', holding('I1x\n')],
  ['an escape of no character', holding('V\\U00110000\n')],
  ['half an escape', holding('V\\u12\n')],
])('%s is malformed', (_name, payload) => {
  expect(refusal(payload).reason).toBe('malformed')
})

test.each(['K\u0005.', 'N.', '].', ').', '\u008f.', `${text('a')}.`])(
  'a pickle that is no dict is no session: %j',
  (payload) => {
    expect(refusal(payload).reason).toBe('notAnObject')
  },
)
