/**
 * What of Python's names a pickle may call, and what comes of it. Nothing is called: each of them is
 * a rule here, which makes a value's text of its arguments.
 *
 * @module
 */
import { unsafePickle } from './pickle-opcodes.ts'
import { containerOf, type ContainerKind, type Item, Node } from './pickle-nodes.ts'
import {
  durationText,
  isValue,
  microsOf,
  momentText,
  offsetText,
  type PythonKind,
} from './pickle-values.ts'

/** Makes a value of arguments; null where Python would not have pickled it so. */
type Rule = (args: readonly Item[]) => Item | null

interface Global {
  readonly make: Rule
  /** The kind of value that must be turned on; null where it is always read. */
  readonly kind: PythonKind | 'zone' | null
}

const always = (make: Rule): Global => ({ make, kind: null })

/** Rules by the module and name of what is called. Python 2's names are those of protocols 0 to 2. */
const globals: ReadonlyMap<string, Global> = new Map(
  Object.entries({
    '_codecs.encode': always(encodedBytes),
    '__builtin__.bytes': always((args) => (args.length === 0 ? new Node('bytes') : null)),
    '__builtin__.set': always((args) => collection('set', args)),
    'builtins.set': always((args) => collection('set', args)),
    '__builtin__.frozenset': always((args) => collection('frozenset', args)),
    'builtins.frozenset': always((args) => collection('frozenset', args)),
    'datetime.datetime': { make: (args) => moment('datetime', args), kind: 'datetime' },
    'datetime.date': { make: (args) => moment('date', args), kind: 'date' },
    'datetime.time': { make: (args) => moment('time', args), kind: 'time' },
    'datetime.timedelta': { make: duration, kind: 'timedelta' },
    'datetime.timezone': { make: offset, kind: 'zone' },
    'zoneinfo.ZoneInfo': { make: () => null, kind: 'zone' },
    'zoneinfo.ZoneInfo._unpickle': { make: namedZone, kind: 'zone' },
    'decimal.Decimal': { make: (args) => textValue('decimal', args), kind: 'decimal' },
    'uuid.UUID': { make: unfilled, kind: 'uuid' },
    'django.utils.safestring.SafeString': { make: safeString, kind: 'safestring' },
    'django.utils.safestring.SafeText': { make: safeString, kind: 'safestring' },
    // How protocols 0 and 1 make an object, and those before 4 name a method.
    'copy_reg._reconstructor': { make: reconstructed, kind: 'uuid' },
    'copyreg._reconstructor': { make: reconstructed, kind: 'uuid' },
    '__builtin__.object': { make: () => null, kind: 'uuid' },
    'builtins.object': { make: () => null, kind: 'uuid' },
    '__builtin__.getattr': { make: method, kind: 'zone' },
    'builtins.getattr': { make: method, kind: 'zone' },
  } satisfies Record<string, Global>),
)

const advice = (kind: PythonKind): string => ` Turn it on: values: ['${kind}'].`

/** What may be seen of a name in a message: it comes out of the payload. */
const tellable = /^[\w.<>]{1,100}$/

/**
 * Something importable.
 *
 * @throws PayloadError `unsafePickle` where nothing is known of it, or it is not turned on.
 */
export function globalNamed(
  module: string,
  name: string,
  isOn: (kind: PythonKind) => boolean,
): Node {
  const path = `${module}.${name}`
  const global = globals.get(path)
  if (!global) throw unsafePickle(tellable.test(path) ? path : 'a name that cannot be told')
  const { kind } = global
  if (kind === 'zone' && !isOn('datetime') && !isOn('time')) {
    throw unsafePickle(path, advice('datetime'))
  }
  // A moment's zone is a length of time from UTC.
  const isNeeded = kind === 'timedelta' && (isOn('datetime') || isOn('time'))
  if (kind !== null && kind !== 'zone' && !isOn(kind) && !isNeeded) {
    throw unsafePickle(path, advice(kind))
  }
  return new Node('global', path)
}

/**
 * What comes of calling something with arguments.
 *
 * @throws PayloadError `unsafePickle` for arguments with which Python does not pickle it.
 */
export function callGlobal(callable: Item, args: Item): Item {
  if (typeof callable === 'string' || callable.kind !== 'global') {
    throw unsafePickle('a call of a value')
  }
  const isTuple = typeof args !== 'string' && args.kind === 'tuple'
  const made = isTuple ? globals.get(callable.text)?.make(args.items) : null
  if (made === null || made === undefined) throw unsafePickle(`an unusual ${callable.text}`)
  return made
}

/** Gives a UUID its state, `{'int': number}`. */
export function fillState(node: Item, state: Item): void {
  if (typeof node === 'string' || typeof state === 'string' || node.kind !== 'unfilled') {
    throw unsafePickle('the opcode BUILD')
  }
  const { kind, items } = state
  // Where the platform made it, it says so under 'is_safe': that is no part of its value.
  const number = items[0] === '"int"' ? items[1] : undefined
  if (kind !== 'dict' || typeof number !== 'string' || !/^\d{1,39}$/.test(number)) {
    throw unsafePickle('an unusual uuid.UUID')
  }
  const hex = BigInt(number).toString(16).padStart(32, '0')
  if (hex.length > 32) throw unsafePickle('an unusual uuid.UUID')
  node.kind = 'value'
  node.type = 'uuid'
  node.text = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** The text of a string's JSON; null for anything else. */
function stringOf(item: Item | undefined): string | null {
  return typeof item === 'string' && item.startsWith('"') ? (JSON.parse(item) as string) : null
}

function integerOf(item: Item | undefined): bigint | null {
  return typeof item === 'string' && /^-?\d{1,20}$/.test(item) ? BigInt(item) : null
}

function isGlobal(item: Item | undefined, path: RegExp): boolean {
  return typeof item === 'object' && item.kind === 'global' && path.test(item.text)
}

/** `_codecs.encode(text, 'latin1')`: how protocols 0 to 2 write bytes. */
function encodedBytes([text, encoding, ...more]: readonly Item[]): Item | null {
  const bytes = stringOf(text)
  if (bytes === null || stringOf(encoding) !== 'latin1' || more.length > 0) return null
  return /^[\0-\u00ff]*$/.test(bytes) ? new Node('bytes', bytes) : null
}

function collection(kind: ContainerKind, [list, ...more]: readonly Item[]): Item | null {
  if (typeof list !== 'object' || list.kind !== 'list' || more.length > 0) return null
  return containerOf(kind, [...list.items])
}

function textValue(kind: PythonKind, [text, ...more]: readonly Item[]): Item | null {
  const value = stringOf(text)
  if (value === null || more.length > 0 || !isValue(kind, value)) return null
  return new Node('value', value, kind)
}

function safeString(args: readonly Item[]): Item | null {
  return textValue('safestring', args)
}

function moment(
  kind: 'datetime' | 'date' | 'time',
  [state, at, ...more]: readonly Item[],
): Item | null {
  if (typeof state !== 'object' || state.kind !== 'bytes' || more.length > 0) return null
  if (at !== undefined && (typeof at === 'string' || at.kind !== 'zone')) return null
  if (at !== undefined && kind === 'date') return null
  const text = momentText(kind, { bytes: state.text, zone: at?.text ?? null })
  return text === null ? null : new Node('value', text, kind)
}

function duration(args: readonly Item[]): Item | null {
  const [days, seconds, micros] = args.map(integerOf)
  if (args.length !== 3 || days === null || seconds === null || micros === null) return null
  const text = durationText(days ?? 0n, seconds ?? 0n, micros ?? 0n)
  return text === null ? null : new Node('value', text, 'timedelta')
}

/** `timezone(timedelta)`, or with a name. */
function offset([length, name, ...more]: readonly Item[]): Item | null {
  if (typeof length !== 'object' || length.type !== 'timedelta' || more.length > 0) return null
  const text = offsetText(microsOf(length.text))
  const called = name === undefined ? '' : stringOf(name)
  if (text === null || called === null || /[()]/.test(called)) return null
  return new Node('zone', name === undefined ? text : `${text}(${called})`)
}

/** `ZoneInfo._unpickle(key, True)`: true where it came from Python's cache of zones. */
function namedZone([key, isCached, ...more]: readonly Item[]): Item | null {
  const name = stringOf(key)
  const isUsual = isCached === 'true' || isCached === '1'
  if (name === null || !isUsual || more.length > 0 || !/^[\w+./-]+$/.test(name)) return null
  return new Node('zone', `[${name}]`)
}

/** `getattr(ZoneInfo, '_unpickle')`. */
function method([owner, name, ...more]: readonly Item[]): Item | null {
  if (!isGlobal(owner, /^zoneinfo\.ZoneInfo$/) || more.length > 0) return null
  return stringOf(name) === '_unpickle' ? new Node('global', 'zoneinfo.ZoneInfo._unpickle') : null
}

function unfilled(args: readonly Item[]): Item | null {
  return args.length === 0 ? new Node('unfilled') : null
}

/** `_reconstructor(UUID, object, None)`. */
function reconstructed([type, base, state, ...more]: readonly Item[]): Item | null {
  const isUsual = isGlobal(type, /^uuid\.UUID$/) && isGlobal(base, /\.object$/)
  return isUsual && state === 'null' && more.length === 0 ? new Node('unfilled') : null
}
