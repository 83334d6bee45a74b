/**
 * Writes pickles, protocol 5, as CPython's own pickler does: the same opcodes, memo and frames. Equal
 * strings are taken for one and the same, as they are once Python has read them from a pickle. A
 * pickle is a string here, of one character per byte.
 *
 * @module
 */
import { encodeDouble, encodeLong, littleEndian } from './pickle-integers.ts'
import type { Item, Node } from './pickle-nodes.ts'
import { malformedPickle } from './pickle-opcodes.ts'
import { encodeUtf8Pass } from './pickle-utf8.ts'
import { durationParts, isPythonKind, microsOf, readOffset, stateOf } from './pickle-values.ts'
import { quoteString } from './python-json.ts'

/**
 * Writes a pickle.
 *
 * @throws PayloadError `malformed` for what no pickle can hold.
 */
export function writePickle(item: Item): string {
  return new Pickler().dump(item)
}

// CPython's own numbers: `FRAME_SIZE_MIN`, `FRAME_SIZE_TARGET`, `BATCHSIZE`.
const smallestFrame = 4
const fullFrame = 64 * 1024
const batchSize = 1000

const words: Readonly<Record<string, string>> = { null: 'N', true: '\u0088', false: '\u0089' }
const integerForm = /^-?\d+$/

class Pickler {
  /** What is in frames already. */
  #done = '\u0080\u0005'
  #frame = ''
  /** Places in the memo, of strings by their JSON and of what is importable by its name. */
  readonly #places = new Map<string, number>()
  #memoSize = 0

  dump(item: Item): string {
    this.#save(item)
    this.#frame += '.'
    this.#endFrame()
    return this.#done
  }

  #endFrame(): void {
    const { length } = this.#frame
    if (length >= smallestFrame) this.#done += `\u0095${littleEndian(length, 8)}`
    this.#done += this.#frame
    this.#frame = ''
  }

  /** What is large stands in no frame. */
  #writeLong(header: string, bytes: string): void {
    if (bytes.length < fullFrame) {
      this.#frame += header + bytes
      return
    }
    this.#endFrame()
    this.#done += header + bytes
  }

  #memoize(): void {
    this.#frame += '\u0094'
    this.#memoSize++
  }

  #save(item: Item): void {
    if (this.#frame.length >= fullFrame) this.#endFrame()
    if (typeof item === 'string') return this.#saveScalar(item)
    switch (item.kind) {
      case 'list':
        return this.#saveList(item)
      case 'dict':
        return this.#saveDict(item)
      case 'tuple':
        return this.#saveTuple(item.items)
      case 'set':
        return this.#saveSet(item)
      case 'frozenset':
        return this.#saveMany(item.items, '\u0091')
      case 'bytes':
        return this.#saveBytes(item.text)
      case 'value':
        return this.#saveValue(item)
      default:
        throw malformedPickle(`it cannot hold a ${item.kind}`)
    }
  }

  #saveScalar(source: string): void {
    const word = words[source]
    if (source.startsWith('"')) this.#saveString(source)
    else if (word !== undefined) this.#frame += word
    else if (integerForm.test(source)) this.#saveInteger(source)
    else this.#saveFloat(source)
  }

  /** A number that Python's JSON has; anything else is no number. */
  #saveFloat(source: string): void {
    const value = Number(source)
    if (Number.isNaN(value) && source !== 'NaN') throw malformedPickle('a number is none')
    this.#frame += `G${encodeDouble(value)}`
  }

  #saveInteger(digits: string): void {
    const value = Number(digits)
    if (value >= 0 && value < 0x100) this.#frame += `K${littleEndian(value, 1)}`
    else if (value >= 0 && value < 0x10000) this.#frame += `M${littleEndian(value, 2)}`
    else if (value >= -0x80000000 && value < 0x80000000) {
      this.#frame += `J${littleEndian(value < 0 ? value + 2 ** 32 : value, 4)}`
    } else this.#saveLong(encodeLong(BigInt(digits)))
  }

  #saveLong(bytes: string): void {
    const { length } = bytes
    const header = length < 0x100 ? littleEndian(length, 1) : littleEndian(length, 4)
    this.#frame += `${length < 0x100 ? '\u008a' : '\u008b'}${header}${bytes}`
  }

  /** Writes where a thing stands in the memo; answers whether it does. */
  #recall(name: string): boolean {
    const place = this.#places.get(name)
    if (place === undefined) return false
    this.#frame += place < 0x100 ? `h${littleEndian(place, 1)}` : `j${littleEndian(place, 4)}`
    return true
  }

  #memoizeAs(name: string): void {
    this.#places.set(name, this.#memoSize)
    this.#memoize()
  }

  /** @param name - Under which it is in the memo. */
  #saveString(source: string, name: string = source): void {
    if (this.#recall(name)) return
    const bytes = encodeUtf8Pass(unquote(source))
    const { length } = bytes
    if (length < 0x100) this.#frame += `\u008c${littleEndian(length, 1)}${bytes}`
    else this.#writeLong(`X${littleEndian(length, 4)}`, bytes)
    this.#memoizeAs(name)
  }

  #saveBytes(bytes: string): void {
    const { length } = bytes
    if (length < 0x100) this.#frame += `C${littleEndian(length, 1)}${bytes}`
    else this.#writeLong(`B${littleEndian(length, 4)}`, bytes)
    this.#memoize()
  }

  #saveAll(items: readonly Item[]): void {
    for (const item of items) this.#save(item)
  }

  #saveList({ items }: Node): void {
    this.#frame += ']'
    this.#memoize()
    if (items.length === 1) {
      this.#saveAll(items)
      this.#frame += 'a'
      return
    }
    for (let at = 0; at < items.length; at += batchSize) {
      this.#saveBatch(items.slice(at, at + batchSize), 'e')
    }
  }

  #saveDict({ items }: Node): void {
    this.#frame += '}'
    this.#memoize()
    if (items.length === 2) {
      this.#saveAll(items)
      this.#frame += 's'
      return
    }
    this.#saveBatches(items, batchSize * 2, 'u')
  }

  #saveSet({ items }: Node): void {
    this.#frame += '\u008f'
    this.#memoize()
    this.#saveBatches(items, batchSize, '\u0090')
  }

  /** After a full batch there is another one, though it may be empty. */
  #saveBatches(items: readonly Item[], size: number, opcode: string): void {
    if (items.length === 0) return
    for (let at = 0; at <= items.length; at += size) {
      this.#saveBatch(items.slice(at, at + size), opcode)
    }
  }

  #saveBatch(items: readonly Item[], opcode: string): void {
    this.#frame += '('
    this.#saveAll(items)
    this.#frame += opcode
  }

  #saveTuple(items: readonly Item[]): void {
    const { length } = items
    if (length > 3) return this.#saveMany(items, 't')
    this.#saveAll(items)
    this.#frame += length === 0 ? ')' : String.fromCharCode(0x84 + length)
    if (length > 0) this.#memoize()
  }

  #saveMany(items: readonly Item[], opcode: string): void {
    this.#saveBatch(items, opcode)
    this.#memoize()
  }

  #saveGlobal(module: string, name: string): void {
    const path = `${module}.${name}`
    if (this.#recall(path)) return
    // A class is called like its module, by another string.
    this.#saveString(`"${module}"`, `module ${module}`)
    this.#saveString(`"${name}"`, `name ${name}`)
    this.#frame += '\u0093'
    this.#memoizeAs(path)
  }

  /** Something to call, its arguments, and the opcode that calls it. */
  #saveCall(module: string, name: string, saveArguments: () => void, opcode = 'R'): void {
    this.#saveGlobal(module, name)
    saveArguments()
    this.#frame += opcode
    this.#memoize()
  }

  #saveValue({ type, text }: Node): void {
    if (!isPythonKind(type)) throw malformedPickle(`it cannot hold a ${type}`)
    switch (type) {
      case 'datetime':
      case 'date':
      case 'time':
        return this.#saveMoment(type, text)
      case 'timedelta':
        return this.#saveDuration(microsOf(text))
      case 'decimal':
        return this.#saveCall('decimal', 'Decimal', () => this.#saveTuple([quoteString(text)]))
      case 'uuid':
        return this.#saveUuid(text)
      case 'safestring':
        return this.#saveCall(
          'django.utils.safestring',
          'SafeString',
          () => this.#saveTuple([quoteString(text)]),
          '\u0081',
        )
    }
  }

  #saveMoment(type: 'date' | 'time' | 'datetime', text: string): void {
    const { bytes, zone } = stateOf(type, text)
    this.#saveCall('datetime', type, () => {
      this.#saveBytes(bytes)
      if (zone !== null) this.#saveZone(zone)
      this.#frame += zone === null ? '\u0085' : '\u0086'
      this.#memoize()
    })
  }

  #saveZone(zone: string): void {
    const offset = readOffset(zone)
    if (offset === null) {
      return this.#saveCall('zoneinfo', 'ZoneInfo._unpickle', () =>
        this.#saveTuple([`"${zone.slice(1, -1)}"`, 'true']),
      )
    }
    const { micros, name } = offset
    this.#saveCall('datetime', 'timezone', () => {
      this.#saveDuration(micros)
      if (name !== null) this.#saveString(quoteString(name))
      this.#frame += name === null ? '\u0085' : '\u0086'
      this.#memoize()
    })
  }

  #saveDuration(micros: bigint): void {
    const parts = durationParts(micros).map(String)
    this.#saveCall('datetime', 'timedelta', () => this.#saveTuple(parts))
  }

  #saveUuid(text: string): void {
    this.#saveCall('uuid', 'UUID', () => this.#saveTuple([]), '\u0081')
    this.#frame += '}'
    this.#memoize()
    this.#saveString('"int"')
    this.#saveInteger(BigInt(`0x${text.replaceAll('-', '')}`).toString())
    this.#frame += 'sb'
  }
}

function unquote(source: string): string {
  return source.includes('\\') ? (JSON.parse(source) as string) : source.slice(1, -1)
}
